"""Indicators for tests: registered for one test, measured when it says so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from guanlan.risk.measuring import ensure_indicators
from guanlan.risk.models import Indicator
from guanlan.risk.registry import INDICATORS, Measured, Span, Spec
from guanlan.risk.states import Limits
from tests.risk import governance_rows, register_rows

NOW = dt.datetime(2026, 11, 27, 9, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def limits(**said: Any) -> Limits:
    return Limits(**{"direction": "higher", "amber": 10.0, "red": 20.0, **said})


def spec(name: str, work: Callable[[Span], Any], **said: Any) -> Spec:
    whole: dict[str, Any] = {
        "name": name, "title": f"Title of {name}", "what": "Counted.", "unit": "count",
        "category": "operations", "window": 60 * MINUTE, "every": MINUTE,
        "limits": limits(), "reason": "Because.", "work": work,
        "drill": lambda span: "/alerts?q=live:yes",
    }  # fmt: skip
    return Spec(**whole | said)


class Dial:
    """An indicator whose value a test turns."""

    def __init__(self, value: Any = 0.0, volume: int = 1) -> None:
        self.value, self.volume = value, volume
        self.asked: list[Span] = []

    def __call__(self, span: Span) -> Any:
        self.asked.append(span)
        if isinstance(self.value, Exception):
            raise self.value
        return Measured(self.value, self.volume)


def only(monkeypatch: pytest.MonkeyPatch, *specs: Spec) -> None:
    """Let these be all the indicators there are."""
    for name in list(INDICATORS):
        monkeypatch.delitem(INDICATORS, name)
    Indicator.objects.all().delete()
    for one in specs:
        monkeypatch.setitem(INDICATORS, one.name, one)
    ensure_indicators(NOW - 60 * MINUTE)


def row(name: str = "test.dial") -> Indicator:
    return Indicator.objects.get(name=name)


def seed(many: int) -> None:
    """Some rows more than are registered."""
    Indicator.objects.bulk_create(
        Indicator(name=f"seed.number_{n}", category="fraud", unit="count", due=NOW)
        for n in range(many)
    )
    governance_rows.seed(many)
    register_rows.seed(many)  # last: on its risk, the newest, stands what may not be deleted

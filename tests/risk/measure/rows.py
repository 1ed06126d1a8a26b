"""Measures for tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from guanlan.core.access import SYSTEM
from guanlan.core.models import User
from guanlan.risk.measure.duties import first_duty
from guanlan.risk.measure.keeping import Said
from guanlan.risk.models import (
    Measure,
    MeasureDuty,
    MeasureEffect,
    MeasureStep,
    Risk,
    Target,
)
from tests.people import person

NOW = dt.datetime(2026, 11, 27, 9, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
BY = SYSTEM


def owner() -> User:
    return User.objects.filter(username="a-owner").first() or person("operations", "a-owner")


def said(**values: Any) -> Said:
    whole: dict[str, Any] = {
        "title": "Accesses are reviewed", "purpose": "Nobody keeps what they need no more.",
        "category": "security", "acts": "preventive", "layer": "prevention", "every_days": 30,
    }  # fmt: skip
    if "owner" not in values:
        whole["owner"] = owner()
    return Said(**whole | values)


def risk(n: int = 1, **values: Any) -> Risk:
    whole: dict[str, Any] = {
        "code": f"R-{n:03d}", "title": f"Risk {n}", "category": "security", "cause": "c",
        "event": "e", "consequence": "q", "state": "open",
    }  # fmt: skip
    return Risk.objects.create(**whole | values)


def measure(n: int = 1, on: Risk | None = None, design: float = 0.5, **values: Any) -> Measure:
    """A measure in force with a step and an effect, without the services."""
    whole: dict[str, Any] = {
        "code": f"M-{n:03d}", "title": f"Measure {n}", "purpose": "So that it is done.",
        "category": "security", "acts": "preventive", "layer": "prevention", "owner": owner(),
        "state": "in_force", "since": NOW, "every_days": 30, "created": NOW,
    }  # fmt: skip
    row = Measure.objects.create(**whole | values)
    MeasureStep.objects.create(measure=row, position=1, title="Look", responsible="operations")
    if on is not None:
        MeasureEffect.objects.create(
            measure=row, risk=on, version=1, design=design, coverage=1.0, reason="As measured.",
            created=NOW, effective=NOW,
        )  # fmt: skip
    if row.state == "in_force":
        first_duty(row, row.since or NOW)
    return row


def seed(many: int) -> None:
    """Some measures, each with a duty, and as many targets."""
    for n in range(many):
        row = measure(500 + n, since=timezone.now())
        MeasureDuty.objects.create(measure=row, due=NOW + n * DAY, owner=row.owner)
        Target.objects.create(
            code=f"T-{500 + n}", title=f"Target {n}", kind="zero", source="incidents", goal=0,
            baseline=NOW.date(), reason="As the board said.",
        )  # fmt: skip

"""Measures for tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from guanlan.core.access import SYSTEM
from guanlan.core.models import User
from guanlan.risk.measure.duties import first_duty
from guanlan.risk.measure.keeping import Said
from guanlan.risk.measure.terms import LAYERS
from guanlan.risk.models import (
    Measure,
    MeasureCost,
    MeasureDuty,
    MeasureEffect,
    MeasureStep,
    MeasureTest,
    Risk,
    Target,
    TargetVerdict,
)
from guanlan.risk.terms import CATEGORIES
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
    """Some measures and targets in varied states, duties done and to do. What may not be deleted
    while something stands on it stands on the newest measure and the newest target."""
    layers, states = [*LAYERS], ("planned", "retired", "in_force")
    rows = []
    for n in range(many):
        row = measure(
            500 + n, since=timezone.now(), state=states[n % 3], layer=layers[n % len(layers)],
            acts=Measure.Acts.values[n % 3], category=[*CATEGORIES][n % len(CATEGORIES)],
            deputy=owner() if n % 2 else None, every_days=30 if n % 4 else None,
        )  # fmt: skip
        done = NOW + n * DAY if n % 2 else None
        duty = MeasureDuty(measure=row, due=NOW + n * DAY, owner=row.owner, done=done)
        duty.done_by = row.owner if done else None
        duty.save()
        rows.append(row)
    newest = Target.objects.bulk_create(
        Target(
            code=f"T-{500 + n}", title=f"Target {n}", kind=Target.Kind.values[n % 3],
            source="incidents", goal=0.8, baseline=NOW.date(), reason="As the board said.",
            owner=owner() if n % 2 else None, active=n % 4 > 0,
        )
        for n in range(many)
    )[-1]  # fmt: skip
    for month in (1, 4, 7):
        TargetVerdict.objects.create(
            target=newest, quarter=dt.date(2026, month, 1), verdict="met", count=5, before=9,
            goal=0.8, formula=1, digest="0" * 64, at=NOW,
        )  # fmt: skip
    stand_on(rows[-1])


def stand_on(row: Measure) -> None:
    """Some of everything that a measure's page shows, on the newest risk."""
    now, on = timezone.now(), Risk.objects.order_by("pk").last() or risk(500)
    for n in range(1, 4):
        MeasureEffect.objects.create(
            measure=row, risk=on, version=n, design=0.5, coverage=1.0, reason="As measured.",
            created=now, effective=now, created_by=row.owner,
        )  # fmt: skip
        MeasureTest.objects.create(
            measure=row, at=now, passed=8, failed=1, evidence="Seen.", added_by=row.owner
        )
        MeasureCost.objects.create(
            measure=row, kind="tools", amount=900, at=now.date(), added_by=row.owner
        )

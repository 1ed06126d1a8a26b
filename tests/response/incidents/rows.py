"""Rows of incidents, one after the other, for lists."""

from __future__ import annotations

import datetime as dt

from guanlan.core.access import SYSTEM
from guanlan.response.incidents.matrix import SHIPPED
from guanlan.response.incidents.timeline import enter
from guanlan.response.models import (
    DeclarationCriterion,
    Incident,
    IncidentLink,
    IncidentTask,
    RoleHeld,
    SeverityMatrix,
)
from tests.people import person

NOW = dt.datetime(2027, 3, 1, 9, 0, tzinfo=dt.UTC)


def make_incident(n: int) -> Incident:
    return Incident.objects.create(
        title=f"incident {n}", category="fraud", severity=n % 5, impact="major", urgency="low",
        summary="secret words", known=NOW, declared=NOW + dt.timedelta(seconds=n),
    )  # fmt: skip


def make_task(n: int) -> IncidentTask:
    return IncidentTask.objects.create(
        incident=make_incident(n), title=f"task {n}", due=NOW + dt.timedelta(seconds=n),
        note="secret words",
    )  # fmt: skip


def make_matrix(n: int) -> SeverityMatrix:
    return SeverityMatrix.objects.create(
        cells=SHIPPED.cells, stable_within=SHIPPED.stable_within, told_every=SHIPPED.told_every,
        reason=f"reason {n}", created=NOW + dt.timedelta(seconds=n),
    )  # fmt: skip


def make_busy() -> Incident:
    """An incident with something of everything."""
    row = make_incident(1)
    someone = person("operations", "in-charge")
    RoleHeld.objects.create(incident=row, role="commander", person=someone, assumed_at=NOW)
    for n in range(3):
        IncidentTask.objects.create(incident=row, title=f"to do {n}", due=NOW)
        IncidentLink.objects.create(incident=row, noun="response.plan", key=str(n), added=NOW)
        enter(row, "note", NOW, SYSTEM, text="secret words")
    return row


def make_criterion(n: int) -> DeclarationCriterion:
    return DeclarationCriterion.objects.create(
        name=f"criterion {n:03}", category="fraud", severity=3, count=5, minutes=10, title="Wave",
        impact="major", urgency="high", created=NOW + dt.timedelta(seconds=n),
    )  # fmt: skip


def seed(many: int) -> None:
    """Some rows of everything that has a list."""
    for n in range(many):
        make_matrix(n)
        make_criterion(n)
        make_task(n)
    make_busy()

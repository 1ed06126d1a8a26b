"""Rows of cases for tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from guanlan.core.access import SYSTEM
from guanlan.response.cases.timeline import enter
from guanlan.response.entities import Named, rows_of
from guanlan.response.models import (
    Alert,
    Case,
    CaseDecision,
    CaseEntity,
    CaseItem,
    CaseLink,
    CaseQueue,
    SuspicionReport,
)

NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
SECRET = "anna-the-first-of-them"


def make_case(n: int, **values: Any) -> Case:
    """A case about one user, without services."""
    named = Named("user", f"{SECRET}-{n}")
    said: dict[str, Any] = {
        "title": f"case {n}", "category": "fraud", "severity": n % 5, "priority": n % 100,
        "opened": NOON + dt.timedelta(seconds=n), "last_alert": NOON, "entity_count": 1,
        "summary": SECRET,
    }  # fmt: skip
    case = Case.objects.create(**said | values)
    CaseEntity.objects.create(case=case, entity=rows_of([named])[named], role="user", grouping=True)
    return case


def make_alerts(case: Case, n: int) -> None:
    """Alerts of a case, without services."""
    Alert.objects.bulk_create(
        (
            Alert(
                fingerprint=f"{case.pk}-{one}", rule="fraud.r", category="fraud", severity=2,
                text="Many transfers", window=60, first_seen=NOON, last_seen=NOON, raised=NOON,
                case=case, case_pending=False,
            )
            for one in range(n)
        ),
        batch_size=500,
    )  # fmt: skip
    Case.objects.filter(pk=case.pk).update(alert_count=n)


def make_suspicion(n: int) -> SuspicionReport:
    """A report of suspicious transactions, without services."""
    case = Case.objects.filter(pk=n).first() or make_case(3_000_000 + n)
    made = SuspicionReport.objects.create(
        case=case, language="en", title=f"report {n}", text=SECRET, indicators=["split"],
        facts={"parties": [], "transactions": [["7", NOON.isoformat(), SECRET, 5, "CNY", "hold"]]},
        created=NOON + dt.timedelta(seconds=n),
    )  # fmt: skip
    made.drafts.create(number=1, text=SECRET, at=NOON)
    return made


def make_queue(n: int) -> CaseQueue:
    return CaseQueue.objects.create(
        name=f"queue {n:03}", categories=["fraud"], created=NOON + dt.timedelta(seconds=n)
    )


def make_busy(n: int = 3, alerts: int = 3) -> Case:
    """A case with something of everything, `n` times."""
    others = [make_case(2_000_000 + 1000 * n + one) for one in range(n)]
    case = make_case(1_000_000 + n)  # the newest: lines of its timeline keep it from being deleted
    make_alerts(case, alerts)
    entity = CaseEntity.objects.get(case=case).entity
    for one, other in enumerate(others):
        CaseEntity.objects.create(case=other, entity=entity, role="user")
        CaseLink.objects.create(case=case, other=other, kind="related", added=NOON)
        CaseItem.objects.create(case=case, place=one + 1, text="look")
        CaseDecision.objects.create(case=case, what="refund", reason=SECRET, made=NOON)
        enter(case, "opened", NOON, SYSTEM, text=SECRET, values={"severity": 2})
    return case


def seed(many: int) -> None:
    """Some rows of everything that has a list."""
    for n in range(many):
        make_case(n)
        make_queue(n)
        make_suspicion(4_000_000 + n)
    make_busy()

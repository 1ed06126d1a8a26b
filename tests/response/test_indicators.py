"""What alerts, cases, incidents and the platform say of risk: each number, from rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from guanlan.core.models import Delivery, Job, Message
from guanlan.response.alerts import Evidence, Finding, raise_alerts
from guanlan.response.alerts.crossing import RED
from guanlan.response.models import Alert, Case, DeadLetter, Incident
from guanlan.response.terms import Severity
from guanlan.risk.models import Indicator
from guanlan.risk.registry import INDICATORS, Measured, Span
from tests.people import person

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 27, 9, 0, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def measured(name: str, now: dt.datetime = NOW) -> Measured:
    spec = INDICATORS[name]
    return spec.work(Span(now - spec.window, now, {}))


def alert(n: int, rule: str = "fraud.rule", **said: Any) -> Alert:
    finding = Finding(
        rule=rule, category="fraud", severity=Severity.high, text="Found", key={"n": n},
        at=NOW - 2 * DAY, evidence=(Evidence("decision", str(n), NOW - 2 * DAY),),
    )  # fmt: skip
    (row,) = raise_alerts([finding], NOW - 2 * DAY)
    for name, value in said.items():
        setattr(row, name, value)
    row.save()
    return row


def closed(n: int, disposition: str, **said: Any) -> Alert:
    return alert(
        n, state="closed", live=False, current=False, disposition=disposition,
        closed=NOW - DAY, **said,
    )  # fmt: skip


def test_alerts_past_their_deadline_without_those_of_indicators() -> None:
    alert(1, deadline=NOW)
    alert(2, deadline=NOW + HOUR)
    alert(3, deadline=NOW - HOUR, state="acknowledged")
    alert(4, deadline=NOW - HOUR, muted="snooze")
    alert(5, rule=RED, deadline=NOW - HOUR)
    found = measured("alerts.past_deadline")
    assert (found.value, found.volume) == (1, 4)


def test_false_alarms_are_of_what_was_judged() -> None:
    assert measured("alerts.false_positives").value is None
    for n, was in enumerate(("confirmed", "false_positive", "benign", "suspected")):
        closed(n, was)
    long_ago = closed(9, "false_positive")
    Alert.objects.filter(pk=long_ago.pk).update(closed=NOW - 40 * DAY)
    found = measured("alerts.false_positives")
    assert (found.value, found.volume) == (2 / 3, 3)


def test_dead_letters_that_wait() -> None:
    for state in ("waiting", "raised", "discarded"):
        DeadLetter.objects.create(source="x", why="x", received=NOW, body="{}", state=state)
    assert measured("platform.dead_letters").value == 1


def case(**said: Any) -> Case:
    values = {"category": "fraud", "severity": 2, "opened": NOW - 3 * DAY, "last_alert": NOW}
    return Case.objects.create(**values | said)


def test_cases_past_their_time_and_the_oldest() -> None:
    assert measured("cases.oldest").value == 0
    case(resolve_due=NOW)
    case(first_due=NOW - HOUR)
    case(first_due=NOW - HOUR, first_response=NOW)
    case(resolve_due=NOW - HOUR, waiting=NOW)
    case(resolve_due=NOW - HOUR, live=False, opened=NOW - 9 * DAY)
    found = measured("cases.past_deadline")
    assert (found.value, found.volume) == (2, 4)
    assert measured("cases.oldest").value == 3 * 86400


def incident(minutes: int | None = None, **said: Any) -> Incident:
    values = {
        "title": "Outage", "category": "operations", "severity": 3, "impact": "high",
        "urgency": "high", "known": NOW - DAY, "declared": NOW - DAY,
    }  # fmt: skip
    if minutes is not None:
        values["acknowledged"] = NOW - DAY + dt.timedelta(minutes=minutes)
    return Incident.objects.create(**values | said)


def test_incidents_without_what_is_confidential() -> None:
    for minutes in (10, 20, 60):
        incident(minutes)
    incident(1, confidential=True)
    incident(state="closed")
    assert measured("incidents.open").value == 3
    found = measured("incidents.acknowledge")
    assert (found.value, found.volume) == (1200, 3)


def test_messages_and_jobs() -> None:
    message = Message.objects.create(template="comment.mention", recipient=person(None, "told"))
    for state, finished, due in (
        ("failed", NOW - HOUR, NOW), ("failed", NOW - 2 * DAY, NOW), ("sent", NOW, NOW),
        ("pending", None, NOW - HOUR), ("pending", None, NOW + HOUR),
    ):  # fmt: skip
        Delivery.objects.create(message=message, state=state, finished=finished, due=due)
    assert measured("platform.outbox_failed").value == 1
    assert measured("platform.outbox_waiting") == Measured(3600.0, 1)
    Job.objects.all().delete()
    Job.objects.create(name="a", late_since=NOW - HOUR)
    Job.objects.create(name="b", late_since=NOW - HOUR, enabled=False)
    Job.objects.create(name="c")
    found = measured("platform.jobs_late")
    assert (found.value, found.volume) == (1, 2)


def test_an_indicator_that_nobody_answered_for() -> None:
    Indicator.objects.update(answer_due=None)
    Indicator.objects.filter(name__in=["cases.oldest", "risk.unanswered"]).update(
        answer_due=timezone.now()
    )
    assert measured("risk.unanswered", timezone.now() + HOUR).value == 1

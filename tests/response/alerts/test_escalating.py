"""An alert goes to who is on duty, and on along its chain until somebody answers: each step once,
none missing, whatever dies in between."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation

from guanlan.core import outbox
from guanlan.core.access import SYSTEM, subject_of
from guanlan.core.models import Message, RoleAssignment, User
from guanlan.core.outbox.templates import rendered
from guanlan.response.alerts import muting, raise_alert
from guanlan.response.alerts.arranging import read_steps, save_chain
from guanlan.response.alerts.escalating import fits, sweep
from guanlan.response.alerts.handling import acknowledge, change_severity
from guanlan.response.models import (
    Alert,
    AlertCall,
    AlertRoute,
    EscalationChain,
    OnCallOverride,
    OnCallSchedule,
)
from guanlan.response.terms import Severity
from tests.people import person
from tests.response.alerts.findings import finding

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
EVENING = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def night() -> dict[str, User]:
    """Li and Wang take turns of a day at 22:00 UTC; Chen comes 15 minutes after, then the owner."""
    people = {name: person("fraud_analyst", name) for name in ("li", "wang", "chen")}
    people["boss"] = person("owner", "boss")
    roles_held_long()
    OnCallSchedule.objects.create(
        name="desk", zone="UTC", people=[people["li"].pk, people["wang"].pk], turn_days=1,
        handover=dt.time(22), start=dt.date(2026, 11, 22), told_turn=EVENING,
    )  # fmt: skip
    steps = "0 schedule:desk\n5 person:chen\n20 role:owner"
    chain = save_chain(SYSTEM, None, name="night", steps=steps)
    AlertRoute.objects.create(name="all", position=1, severity=1, chain=chain)
    return people


def roles_held_long() -> None:
    """Their roles began long before the evening."""
    RoleAssignment.objects.update(since=EVENING - dt.timedelta(days=365))


def raised(at: dt.datetime = EVENING, user: str = "u-1", **options: object) -> Alert:
    found = raise_alert(finding(user, at=at, severity=Severity.high, **options), at)
    assert found is not None
    return found


def told() -> list[tuple[str, int]]:
    """Who was told of alerts, and how many minutes after the evening."""
    rows = Message.objects.filter(template__startswith="alert.").order_by("created", "pk")
    return [
        (one.recipient.get_username() if one.recipient else "", (one.created - EVENING) // MINUTE)
        for one in rows
    ]


def test_through_a_whole_night_each_step_is_done_once(night: dict[str, User]) -> None:
    raised()
    for minute in range(14 * 60):
        sweep(EVENING + minute * MINUTE)
        if minute == 9 * 60 + 30:
            raised(EVENING + minute * MINUTE, "u-2")
    later = 9 * 60 + 31  # the second one was raised after the sweep of its minute
    assert told() == [
        ("li", 0), ("chen", 35), ("boss", 50),
        ("li", later), ("chen", later - 1 + 35), ("boss", later - 1 + 50),
    ]  # fmt: skip
    assert not AlertCall.objects.filter(done=None).exists()


def test_after_the_hand_over_the_next_one_is_told(night: dict[str, User]) -> None:
    raised(EVENING + 601 * MINUTE)
    sweep(EVENING + 601 * MINUTE)
    assert told() == [("wang", 601)]
    handed = Message.objects.filter(template="oncall.handover")
    assert {one.recipient.username for one in handed if one.recipient} == {"li", "wang"}


def test_who_stands_in_is_told_instead(night: dict[str, User]) -> None:
    OnCallOverride.objects.create(
        schedule=OnCallSchedule.objects.get(), person=night["chen"], reason="a wedding",
        begins=EVENING - MINUTE, ends=EVENING + 60 * MINUTE,
    )  # fmt: skip
    raised()
    sweep(EVENING)
    assert told() == [("chen", 0)]


def test_each_reader_reads_of_an_alert_in_their_language(night: dict[str, User]) -> None:
    raised()
    sweep(EVENING)
    context = Message.objects.get(template="alert.raised").context
    subjects = {
        language: rendered("alert.raised", context, language).subject
        for language in ("en", "zh-hans", "zh-hant")
    }
    assert subjects["en"].startswith("[")
    assert all(ord(one) < 0x2E80 for one in subjects["en"]), "no word of another language"
    assert subjects["zh-hans"].startswith("【")
    assert "critical" not in subjects["zh-hans"]


def test_who_answers_ends_it(night: dict[str, User]) -> None:
    alert = raised()
    sweep(EVENING)
    message = Message.objects.get(template="alert.raised")
    assert outbox.acknowledge(subject_of(night["li"]), message, EVENING + 10 * MINUTE)
    alert.refresh_from_db()
    assert (alert.state, alert.owner) == ("acknowledged", night["li"])
    for minute in range(0, 120, 5):
        sweep(EVENING + minute * MINUTE)
    assert told() == [("li", 0)]
    assert set(AlertCall.objects.values_list("outcome", flat=True)) == {"told", "spared"}


def test_a_worker_that_dies_in_a_step_has_done_all_of_it_or_nothing(
    night: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    raised()
    sweep(EVENING)

    def dying(*_all: object, **_named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("guanlan.response.alerts.escalating.note", dying)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        sweep(EVENING + 35 * MINUTE)
    assert told() == [("li", 0)]
    monkeypatch.undo()
    for _again in range(3):
        sweep(EVENING + 36 * MINUTE)
    assert told() == [("li", 0), ("chen", 36)]


def test_where_nobody_can_be_reached_the_owners_are_told_loudly(night: dict[str, User]) -> None:
    User.objects.filter(username="li").update(is_active=False)
    raised()
    sweep(EVENING)
    message = Message.objects.get(template="alert.unreachable")
    assert (message.recipient, message.urgency) == (night["boss"], "critical")
    assert AlertCall.objects.get(step=0).outcome == "nobody"


def test_without_any_rule_the_owners_hear_of_what_is_severe() -> None:
    person("owner", "boss")
    roles_held_long()
    raised()
    raise_alert(finding("u-2", at=EVENING, severity=Severity.low), EVENING)
    for minute in (0, 29, 30, 24 * 60):
        sweep(EVENING + minute * MINUTE)
    assert told() == [("boss", 0), ("boss", 30), ("boss", 24 * 60)]


def test_what_becomes_worse_is_told_again_and_keeps_the_earlier_deadline(
    night: dict[str, User],
) -> None:
    alert = raised()
    sweep(EVENING)
    change_severity(SYSTEM, alert, Severity.low, "not so bad", EVENING + MINUTE)
    alert.refresh_from_db()
    assert alert.deadline == EVENING + 30 * MINUTE
    sweep(EVENING + MINUTE)
    change_severity(SYSTEM, alert, Severity.critical, "worse", EVENING + 2 * MINUTE)
    sweep(EVENING + 2 * MINUTE)
    alert.refresh_from_db()
    assert alert.deadline == EVENING + 17 * MINUTE
    assert told() == [("li", 0), ("li", 2)]


def test_a_snoozed_alert_counts_and_comes_back_with_its_count(night: dict[str, User]) -> None:
    alert = raised()
    until = EVENING + 120 * MINUTE
    muting.snooze(SYSTEM, alert, until, "known, being worked on", now=EVENING)
    for minute in range(0, 120, 10):
        raised(EVENING + minute * MINUTE)
        sweep(EVENING + minute * MINUTE)
    assert told() == []
    sweep(until)
    alert.refresh_from_db()
    assert told() == [("li", 120)]
    assert (alert.count, alert.muted, alert.deadline) == (13, "", until + 30 * MINUTE)


def test_what_becomes_more_severe_breaks_its_snooze(night: dict[str, User]) -> None:
    alert = raised()
    muting.snooze(SYSTEM, alert, EVENING + 120 * MINUTE, "known", now=EVENING)
    raise_alert(finding(at=EVENING + MINUTE, severity=Severity.critical), EVENING + MINUTE)
    sweep(EVENING + MINUTE)
    assert told() == [("li", 1)]


def test_within_a_window_nobody_is_told_and_what_lives_comes_back(night: dict[str, User]) -> None:
    muting.add_window(
        SYSTEM, "release", "fraud", "fraud.transfer", EVENING, EVENING + 60 * MINUTE, "release 3"
    )
    held, other = raised(), raised(user="u-2", rule="fraud.login.x")
    closed = raised(user="u-3")
    sweep(EVENING)
    assert told() == [("li", 0)]
    other.refresh_from_db()
    assert (other.muted, held.muted, held.deadline) == ("", "maintenance", None)
    acknowledge(SYSTEM, closed, EVENING)
    sweep(EVENING + 60 * MINUTE)
    assert ("li", 60) in told()
    held.refresh_from_db()
    assert held.deadline == EVENING + 90 * MINUTE


@pytest.mark.parametrize(
    ("begin", "end", "days", "at", "expected"),
    [
        ("09:00", "18:00", [0], "2026-11-23T12:00", True),
        ("09:00", "18:00", [1], "2026-11-23T12:00", False),
        ("22:00", "06:00", [0], "2026-11-24T03:00", True),
        ("22:00", "06:00", [1], "2026-11-24T03:00", False),
        ("22:00", "06:00", [0], "2026-11-23T12:00", False),
        (None, None, [], "2026-11-23T12:00", True),
    ],
)
def test_a_rule_holds_at_its_time_of_the_week(
    begin: str | None, end: str | None, days: list[int], at: str, expected: bool
) -> None:
    route = AlertRoute(
        name="a", position=1, weekdays=days,
        from_time=dt.time.fromisoformat(begin) if begin else None,
        to_time=dt.time.fromisoformat(end) if end else None,
    )  # fmt: skip
    moment = dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC)
    zone = dt.UTC
    assert fits(route, raised(), moment, zone) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("", "1 to 20"),
        ("soon role:owner", "Line 1"),
        ("5 role:owner\n0 role:owner", "Line 2"),
        ("0 role:king", "no such role"),
        ("0 person:nobody-here", "no such person"),
    ],
)
def test_a_chain_that_cannot_be_says_which_line(steps: str, said: str) -> None:
    with translation.override("en"), pytest.raises(ValidationError, match=said):
        read_steps(steps)
    assert not EscalationChain.objects.exists()

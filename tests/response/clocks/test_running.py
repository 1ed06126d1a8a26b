"""Clocks that run: started once, only ever sooner, stopped by the report, ringing once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from guanlan.core.access import Denied, Subject, subject_of
from guanlan.core.models import Message
from guanlan.response.clocks import running, watching
from guanlan.response.clocks.facts import Facts
from guanlan.response.clocks.rules import CHANGED, new_version
from guanlan.response.clocks.running import (
    Times,
    cancel,
    happened,
    propose,
    regrade,
    send,
    start_clocks,
)
from guanlan.response.clocks.shipping import ship
from guanlan.response.clocks.watching import ring_due
from guanlan.response.models import ClockAlarm, ClockRule, RunningClock
from tests.people import person
from tests.response.clocks.conftest import KNOWN, LEAK

HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
FACTS = Facts(roles=("network_operator", "bank_insurer"), events=("data",), kinds=("personal",),
              grade="larger", flags={"harm_avoided": False})  # fmt: skip
EU = Facts(roles=("eu_financial",), events=("outage",), flags={"dora_major": True})


def rule(code: str) -> ClockRule:
    found: ClockRule = ClockRule.objects.get(code=code, current=True)
    return found


def clock(code: str) -> RunningClock:
    found: RunningClock = RunningClock.objects.get(code=code)
    return found


def started(officer: Subject, facts: Facts = FACTS) -> list[RunningClock]:
    when = Times(KNOWN)
    rules = [one.rule for one in propose(facts, when) if one.verdict.applies]
    return start_clocks(officer, LEAK, rules, facts, when, KNOWN + MINUTE)


def test_what_applies_is_proposed_first_and_each_with_reasons(officer: Subject) -> None:
    found = propose(FACTS, Times(KNOWN))
    applies = [one.rule.code for one in found if one.verdict.applies]
    assert applies == [
        "nfra-data-first", "cac-operator", "dsl-29", "nfra-data-written", "pipl-authority",
        "pipl-persons",
    ]  # fmt: skip
    assert [one.rule.code for one in found][: len(applies)] == applies
    assert all(one.verdict.reasons for one in found)
    assert "cac-closing" not in {one.rule.code for one in found}, "it follows another report"


def test_rules_not_yet_or_no_longer_in_force_are_left_out(officer: Subject) -> None:
    early = Times(dt.datetime(2025, 10, 31, tzinfo=dt.UTC))
    assert "cac-operator" not in {one.rule.code for one in propose(FACTS, early)}


def test_several_run_at_once_from_when_it_became_known(officer: Subject) -> None:
    started(officer)
    assert clock("cac-operator").due == KNOWN + 4 * HOUR
    assert clock("nfra-data-first").due == KNOWN + 2 * HOUR
    assert clock("pipl-persons").due == KNOWN + 72 * HOUR
    assert {one.started_at for one in RunningClock.objects.all()} == {KNOWN}


def test_starting_again_starts_nothing_anew(officer: Subject) -> None:
    first = {one.pk: one.due for one in started(officer)}
    later = Times(KNOWN + 5 * HOUR)
    again = regrade(officer, LEAK, FACTS, later, KNOWN + 6 * HOUR)
    assert {one.pk: one.due for one in again} == first
    assert RunningClock.objects.count() == len(first)


def test_an_earlier_knowledge_brings_the_due_time_nearer_and_its_alarms(officer: Subject) -> None:
    started(officer)
    regrade(officer, LEAK, FACTS, Times(KNOWN - HOUR), KNOWN + 2 * MINUTE)
    found = clock("cac-operator")
    assert found.due == found.turn == KNOWN + 3 * HOUR
    assert found.alarms.get(percent=100).due == KNOWN + 3 * HOUR
    assert found.alarms.get(percent=50).due == KNOWN + HOUR


def test_a_grade_that_falls_stops_no_clock(officer: Subject) -> None:
    started(officer)
    lower = Facts(**(FACTS.stored() | {"grade": "general"}))
    regrade(officer, LEAK, lower, Times(KNOWN), KNOWN + HOUR)
    assert clock("cac-operator").state == "running"
    assert clock("cac-operator").due == KNOWN + 4 * HOUR


def test_a_grade_that_rises_starts_what_applies_now_from_the_same_time(officer: Subject) -> None:
    lower = Facts(**(FACTS.stored() | {"grade": "general"}))
    started(officer, lower)
    assert not RunningClock.objects.filter(code="cac-operator").exists()
    regrade(officer, LEAK, FACTS, Times(KNOWN), KNOWN + 3 * HOUR)
    assert clock("cac-operator").due == KNOWN + 4 * HOUR


def test_a_cancelled_clock_that_is_started_again_has_its_old_time(officer: Subject) -> None:
    started(officer)
    cancel(officer, clock("cac-operator"), "not our system", KNOWN + HOUR)
    assert clock("cac-operator").state == "cancelled"
    regrade(officer, LEAK, FACTS, Times(KNOWN + 2 * HOUR), KNOWN + 2 * HOUR)
    found = clock("cac-operator")
    assert (found.state, found.started_at, found.due) == ("running", KNOWN, KNOWN + 4 * HOUR)


@pytest.mark.parametrize(("hours", "state"), [(4, "met"), (4.01, "missed")])
def test_the_report_stops_it_met_or_missed(officer: Subject, hours: float, state: str) -> None:
    started(officer)
    at = KNOWN + hours * HOUR
    send(officer, clock("cac-operator"), at, at)
    found = clock("cac-operator")
    assert (found.state, found.sent_at) == (state, at)
    assert clock("dsl-29").state == "running", "another obligation"
    with pytest.raises(ValidationError, match="does not run"):
        send(officer, found, at, at)


def test_one_report_stops_all_clocks_of_its_obligation_and_starts_the_next(
    officer: Subject,
) -> None:
    started(officer, EU)
    assert [one.code for one in RunningClock.objects.all()] == ["dora-initial-known"]
    started_again = happened(officer, LEAK, "classified", KNOWN + 2 * HOUR, KNOWN + 3 * HOUR)
    assert [one.code for one in started_again] == ["dora-initial-classified"]
    assert clock("dora-initial-classified").due == KNOWN + 6 * HOUR
    assert clock("dora-initial-known").due == KNOWN + 24 * HOUR
    sent = KNOWN + 5 * HOUR
    following = send(officer, clock("dora-initial-classified"), sent, sent)
    assert clock("dora-initial-known").state == "met"
    assert [(one.code, one.due) for one in following] == [("dora-intermediate", sent + 72 * HOUR)]
    again = send(officer, clock("dora-intermediate"), sent + HOUR, sent + HOUR)
    assert [one.code for one in again] == ["dora-final"]
    # One month after the 20th of November, to the end of that day in the organisation's zone.
    assert clock("dora-final").due == dt.datetime(2026, 12, 20, 16, tzinfo=dt.UTC)


def test_the_closing_report_is_due_30_days_after_it_was_handled(officer: Subject) -> None:
    started(officer)
    found = happened(officer, LEAK, "handled", KNOWN + 48 * HOUR, KNOWN + 49 * HOUR)
    assert [one.code for one in found] == ["cac-closing"]
    assert found[0].due == dt.datetime(2026, 12, 22, 16, tzinfo=dt.UTC)


def test_a_clock_goes_on_by_the_version_it_was_started_with(officer: Subject) -> None:
    started(officer)
    old = rule("cac-operator")
    values = {name: getattr(old, name) for name in CHANGED} | {"limit_amount": 60}
    made = new_version(officer, old, values, "the law has changed")
    assert (made.version, made.verified, made.current) == (2, False, True)
    assert clock("cac-operator").rule == old
    assert clock("cac-operator").due == KNOWN + 4 * HOUR
    assert ship() == 0, "what people changed is not overwritten"


def test_each_alarm_rings_once_and_the_last_says_missed(officer: Subject) -> None:
    person("owner", "olga")
    heard: list[tuple[str, int]] = []
    watching._on_alarm.append(lambda one, percent: heard.append((one.code, percent)))
    try:
        start_clocks(officer, LEAK, [rule("cac-operator")], FACTS, Times(KNOWN), KNOWN)
        for minutes in range(0, 260, 10):
            for _twice in range(2):
                ring_due(KNOWN + minutes * MINUTE)
    finally:
        watching._on_alarm.pop()
    assert heard == [("cac-operator", one) for one in (50, 75, 90, 100)]
    assert clock("cac-operator").state == "missed"
    told = Message.objects.filter(template__startswith="clock.", recipient__username="olga")
    assert [one.template for one in told.order_by("pk")] == ["clock.alarm"] * 3 + ["clock.missed"]
    assert {one.urgency for one in told} == {"normal", "urgent", "critical"}
    rung = ClockAlarm.objects.get(percent=90).rung
    assert rung == KNOWN + 220 * MINUTE, "216 minutes are nine tenths: seen by the next look"


def test_a_clock_that_is_stopped_rings_no_more(officer: Subject) -> None:
    started(officer)
    send(officer, clock("cac-operator"), KNOWN + HOUR, KNOWN + HOUR)
    cancel(officer, clock("nfra-data-first"), "not a bank", KNOWN + HOUR)
    ring_due(KNOWN + 240 * HOUR)
    rung = ClockAlarm.objects.exclude(rung=None).values_list("clock__code", flat=True)
    assert set(rung) == {"dsl-29", "nfra-data-written", "pipl-authority", "pipl-persons"}


def test_who_only_sees_starts_and_stops_nothing(officer: Subject) -> None:
    started(officer)
    watcher = subject_of(person("committee_member"))
    with pytest.raises(Denied):
        start_clocks(watcher, LEAK, [rule("dsl-29")], FACTS, Times(KNOWN), KNOWN)
    with pytest.raises(Denied):
        send(watcher, clock("dsl-29"), KNOWN, KNOWN)
    with pytest.raises(Denied):
        cancel(watcher, clock("dsl-29"), "no reason", KNOWN)


def test_a_time_that_lies_ahead_is_refused(officer: Subject) -> None:
    with pytest.raises(ValidationError) as refused:
        start_clocks(officer, LEAK, [rule("dsl-29")], FACTS, Times(KNOWN + HOUR), KNOWN)
    assert [*refused.value.message_dict] == ["known"]


def test_who_listens_hears_of_each_clock_that_stops(officer: Subject) -> None:
    heard: list[str] = []
    running._on_stopped.append(lambda one: heard.append(f"{one.code} {one.state}"))
    try:
        started(officer)
        send(officer, clock("dsl-29"), KNOWN + HOUR, KNOWN + HOUR)
        cancel(officer, clock("pipl-persons"), "harm was avoided", KNOWN + HOUR)
    finally:
        running._on_stopped.pop()
    assert heard == ["dsl-29 met", "pipl-persons cancelled"]

"""Pauses and more time: where the rule allows it, in writing, by two people."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from guanlan.core.access import SYSTEM, Denied, Subject
from guanlan.core.models import Message, User
from guanlan.response.clocks.changing import ask_extension, ask_pause, decide, go_on
from guanlan.response.clocks.facts import Facts
from guanlan.response.clocks.running import Times, cancel, send, start_clocks
from guanlan.response.clocks.watching import ring_due
from guanlan.response.models import ClockChange, RunningClock
from tests.response.clocks.conftest import KNOWN, LEAK
from tests.response.clocks.seeds import a_rule
from tests.response.plans.conftest import someone

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def started(**rule: Any) -> RunningClock:
    made = a_rule("first", **({"may_pause": True, "may_extend": 2} | rule))
    return start_clocks(SYSTEM, LEAK, [made], Facts(), Times(KNOWN), KNOWN)[0]


def writer() -> Subject:
    return someone("compliance_officer", "cleo")


def approver() -> Subject:
    return someone("privacy_officer", "pia")


def now_of(clock: RunningClock) -> RunningClock:
    return RunningClock.objects.get(pk=clock.pk)


def test_a_pause_stops_the_alarms_and_gives_back_exactly_its_time() -> None:
    clock = started()
    assert clock.due == KNOWN + 4 * HOUR
    ask_pause(writer(), clock, "the authority asked for it", KNOWN + HOUR)
    assert now_of(clock).paused_at is None, "not before another person grants it"
    decide(approver(), clock, grant=True, now=KNOWN + HOUR)
    assert ring_due(KNOWN + 10 * HOUR) == 0
    go_on(writer(), clock, KNOWN + 11 * HOUR)
    assert now_of(clock).due == KNOWN + 14 * HOUR
    assert ring_due(KNOWN + 11 * HOUR) == 0
    assert ring_due(KNOWN + 12 * HOUR) == 1, "half of its time is spent"


def test_more_time_moves_the_due_time_and_each_alarm_by_its_share() -> None:
    clock = started()
    ask_extension(writer(), clock, KNOWN + 8 * HOUR, "the facts are not there", KNOWN + HOUR)
    decide(approver(), clock, grant=True, now=KNOWN + HOUR)
    assert now_of(clock).due == KNOWN + 8 * HOUR
    alarms = list(clock.alarms.order_by("percent").values_list("due", flat=True))
    assert alarms == [KNOWN + n * 8 * HOUR / 100 for n in (50, 75, 90, 100)]


def test_all_extensions_together_stay_within_what_the_rule_allows() -> None:
    clock = started()
    with pytest.raises(ValidationError, match="2 days more in all"):
        ask_extension(writer(), clock, clock.due + 49 * HOUR, "too much time", KNOWN)
    ask_extension(writer(), clock, clock.due + 24 * HOUR, "half of that", KNOWN)
    decide(approver(), clock, grant=True, now=KNOWN)
    with pytest.raises(ValidationError, match="2 days more in all"):
        ask_extension(writer(), clock, now_of(clock).due + 25 * HOUR, "a bit more", KNOWN)
    ask_extension(writer(), clock, now_of(clock).due + 24 * HOUR, "what is left", KNOWN)


def test_who_asks_does_not_decide_and_who_may_not_approve_is_refused() -> None:
    clock = started()
    ask_pause(writer(), clock, "the authority asked for it", KNOWN)
    with pytest.raises(ValidationError, match="does not decide"):
        decide(writer(), clock, grant=True, now=KNOWN)
    with pytest.raises(Denied):
        decide(someone("fraud_analyst"), clock, grant=True, now=KNOWN)
    with pytest.raises(ValidationError, match="asked for already"):
        ask_pause(writer(), clock, "the authority asked for it", KNOWN)
    told = Message.objects.filter(template="clock.asked")
    cleo = User.objects.get(username="cleo")
    assert cleo.pk not in {one.recipient_id for one in told}


def test_what_is_refused_changes_nothing() -> None:
    clock = started()
    ask_extension(writer(), clock, KNOWN + 8 * HOUR, "the facts are not there", KNOWN)
    with pytest.raises(ValidationError, match="Say why"):
        decide(approver(), clock, grant=False, now=KNOWN)
    change = decide(approver(), clock, grant=False, answer="they are there", now=KNOWN)
    assert (change.state, now_of(clock).due, now_of(clock).pending) == (
        "refused", KNOWN + 4 * HOUR, "",
    )  # fmt: skip


def test_a_rule_that_says_nothing_allows_neither() -> None:
    clock = started(may_pause=False, may_extend=0)
    with pytest.raises(ValidationError, match="allows no pause"):
        ask_pause(writer(), clock, "because I want it", KNOWN)
    with pytest.raises(ValidationError, match="allows no more time"):
        ask_extension(writer(), clock, KNOWN + 9 * HOUR, "because I want it", KNOWN)
    assert not ClockChange.objects.exists()


def test_a_clock_whose_time_has_passed_is_not_changed() -> None:
    clock = started()
    ask_pause(writer(), clock, "the authority asked for it", KNOWN + HOUR)
    with pytest.raises(ValidationError, match="Its time has passed"):
        decide(approver(), clock, grant=True, now=KNOWN + 4 * HOUR)
    assert now_of(clock).pending == "pause"


def test_sent_while_it_was_paused_is_in_time_and_ends_the_pause() -> None:
    clock = started()
    ask_pause(writer(), clock, "the authority asked for it", KNOWN + HOUR)
    decide(approver(), clock, grant=True, now=KNOWN + HOUR)
    send(SYSTEM, clock, KNOWN + 9 * HOUR, KNOWN + 9 * HOUR)
    found = now_of(clock)
    assert (found.state, found.paused_at) == ("met", None)


def test_started_again_it_keeps_the_time_it_was_given() -> None:
    clock = started()
    ask_extension(writer(), clock, KNOWN + 8 * HOUR, "the facts are not there", KNOWN)
    decide(approver(), clock, grant=True, now=KNOWN)
    start_clocks(SYSTEM, LEAK, [clock.rule], Facts(), Times(KNOWN), KNOWN + HOUR)
    assert now_of(clock).due == KNOWN + 8 * HOUR
    earlier = Times(KNOWN - HOUR)
    start_clocks(SYSTEM, LEAK, [clock.rule], Facts(), earlier, KNOWN + HOUR)
    assert now_of(clock).due == KNOWN + 7 * HOUR


def test_cancelling_ends_what_was_asked() -> None:
    clock = started()
    ask_pause(writer(), clock, "the authority asked for it", KNOWN)
    cancel(SYSTEM, now_of(clock), "not for us", KNOWN)
    assert now_of(clock).pending == ""


def test_the_page_offers_what_the_rule_allows_and_shows_what_became_of_it(client: Client) -> None:
    clock = started(limit_amount=10**6)
    ask_pause(writer(), clock, "the authority asked for it")
    assert approver().name == "pia"
    client.force_login(User.objects.get(username="pia"))
    client.cookies["guanlan_language"] = "en"
    page = client.get(reverse("clock", args=[clock.pk])).content.decode()
    for words in ("Grant", "Refuse", "waits for another person", "the authority asked for it"):
        assert words in page, words
    decide(approver(), clock, grant=True)
    page = client.get(reverse("clock", args=[clock.pk])).content.decode()
    assert "paused" in page
    assert "Go on" in page

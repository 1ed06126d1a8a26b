"""A source that is silent beyond its own usual pause is an alert, until it is heard again."""

from __future__ import annotations

import datetime as dt

import pytest

from guanlan.fraud.models import MinuteOutcome
from guanlan.fraud.silence import RULE, silent_sources, usual_pause
from guanlan.response.alerts.resolving import keep_up
from guanlan.response.models import Alert

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 1, 9, 0, tzinfo=dt.UTC)
MINUTE = int(NOW.timestamp() // 60)


def heard(name: str, *minutes: int) -> None:
    MinuteOutcome.objects.bulk_create(
        MinuteOutcome(minute=MINUTE + one, type=name, outcome=outcome, decisions=1, amount=0)
        for one in minutes
        for outcome in (0, 3)
    )


def silent(after: int = 0) -> list[object]:
    found = silent_sources(NOW + dt.timedelta(minutes=after))
    return [one.values["type"] for one in found]


def test_silence_is_longer_than_twice_the_longest_pause() -> None:
    heard("login", *range(-700, -100, 10))
    heard("login", -60)
    assert usual_pause("login", MINUTE - 60) == 50
    assert silent() == []
    assert silent(40) == [], "a hundred minutes are twice the pause, and not more"
    assert silent(41) == ["login"]


def test_what_is_heard_each_minute_may_be_silent_for_a_quarter_of_an_hour() -> None:
    heard("login", *range(-100, 0))
    assert silent(13) == []
    assert silent(14) == ["login"]


def test_what_was_seen_seldom_has_no_usual_pause() -> None:
    heard("login", *range(-1000, -410, 10))
    assert usual_pause("login", MINUTE - 420) is None
    assert silent() == []


def test_the_alert_is_resolved_when_it_is_heard_again() -> None:
    heard("login", *range(-100, 0))
    later = NOW + dt.timedelta(minutes=20)
    assert keep_up(RULE, silent_sources(later), later) == (1, 0)
    assert keep_up(RULE, silent_sources(later), later) == (0, 0)
    heard("login", 21)
    at = NOW + dt.timedelta(minutes=22)
    assert keep_up(RULE, silent_sources(at), at) == (0, 1)
    alert = Alert.objects.get()
    assert (alert.category, alert.live) == ("operations", False)

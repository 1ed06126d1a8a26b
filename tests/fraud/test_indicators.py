"""What decisions say of risk: from the sums of each minute."""

from __future__ import annotations

import datetime as dt

import pytest

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.engine.scenario.model import Outcome
from guanlan.fraud.models import MinuteLatency, MinuteOutcome
from guanlan.risk.models import Indicator
from guanlan.risk.registry import INDICATORS, Measured, Span

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 27, 9, 0, tzinfo=dt.UTC)
MINUTE = int(NOW.timestamp() // 60)


def measured(name: str) -> Measured:
    spec = INDICATORS[f"fraud.{name}"]
    return spec.work(Span(NOW - spec.window, NOW, {}))


def decided(minutes_ago: int, outcome: Outcome, decisions: int) -> None:
    MinuteOutcome.objects.create(
        minute=MINUTE - minutes_ago, type="transfer", outcome=int(outcome), decisions=decisions,
        amount=0,
    )  # fmt: skip


def test_shares_are_of_the_whole_minutes_of_the_last_hour() -> None:
    assert measured("decline_share").value is None
    decided(1, Outcome.approve, 150)
    decided(60, Outcome.decline, 20)
    decided(30, Outcome.review, 20)
    decided(30, Outcome.hold, 10)
    decided(0, Outcome.decline, 1000)  # the minute that is not over
    decided(61, Outcome.decline, 1000)  # before the hour
    assert measured("decline_share") == Measured(0.1, 200, {"part": 20, "whole": 200})
    assert measured("review_share").value == 30 / 200


def test_of_a_live_one_the_minute_that_is_not_over_belongs_to_the_hour() -> None:
    decided(0, Outcome.decline, 3)
    decided(60, Outcome.approve, 1000)  # its last seconds are within the hour, but not all
    decided(59, Outcome.approve, 7)
    spec, now = INDICATORS["fraud.decline_share"], NOW + dt.timedelta(seconds=5)
    assert spec.live
    assert spec.work(Span(now - spec.window, now, {})).value == 0.3


def watched(hours: float) -> None:
    at = NOW - dt.timedelta(hours=hours)
    Indicator.objects.update_or_create(
        name="fraud.traffic",
        defaults={"category": "operations", "unit": "score", "due": at, "created": at},
    )


def test_a_past_that_was_imported_is_not_compared_with() -> None:
    for ago in range(1, 24 * 60):
        decided(ago, Outcome.approve, 1 if ago > 150 else 20)
    watched(1)
    assert measured("traffic").value is None, "too short to compare with"
    watched(2.5)
    assert measured("traffic").value == 1


def test_traffic_is_told_against_the_day_before() -> None:
    watched(100)
    assert measured("traffic").value is None
    for ago in range(16, 24 * 60 + 16):
        if ago % 60 == 0:
            decided(ago, Outcome.approve, 96)
    assert measured("traffic").value == 0, "silence is no absence of a value"
    decided(5, Outcome.approve, 48)
    found = measured("traffic")
    assert (found.value, found.volume) == (2.0, 24 * 96)


def test_slow_decisions_are_those_past_a_tenth_of_a_second() -> None:
    assert 2 ** (132 / 8) < 100_000 < 2 ** (133 / 8)
    for bucket, decisions in ((100, 97), (132, 1), (133, 2)):
        MinuteLatency.objects.create(minute=MINUTE - 1, bucket=bucket, decisions=decisions)
    assert measured("slow_share").value == 0.02


def test_degraded_decisions_of_nothing_are_unknown() -> None:
    assert measured("degraded_share") == Measured(None, 0, {"part": 0, "whole": 0})

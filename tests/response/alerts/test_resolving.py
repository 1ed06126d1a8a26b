"""Alerts that follow a state: raised once, resolved when it is over, and not raised again once
closed."""

from __future__ import annotations

import datetime as dt

import pytest

from guanlan.response.alerts import Finding
from guanlan.response.alerts.handling import close
from guanlan.response.alerts.resolving import keep_up, resolve_finding
from guanlan.response.models import Alert
from guanlan.response.terms import Severity
from tests.response.plans.conftest import someone

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 1, 9, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
RULE = "platform.job_late"


def finding(job: str, at: dt.datetime = NOW) -> Finding:
    return Finding(
        rule=RULE, category="operations", severity=Severity.medium, text="The job is late",
        key={"job": job}, at=at,
    )  # fmt: skip


def states() -> list[tuple[str, int]]:
    return sorted(Alert.objects.values_list("state", "count"))


def test_what_lasts_is_one_alert_and_is_resolved_when_it_is_over() -> None:
    assert keep_up(RULE, [finding("a"), finding("b")], NOW) == (2, 0)
    assert keep_up(RULE, [finding("a"), finding("b")], NOW + MINUTE) == (0, 0)
    assert keep_up(RULE, [finding("b")], NOW + 2 * MINUTE) == (0, 1)
    assert states() == [("closed", 1), ("new", 1)]
    over = Alert.objects.get(state="closed")
    assert (over.disposition, over.closed, over.closed_by) == ("confirmed", NOW + 2 * MINUTE, None)
    assert [one.kind for one in over.happenings.all()] == ["well"]


def test_what_somebody_closed_is_raised_again_only_when_it_happens_anew() -> None:
    keep_up(RULE, [finding("a")], NOW)
    close(someone("operations"), Alert.objects.get(), "benign", "it may be late", NOW + MINUTE)
    assert keep_up(RULE, [finding("a")], NOW + 2 * MINUTE) == (0, 0)
    assert keep_up(RULE, [finding("a", NOW + 3 * MINUTE)], NOW + 3 * MINUTE) == (1, 0)


def test_other_rules_are_left_alone() -> None:
    keep_up(RULE, [finding("a")], NOW)
    assert keep_up("platform.job_failed", [], NOW) == (0, 0)
    assert resolve_finding(RULE, {"job": "b"}, NOW) == 0
    assert resolve_finding(RULE, {"job": "a"}, NOW) == 1
    assert resolve_finding(RULE, {"job": "a"}, NOW) == 0

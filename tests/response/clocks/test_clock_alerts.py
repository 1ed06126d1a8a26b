"""A clock that runs out is one alert, more severe with each alarm, resolved when it stops."""

from __future__ import annotations

import datetime as dt

import pytest

from guanlan.core.access import SYSTEM
from guanlan.response.clocks.facts import Facts
from guanlan.response.clocks.running import Times, cancel, send, start_clocks
from guanlan.response.clocks.watching import ring_due
from guanlan.response.models import Alert, RunningClock
from guanlan.response.terms import Severity
from tests.response.clocks.conftest import KNOWN, LEAK
from tests.response.clocks.seeds import a_rule

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def started(code: str = "first") -> RunningClock:
    rule = a_rule(code, obligation=code)
    return start_clocks(SYSTEM, LEAK, [rule], Facts(), Times(KNOWN), KNOWN)[0]


def test_each_alarm_makes_the_same_alert_more_severe() -> None:
    started()
    found = []
    for minutes in (119, 121, 181, 217, 241):
        ring_due(KNOWN + minutes * MINUTE)
        found.append([Severity(one.severity).name for one in Alert.objects.all()])
    assert found == [[], ["low"], ["medium"], ["high"], ["critical"]]
    alert = Alert.objects.get()
    assert (alert.category, alert.count) == ("compliance", 4)
    assert alert.values == {"rule": "first", "matter": "Leak of the mail server"}


def test_two_clocks_are_two_alerts_and_a_report_that_was_sent_resolves_its_own() -> None:
    clock, other = started(), started("other")
    ring_due(KNOWN + 130 * MINUTE)
    assert Alert.objects.filter(live=True).count() == 2
    send(SYSTEM, clock, KNOWN + 140 * MINUTE, KNOWN + 141 * MINUTE)
    live = Alert.objects.get(live=True)
    assert live.values["rule"] == "other"
    cancel(SYSTEM, other, "not for us", KNOWN + 150 * MINUTE)
    assert not Alert.objects.filter(live=True).exists()

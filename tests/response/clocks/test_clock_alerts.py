"""A clock that runs out is one alert, more severe with each alarm, resolved when it stops."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import translation

from guanlan.core.access import SYSTEM
from guanlan.response.alerts import title_of
from guanlan.response.clocks.facts import Facts
from guanlan.response.clocks.running import Times, cancel, send, start_clocks
from guanlan.response.clocks.watching import ring_due
from guanlan.response.models import Alert, ClockRule, RunningClock
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
    assert alert.values == {"report": "first", "matter": "Leak of the mail server"}


def test_two_clocks_are_two_alerts_and_a_report_that_was_sent_resolves_its_own() -> None:
    clock, other = started(), started("other")
    ring_due(KNOWN + 130 * MINUTE)
    assert Alert.objects.filter(live=True).count() == 2
    send(SYSTEM, clock, KNOWN + 140 * MINUTE, KNOWN + 141 * MINUTE)
    live = Alert.objects.get(live=True)
    assert live.values["report"] == "other"
    cancel(SYSTEM, other, "not for us", KNOWN + 150 * MINUTE)
    assert not Alert.objects.filter(live=True).exists()


def test_an_alert_of_a_clock_is_called_by_what_its_rule_is_called() -> None:
    title = {"en": "First report", "zh-hans": "首次报送", "zh-hant": "首次報送"}
    ClockRule.objects.filter(pk=started().rule_id).update(title=title)
    ring_due(KNOWN + 130 * MINUTE)
    alert = Alert.objects.get()
    for language, said in (
        ("en", "A report to a regulator falls due: First report, Leak of the mail server"),
        ("zh-hans", "监管报送临近期限：首次报送，Leak of the mail server"),
        ("zh-hant", "監管報送臨近期限：首次報送，Leak of the mail server"),
    ):
        with translation.override(language):
            assert title_of(alert) == said
    ClockRule.objects.filter(code="first").update(current=False)
    with translation.override("en"):
        assert "falls due: first," in title_of(alert)

"""What complaints say of risk: each number is that of the rows behind it, and red is an alert."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from msgspec.structs import replace

from guanlan.response.alerts import title_of
from guanlan.response.alerts.crossing import RED, UNKNOWN
from guanlan.response.complaints import indicators
from guanlan.response.models import Alert, AlertHappening, Complaint, ComplaintCategory
from guanlan.risk.measuring import ensure_indicators, measure_due
from guanlan.risk.models import Indicator
from guanlan.risk.registry import INDICATORS, Measured, Span
from tests.people import person
from tests.response.complaints.rows import NOW, make_complaint

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
NAMES = [name for name in INDICATORS if name.startswith("complaints.")]


def complaint(n: int, **said: Any) -> Complaint:
    row = make_complaint(n)
    for name, value in said.items():
        setattr(row, name, value)
    row.save()
    return row


def measured(name: str, now: dt.datetime = NOW + dt.timedelta(minutes=5)) -> Measured:
    spec = INDICATORS[f"complaints.{name}"]
    return spec.work(Span(now - spec.window, now, {}))


def test_what_came_in_is_counted_in_its_window() -> None:
    for n in range(3):
        complaint(n)
    complaint(9, received=NOW - 2 * DAY)
    assert measured("received").value == 3
    assert measured("received", NOW + 30 * DAY).value == 0


def test_the_window_holds_its_end_and_not_its_beginning() -> None:
    complaint(0, received=NOW)
    assert measured("received", NOW).value == 1
    assert measured("received", NOW + DAY).value == 0


def test_what_is_past_its_time_is_counted_until_the_customer_is_told() -> None:
    late = complaint(0, due=NOW - DAY)
    complaint(1)
    found = measured("past_due")
    assert (found.value, found.volume) == (1, 2)
    late.told, late.state = NOW, "answered"
    late.save()
    assert measured("past_due").value == 0


def test_the_share_in_time_counts_what_is_overdue_against_it() -> None:
    for n in range(3):
        complaint(n, told=NOW, state="answered")
    complaint(3, told=NOW, state="answered", due=NOW - DAY)
    complaint(4, due=NOW - DAY)
    complaint(5, due=NOW - DAY, outcome="duplicate", told=NOW, state="closed")
    complaint(6)
    found = measured("in_time")
    assert (found.value, found.volume) == (3 / 5, 5)


def test_shares_are_of_what_was_judged_and_of_nothing_there_is_none() -> None:
    assert measured("upheld").value is None
    outcomes = ("upheld", "partly", "rejected", "rejected", "withdrawn", "duplicate", "", "")
    for n, outcome in enumerate(outcomes):
        complaint(n, outcome=outcome)
    assert measured("upheld") == Measured(0.5, 4, {"part": 2, "whole": 4})
    assert measured("duplicates").value == 1 / 8


def test_labels_and_ratings() -> None:
    complaint(0, media=True, legal=True)
    complaint(1, regulator=True, satisfaction=2)
    complaint(2, satisfaction=5)
    complaint(3, satisfaction=1, outcome="duplicate")
    assert measured("escalated").value == 2
    found = measured("satisfaction")
    assert (found.value, found.volume) == (3.5, 2)


def test_the_oldest_that_waits() -> None:
    assert measured("oldest").value == 0
    complaint(0, received=NOW - 3 * DAY)
    complaint(1, received=NOW - 9 * DAY, told=NOW, state="answered")
    assert measured("oldest", NOW).value == 3 * 86400


def test_bursts_are_those_that_raise_alerts() -> None:
    code = ComplaintCategory.objects.get(code="other")
    Complaint.objects.bulk_create(
        Complaint(
            origin=f"o{n}", digest="x", brought_by="system", channel="web", category=code,
            risk="operations", subject="x", text="x", masked="x", days=15, touched=NOW,
            received=NOW - (20 * DAY if n == 0 else dt.timedelta(minutes=n)), due=NOW + 9 * DAY,
        )
        for n in range(41)
    )  # fmt: skip
    found = measured("bursts", NOW)
    assert found.value == 1
    assert found.volume >= 40


def only_past_due() -> None:
    Indicator.objects.all().delete()  # their limits came into force when this run began
    ensure_indicators(NOW)
    Indicator.objects.exclude(name="complaints.past_due").update(enabled=False)


@pytest.mark.parametrize("name", NAMES)
def test_every_indicator_of_complaints_leads_to_a_list_that_reads_its_filter(name: str) -> None:
    spec = INDICATORS[name]
    address = spec.drill(Span(NOW - spec.window, NOW, {}))
    client = Client()
    client.force_login(person("risk_owner"))
    client.cookies["guanlan_language"] = "en"
    client.cookies["guanlan_first_steps"] = "seen"
    answer = client.get(address)
    assert answer.status_code == 200
    assert "filter-problem" not in answer.content.decode()
    path = urlsplit(address)
    found = client.get("/api/v1" + path.path, {"q": parse_qs(path.query)["q"][0]})
    assert found.status_code == 200, found.content


def test_the_number_is_that_of_the_list_behind_it() -> None:
    for n in range(4):
        complaint(n, received=NOW - n * dt.timedelta(hours=9))
    spec = INDICATORS["complaints.received"]
    span = Span(NOW - DAY, NOW + dt.timedelta(minutes=1), {})
    query = parse_qs(urlsplit(spec.drill(span)).query)["q"][0]
    client = Client()
    client.force_login(person("risk_owner"))
    rows = client.get("/api/v1/complaints", {"q": query}).json()["items"]
    assert len(rows) == spec.work(span).value == 3


def test_those_that_look_at_the_same_complaints_ask_once() -> None:
    span = Span(NOW - 30 * DAY, NOW, {})
    first = indicators.counts(span)
    complaint(0, received=NOW)
    assert indicators.counts(span) is first


def test_red_raises_one_alert_that_is_told_when_it_is_over_and_left_open() -> None:
    only_past_due()
    rows = [complaint(n, due=NOW - DAY) for n in range(6)]
    measure_due(NOW + dt.timedelta(minutes=1))
    alert = Alert.objects.get(rule=RED)
    assert (alert.category, alert.live) == ("compliance", True)
    assert title_of(alert) == "The indicator “Complaints past their legal time” is red"
    assert alert.evidence[0][0] == "indicator_sample"
    measure_due(NOW + dt.timedelta(minutes=6))
    assert Alert.objects.get(rule=RED).count == 1, "what stays red is not raised again"
    Complaint.objects.filter(pk__in=[one.pk for one in rows]).update(told=NOW, state="answered")
    measure_due(NOW + dt.timedelta(minutes=11))
    alert.refresh_from_db()
    assert alert.live, "who looked into it closes it"
    line = AlertHappening.objects.get(alert=alert, kind="moved")
    assert line.values == {"from": "red", "to": "green"}
    client = Client()
    client.force_login(person("risk_owner"))
    client.cookies["guanlan_language"] = "en"
    text = client.get(f"/alerts/{alert.pk}").content.decode()
    assert "its indicator changed: red → green" in text


def test_unknown_is_an_alert_too(monkeypatch: pytest.MonkeyPatch) -> None:
    only_past_due()
    measure_due(NOW)
    assert not Alert.objects.filter(rule__startswith="risk.").exists()

    def fails(_span: Span) -> Measured:
        raise RuntimeError("out of order")

    spec = INDICATORS["complaints.past_due"]
    monkeypatch.setitem(INDICATORS, spec.name, replace(spec, work=fails))
    measure_due(NOW + dt.timedelta(minutes=5))
    alert = Alert.objects.get(rule=UNKNOWN)
    assert alert.severity == 2

"""What regulators are to hear of an incident: clocks that follow it, and reports filled from it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from guanlan.core.access import SYSTEM, Subject
from guanlan.core.audit import acting
from guanlan.response.clocks.facts import Facts
from guanlan.response.clocks.reporting import draft, mark_sent
from guanlan.response.clocks.running import Times, start_clocks
from guanlan.response.incidents import moving
from guanlan.response.incidents.declaring import declare
from guanlan.response.incidents.duties import known_facts, matter_of
from guanlan.response.incidents.following import add_cost
from guanlan.response.incidents.tasks import add_task
from guanlan.response.incidents.timeline import note
from guanlan.response.models import Incident, RegulatoryReport, RunningClock
from guanlan.response.papers import decide, hand_in
from guanlan.response.terms import Severity
from tests.people import person
from tests.response.clocks.seeds import a_rule
from tests.response.incidents.rows import NOW
from tests.response.plans.conftest import someone

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def declared(**more: Any) -> Incident:
    said: dict[str, Any] = {
        "title": "Leak of the mail server", "category": "privacy", "impact": "major",
        "summary": "Letters were read by strangers", "occurred": NOW - HOUR,
    }  # fmt: skip
    return declare(someone("operations"), now=NOW, **(said | more))


def started(row: Incident, **rule: Any) -> RunningClock:
    made = a_rule(f"rule-{RunningClock.objects.count()}", **rule)
    times = Times(row.known, row.occurred)
    return start_clocks(SYSTEM, matter_of(row), [made], known_facts(row), times, NOW)[0]


def lines(row: Incident) -> list[str]:
    return list(row.entries.order_by("id").values_list("kind", flat=True))


def writer() -> Subject:
    return someone("compliance_officer")


def sent(row: Incident, clock: RunningClock | None, at: dt.datetime) -> RegulatoryReport:
    report = drafted(row, clock)
    hand_in(writer(), report)
    decide(SYSTEM, report, approve=True)
    mark_sent(writer(), report, sent_at=at, how="portal", receipt="r-1", now=at)
    return report


def drafted(row: Incident, clock: RunningClock | None, kind: str = "initial") -> RegulatoryReport:
    with acting(writer()):
        return draft(
            writer(), matter_of(row), regulator="CAC", kind=kind, language="en",
            title="First report", clock=clock, now=NOW,
        )  # fmt: skip


def test_a_clock_that_is_started_for_an_incident_stands_in_its_timeline() -> None:
    row = declared()
    clock = started(row)
    assert (clock.started_at, clock.due) == (NOW, NOW + 4 * HOUR)
    assert lines(row)[-1] == "clock"


def test_more_severity_starts_what_applies_besides_and_gives_no_time_back() -> None:
    row = declared(impact="moderate")
    first = started(row)
    a_rule("for-major", obligation="major", conditions={"grade": "major"}, limit_amount=60)
    moving.change_severity(someone("operations"), row, Severity.critical, "it grew", now=NOW + HOUR)
    second = RunningClock.objects.get(code="for-major")
    assert second.started_at == NOW, "from when it was known, not from when it grew"
    assert second.facts["grade"] == "major"
    moving.change_severity(someone("operations"), row, Severity.low, "shrank", now=NOW + HOUR)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("running", "running")
    assert known_facts(row).grade == "major", "a grade never falls by itself"


def test_an_incident_without_clocks_gets_none_by_its_severity() -> None:
    row = declared(impact="moderate")
    a_rule("for-all")
    moving.change_severity(someone("operations"), row, Severity.critical, "it grew", now=NOW)
    assert not RunningClock.objects.exists()


def test_what_waits_for_the_end_starts_once_it_is_handled() -> None:
    row = declared()
    started(row)
    a_rule("closing", start_event="handled", after="first", limit_amount=30 * 24 * 60,
           report_kind="closing", obligation="closing")  # fmt: skip
    moving.stabilise(someone("operations"), row, now=NOW + 2 * HOUR, at=NOW + HOUR)
    assert RunningClock.objects.get(code="closing").started_at == NOW + HOUR
    moving.close(someone("operations"), row, now=NOW + 5 * HOUR, reason="the report follows")
    assert RunningClock.objects.get(code="closing").started_at == NOW + HOUR


def test_closing_stops_no_clock_and_asks_why() -> None:
    row = declared()
    clock = started(row)
    moving.stabilise(someone("operations"), row, now=NOW + HOUR)
    with pytest.raises(ValidationError, match="1 clocks wait for a report"):
        moving.close(someone("operations"), row, now=NOW + HOUR)
    moving.close(someone("operations"), row, now=NOW + HOUR, reason="all is well again")
    clock.refresh_from_db()
    assert clock.state == "running"


def test_the_first_report_that_was_sent_says_when_it_was_reported() -> None:
    row = declared()
    clock = started(row)
    sent(row, clock, NOW + 3 * HOUR)
    sent(row, None, NOW + 2 * HOUR)
    row.refresh_from_db()
    clock.refresh_from_db()
    assert row.reported == NOW + 2 * HOUR, "the earliest of them"
    assert clock.state == "met"
    assert lines(row)[-5:] == ["draft", "reported", "clock_ended", "draft", "reported"]


def test_a_report_is_filled_from_the_incident() -> None:
    row = declared()
    clock = started(row)
    operations = someone("operations")
    add_task(operations, row, "Change all passwords", NOW + HOUR, now=NOW)
    add_cost(operations, row, "loss", "CNY", amount=120_000, now=NOW)
    note(operations, row, "The door is shut", now=NOW)
    text = str(drafted(row, clock).text)
    for part in ("Letters were read by strangers", "Change all passwords",
                 "2027-03-01", "Leak of the mail server"):  # fmt: skip
        assert part in text, part
    assert "## Occurred at\n[not yet known]" not in text
    assert "1,200.00" in str(drafted(row, clock, "closing").text)


def test_a_report_tells_nothing_of_an_incident_its_writer_does_not_see() -> None:
    row = declared(confidential=True)
    assert matter_of(row).label == f"#{row.pk}"
    text = str(drafted(row, None).text)
    assert "strangers" not in text
    assert "Leak" not in text


def test_the_page_shows_the_clocks_and_starts_them_with_what_is_known(client: Client) -> None:
    row = declared()
    clock = started(row)
    client.force_login(person("compliance_officer", "cleo"))
    page = client.get(reverse("incident", args=[row.pk])).content.decode()
    assert reverse("clock", args=[clock.pk]) in page
    address = f"{reverse('start_clocks')}?noun=response.incident&amp;id={row.pk}"
    assert address in page
    form = client.get(address.replace("&amp;", "&")).content.decode()
    assert "Leak of the mail server" in form
    said = {
        "label": "Leak of the mail server", "noun": "response.incident", "id": str(row.pk),
        "known": "2026-11-01T17:00", "roles": ["network_operator"], "start": "1",
        "rule": str(a_rule("other", obligation="other").pk),
    }  # fmt: skip
    answer = client.post(reverse("start_clocks"), said)
    assert answer.headers["Location"] == reverse("incident", args=[row.pk])
    assert RunningClock.objects.filter(code="other", about_id=str(row.pk)).exists()


def test_what_is_known_of_a_confidential_incident_is_told_to_nobody_else(client: Client) -> None:
    row = declared(confidential=True)
    client.force_login(person("compliance_officer", "cleo"))
    asked = {"noun": "response.incident", "id": str(row.pk)}
    page = client.get(reverse("start_clocks"), asked).content.decode()
    assert "Leak" not in page


def test_facts_of_an_incident_begin_with_its_category() -> None:
    assert known_facts(declared()) == Facts(events=("data",), grade="larger")

"""The screens of clocks, their rules and calendars."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, ClassVar

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from guanlan.core.access import Subject
from guanlan.response.models import BusinessCalendar, ClockRule, Disclosure, RunningClock
from tests.people import person
from tests.response.clocks.seeds import a_calendar, a_clock, a_rule
from tests.web.resource_suite import ResourceSuite

TICKED = re.compile(r'name="conditions-[^>]* checked')
HOURS = {f"day_{n}": "09:00-18:00" for n in range(5)} | {"day_5": "", "day_6": ""}


class TestClocks(ResourceSuite):
    noun = "response.runningclock"

    def make(self, n: int) -> RunningClock:
        return a_clock(n)


class TestRules(ResourceSuite):
    noun = "response.clockrule"
    form: ClassVar[dict[str, Any]] = {
        "code": "own", "regulator": "CAC", "jurisdiction": "CN", "obligation": "own",
        "limit_kind": "elapsed", "limit_amount": "60", "start_event": "known",
        "report_kind": "initial", "conditions": "{}", "source": "Law, Art. 2",
        "effective_from": "2026-01-01", "reason": "a new law", "title_zh_hans": "首报",
        "trigger_zh_hans": "发生事件",
    }  # fmt: skip

    def make(self, n: int) -> ClockRule:
        return a_rule(f"rule-{n}")


class TestCalendars(ResourceSuite):
    noun = "response.businesscalendar"
    form: ClassVar[dict[str, Any]] = {
        "code": "de",
        "name": "Germany",
        "zone": "Europe/Berlin",
        **HOURS,
    }

    def make(self, n: int) -> BusinessCalendar:
        return a_calendar(n)


@pytest.fixture
def browser(officer: Subject) -> Client:
    client = Client()
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    return client


def local(moment: dt.datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"


def facts(**more: object) -> dict[str, object]:
    known = timezone.now() - dt.timedelta(minutes=30)
    return {"label": "Leak of the mail server", "known": local(known),
            "roles": ["network_operator"], "events": ["data"], "kinds": ["personal"],
            "persons": "1200000", **more}  # fmt: skip


def test_from_facts_to_clocks(browser: Client) -> None:
    address = reverse("start_clocks")
    assert "Which rules apply?" in browser.get(address).content.decode()
    shown = browser.post(address, facts()).content.decode()
    assert "larger (from 1,200,000 persons), at least larger" in shown
    assert "not yet known: measures have kept harm from the persons" in shown
    assert "it is for: bank or insurer under NFRA" in shown
    assert not RunningClock.objects.exists(), "a proposal starts nothing"
    rule = ClockRule.objects.get(code="cac-operator")
    answer = browser.post(address, facts(start="1", rule=[rule.pk]), follow=True)
    text = answer.content.decode()
    assert "1 clock runs." in text
    assert "left of 4 h, from" in text
    assert "Leak of the mail server" in text


def test_what_is_missing_or_wrong_is_said_beside_its_field(browser: Client) -> None:
    address = reverse("start_clocks")
    answer = browser.post(address, facts(label="", known="", roles=[]))
    assert answer.status_code == 422
    assert answer.content.decode().count('class="field-error"') == 3
    ahead = local(timezone.now() + dt.timedelta(hours=2))
    rule = ClockRule.objects.get(code="dsl-29")
    answer = browser.post(address, facts(known=ahead, start="1", rule=[rule.pk]))
    assert answer.status_code == 422
    assert "This time lies ahead." in answer.content.decode()
    answer = browser.post(address, facts(start="1"))
    assert "Choose at least one rule." in answer.content.decode()
    part = browser.post(address, {"_field": "persons", "persons": "-3"})
    assert "<html" not in part.content.decode()


def test_a_clock_is_marked_as_sent_and_it_stands_in_the_register(browser: Client) -> None:
    clock = a_clock(20)
    at = local(timezone.now() - dt.timedelta(minutes=1))
    said = {"sent_at": at, "how": "phone", "words": "read to Ms. Li, no. 7"}
    answer = browser.post(reverse("clocks_do", args=[clock.pk, "sent"]), said, follow=True)
    assert "It is marked as sent." in answer.content.decode()
    clock.refresh_from_db()
    assert clock.state == "met"
    line = Disclosure.objects.get()
    assert (line.how, line.recipient, line.words) == ("phone", "the authority", said["words"])


def test_a_rule_nobody_has_checked_looks_so_until_it_is(browser: Client) -> None:
    rule = ClockRule.objects.get(code="pboc-brief")
    address = reverse("clock_rule", args=[rule.pk])
    assert (
        '<span class="state unknown">not verified</span>' in browser.get(address).content.decode()
    )
    browser.post(reverse("clock_rules_do", args=[rule.pk, "verify"]))
    text = browser.get(address).content.decode()
    assert '<span class="state on">verified</span>' in text
    assert "verified by owner on" in text


@pytest.mark.parametrize(
    ("language", "label"), [("en", "Trigger (English)"), ("zh-hant", "觸發條件（繁體中文）")]
)
def test_the_texts_of_a_rule_are_asked_for_in_the_language_of_the_reader(
    browser: Client, language: str, label: str
) -> None:
    browser.cookies["guanlan_language"] = language
    address = reverse("clock_rules_new")
    assert label in browser.get(address).content.decode()
    assert "slug" not in browser.post(address, {"code": "not one!"}).content.decode()


def test_a_change_of_a_rule_makes_a_version_with_a_reason(browser: Client) -> None:
    rule = ClockRule.objects.get(code="pboc-brief")
    address = reverse("clock_rules_edit", args=[rule.pk])
    form = browser.get(address).context["form"]
    values = {
        name: "" if (value := form[name].value()) is None or value is False else value
        for name in form.fields
    } | {"conditions": '{"roles": ["pboc_supervised"]}', "limit_amount": "60",
         "reason": "read in the final text"}  # fmt: skip
    stamp = browser.get(address).context["stamp"]
    answer = browser.post(address, values | {"_stamp": stamp})
    assert answer.status_code == 302, answer.content.decode()
    made = ClockRule.objects.get(code="pboc-brief", current=True)
    assert (made.version, made.limit_amount, made.verified) == (2, 60, False)
    assert made.reason == "read in the final text"
    address = reverse("clock_rules_edit", args=[made.pk])
    stamp = browser.get(address).context["stamp"]
    bad = {"conditions": '{"moon": "full"}', "limit_amount": "-5", "_stamp": stamp}
    wrong = browser.post(address, values | bad)
    text = wrong.content.decode()
    assert "There is no condition moon." in text
    assert "a limit of -5 minutes: expected 1 to" in text


def test_conditions_are_chosen_in_fields_and_stand_in_words(browser: Client) -> None:
    rule = ClockRule.objects.get(code="pboc-brief")
    address = reverse("clock_rules_edit", args=[rule.pk])
    page = browser.get(address)
    text = page.content.decode()
    assert "The grade is at least" in text
    assert 'name="conditions"' not in text, "nothing is typed as JSON"
    form = page.context["form"]
    values = {
        name: "" if (value := form[name].value()) is None or value is False else value
        for name in form.fields
        if name != "conditions"
    } | {"conditions-roles": ["bank_insurer", "eu_financial"], "conditions-kinds": ["core"],
         "conditions-grade": "major", "conditions-flag_high_risk": "no",
         "reason": "read in the final text", "_stamp": page.context["stamp"]}  # fmt: skip
    bad = browser.post(address, values | {"limit_amount": "-5"})
    assert bad.status_code == 422
    kept = bad.content.decode()
    assert len(TICKED.findall(kept)) == 3, "what was chosen is kept"
    assert '<option value="major" selected>' in kept
    assert browser.post(address, values).status_code == 302
    made = ClockRule.objects.get(code="pboc-brief", current=True)
    assert made.conditions == {
        "roles": ["bank_insurer", "eu_financial"], "kinds": ["core"], "grade": "major",
        "flags": {"high_risk": False},
    }  # fmt: skip
    edit = browser.get(reverse("clock_rules_edit", args=[made.pk])).content.decode()
    assert len(TICKED.findall(edit)) == 3
    shown = browser.get(reverse("clock_rule", args=[made.pk])).content.decode()
    assert "bank or insurer under NFRA" in shown
    assert "bank_insurer" not in shown


def test_a_program_sends_conditions_as_json_and_what_it_leaves_out_stays(browser: Client) -> None:
    rule = ClockRule.objects.get(code="pboc-brief")
    address = f"/api/v1/clock-rules/{rule.pk}"
    tag = browser.get(address)["ETag"]
    answer = browser.patch(
        address, {"limit_amount": 90, "reason": "read again"}, content_type="application/json",
        headers={"If-Match": tag},
    )  # fmt: skip
    assert answer.status_code == 200, answer.content.decode()
    made = ClockRule.objects.get(code="pboc-brief", current=True)
    assert (made.limit_amount, made.conditions) == (90, rule.conditions)
    address = f"/api/v1/clock-rules/{made.pk}"
    answer = browser.patch(
        address,
        {"conditions": '{"events": ["outage"]}', "reason": "read once more"},
        content_type="application/json",
        headers={"If-Match": browser.get(address)["ETag"]},
    )
    assert answer.status_code == 200, answer.content.decode()
    newest = ClockRule.objects.get(code="pboc-brief", current=True)
    assert newest.conditions == {"events": ["outage"]}


def test_a_year_is_entered_as_the_notice_says_it(browser: Client) -> None:
    calendar = BusinessCalendar.objects.get(code="cn")
    address = reverse("calendar", args=[calendar.pk])
    assert "no holidays known" in browser.get(address).content.decode()
    act = reverse("calendars_do", args=[calendar.pk, "year"])
    values = {"year": "2027", "source": "Notice 1", "verified": "1"}
    wrong = browser.post(act, values | {"days": "2027-01-01 holiday\n2027-02-31 work"})
    assert "Line 2: write it like" in wrong.content.decode()
    wrong = browser.post(act, values | {"days": "2026-01-01 holiday"})
    assert "Line 1: expected days of 2027" in wrong.content.decode()
    days = "2027-02-06..2027-02-12 holiday 春节\n2027-02-20 work"
    assert browser.post(act, values | {"days": days}).status_code == 302
    assert calendar.days.filter(day__year=2027).count() == 8
    year = calendar.years.get(year=2027)
    assert (year.verified, year.checked_by) == (True, "owner")
    first, last = (f'<span class="nowrap">2027-02-{n}</span>' for n in ("06", "12"))
    assert f"{first} – {last}" in browser.get(address).content.decode()

"""The screens of measures: what it is worth, its steps, what is due, the guide, the catalogue."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from guanlan.risk.measure.catalogue import LANGUAGES, catalogue
from guanlan.risk.measure.testing import TESTS
from guanlan.risk.models import Measure, MeasureEffect, MeasureStep
from guanlan.risk.terms import CATEGORIES
from tests.people import person
from tests.risk.measure.rows import measure, owner, risk

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return browser("risk_owner")


def browser(role: str, language: str = "en") -> Client:
    made = Client()
    made.force_login(person(role, f"the-{role}"))
    made.cookies["guanlan_language"] = language
    made.cookies["guanlan_first_steps"] = "seen"
    return made


def test_the_page_says_what_it_is_worth_what_is_done_and_that_nobody_tested_it(
    client: Client,
) -> None:
    row = measure(on=risk())
    text = client.get(reverse("measure", args=[row.pk])).content.decode()
    for words in ("R-001 Risk 1", "50 %", "Look", "Operations", "no evidence is no effect"):
        assert words in text, words
    assert client.get(reverse("measures")).status_code == 200


def test_one_is_written_steps_are_added_and_it_begins(client: Client) -> None:
    owner()
    said = {
        "title": "Accesses are reviewed", "purpose": "So that nobody keeps them.",
        "category": "security", "acts": "preventive", "layer": "prevention", "owner": "a-owner",
        "every_days": "30", "setup": "0", "yearly": "1200.50",
    }  # fmt: skip
    client.post(reverse("measures_new"), said | {"owner": ""})
    assert not Measure.objects.exists()
    client.post(reverse("measures_new"), said)
    row = Measure.objects.get()
    assert row.yearly == 120_050
    page = reverse("measure", args=[row.pk])
    assert "Nobody owns it" not in client.get(page).content.decode()
    assert "No step says what is done" in client.get(page).content.decode()


def test_a_step_is_changed_by_the_names_of_roles_and_taken_out(client: Client) -> None:
    row = measure(state="planned")
    address = reverse("measure_step", args=[row.pk, 1])
    assert client.get(address).status_code == 200
    client.post(address, {"title": "Look again", "responsible": "Operations, Privacy officer"})
    step = MeasureStep.objects.get()
    assert (step.title, step.responsible) == ("Look again", "operations, privacy_officer")
    client.post(reverse("measure_step_remove", args=[row.pk, 1]))
    assert not MeasureStep.objects.exists()


def test_the_guide_of_a_role_has_what_it_has_a_part_in(client: Client) -> None:
    measure(1, title="For operations")
    other = measure(2, title="For nobody else")
    MeasureStep.objects.filter(measure=other).update(responsible="privacy_officer")
    for route in ("guide", "guide_print"):
        everything = client.get(reverse(route)).content.decode()
        assert "For operations" in everything
        assert "For nobody else" in everything
        one = client.get(reverse(route), {"role": "operations"}).content.decode()
        assert "For operations" in one
        assert "For nobody else" not in one


def test_the_calendar_shows_a_month_of_everybody_or_of_one(client: Client) -> None:
    row = measure()
    month = f"{row.duties.get().due:%Y-%m}"
    text = client.get(reverse("duty_calendar"), {"month": month}).content.decode()
    assert "M-001 Measure 1" in text
    mine = client.get(reverse("duty_calendar"), {"month": month, "who": "me"}).content.decode()
    assert "M-001 Measure 1" not in mine
    assert client.get(reverse("duty_calendar"), {"month": "9999-99"}).status_code == 200


def test_what_is_taken_over_is_planned_and_follows_the_readers_language() -> None:
    key = next(iter(catalogue()))
    client = browser("compliance_officer", "zh-hans")
    assert client.get(reverse("measure_catalogue")).status_code == 200
    client.post(reverse("measure_take"), {"keys": [key], "owner": "the-compliance_officer"})
    row = Measure.objects.get()
    assert row.title == catalogue()[key].title[1]
    assert (row.state, row.steps.count()) == ("planned", len(catalogue()[key].steps))
    client.cookies["guanlan_language"] = "en"
    assert catalogue()[key].title[0] in client.get(reverse("measures")).content.decode()
    again = client.post(reverse("measure_take"), {"keys": [key], "owner": "the-compliance_officer"})
    assert again.status_code == 422
    assert "M-001 is this measure already" in again.content.decode()


def test_every_measure_of_the_catalogue_is_whole() -> None:
    for one in catalogue().values():
        assert len(one.title) == len(LANGUAGES)
        assert one.acts in Measure.Acts.values, one.key
        assert len(one.steps) >= 2, one.key
        assert all(step.responsible for step in one.steps), one.key


def test_an_effect_is_said_on_the_page(client: Client) -> None:
    row, danger = measure(state="planned"), risk()
    said = {"risk": danger.pk, "design": "0.4", "coverage": "0.9", "reason": "As measured in May."}
    client.post(f"{reverse('measure', args=[row.pk])}/do/effect", said)
    assert MeasureEffect.objects.get().design == 0.4


def test_a_duty_is_done_on_its_page() -> None:
    duty = measure().duties.get()
    client = Client()
    client.force_login(owner())
    client.post(f"{reverse('duty', args=[duty.pk])}/do/done", {"evidence": "Looked at the list."})
    duty.refresh_from_db()
    assert duty.done_by == owner()


def test_the_catalogue_has_something_against_every_kind_of_risk() -> None:
    assert len(catalogue()) >= 20
    assert {one.category for one in catalogue().values()} == {*CATEGORIES}
    assert {one.test for one in catalogue().values()} <= {"", *TESTS}

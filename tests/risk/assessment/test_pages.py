"""The screens of assessments: planned, answered, signed with proof, verified."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from guanlan.core.models import User
from guanlan.risk.models import Assessment
from tests.people import confirm
from tests.risk.assessment import scene

pytestmark = pytest.mark.django_db


def browser(user: User, proven: bool = False) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["guanlan_language"] = "en"
    client.cookies["guanlan_first_steps"] = "seen"
    if proven:
        confirm(client)
    return client


def act(name: str, row: object, route: str = "assessments") -> str:
    return reverse(f"{route}_do", args=[row.pk, name])  # type: ignore[attr-defined]


def test_it_is_planned_on_a_page() -> None:
    found = scene.scene()
    values = {
        "title": "First quarter", "kind": "quarterly", "begin": "2027-01-01", "end": "2027-03-31",
        "due": "2099-04-10T12:00", "signatures": "2",
    }  # fmt: skip
    answer = browser(found.owner).post(reverse("assessments_new"), values)
    assert answer.status_code == 302
    assert Assessment.objects.get(title="First quarter").state == "draft"


def test_the_owner_answers_and_hands_in() -> None:
    found = scene.opened()
    item, client = found.items()[0], browser(found.owner)
    form = {key: given.value for key, given in scene.GOOD.items()}
    wrong = client.post(act("answer", item, "assessed_risks"), form)
    assert "Name what shows it" in wrong.content.decode()
    form["measures_evidence"] = "report 7"
    assert client.post(act("answer", item, "assessed_risks"), form).status_code == 302
    client.post(act("accept", item, "assessed_risks"))
    client.post(act("hand_in", item, "assessed_risks"))
    item.refresh_from_db()
    assert (item.state, item.verdict) == ("answered", "accept")
    page = client.get(reverse("assessed_risk", args=[item.pk])).content.decode()
    assert "report 7" in page


def test_signing_asks_for_proof_first() -> None:
    found = scene.signing()
    browser(found.chair).post(act("sign", found.row))
    assert not found.row.said.exists()
    browser(found.chair, proven=True).post(act("sign", found.row))
    assert found.row.said.count() == 1


def test_the_page_of_a_signed_one_says_that_everything_holds() -> None:
    found = scene.signed()
    page = browser(found.chair).get(reverse("assessment", args=[found.row.pk])).content.decode()
    assert "Is it still what was signed?" in page
    assert "does not hold" not in page
    assert "R-001" in page


def test_lists_show_what_is_there() -> None:
    found = scene.opened()
    client = browser(found.owner)
    assert "Fourth quarter" in client.get(reverse("assessments"), {"q": ""}).content.decode()
    assert "R-002" in client.get(reverse("assessed_risks"), {"q": "owner:me"}).content.decode()

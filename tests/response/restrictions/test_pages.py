"""The screens of restrictions: lists, pages, forms; keys masked and in no address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from guanlan.core.access import SYSTEM, subject_of
from guanlan.response.entities import Named
from guanlan.response.kinds import Kind
from guanlan.response.models import Appeal, NeverBlock, Restriction, Sink
from guanlan.response.restrictions import Terms, appeal, propose, protect_and_lift
from guanlan.web.resource import resource_of
from tests.people import confirm, person
from tests.web.resource_suite import ResourceSuite

pytestmark = pytest.mark.django_db
PROPOSAL = {
    "kind": "user", "key": "anna-the-first", "effect": "limit", "capabilities": ["transfer_out"],
    "event_amount": "500.00", "window_count": "3", "window": "24", "currency": "CNY",
    "lasts": "24", "reason_code": "scam", "reason": "told by her sister", "told": "scam",
}  # fmt: skip


def made(n: int = 0, key: str = "anna-the-first") -> Restriction:
    terms = Terms(effect="block", reason_code="takeover", reason="told by her sister")
    return propose(SYSTEM, Named("user", f"{key}-{n}"), terms)


class TestRestrictions(ResourceSuite):
    noun = "response.restriction"
    form: ClassVar[dict[str, Any]] = PROPOSAL
    secret = "anna-the-first"

    def make(self, n: int) -> Restriction:
        return made(n)


class TestNeverBlocked(ResourceSuite):
    noun = "response.neverblock"
    form: ClassVar[dict[str, Any]] = {
        "kind": "user", "key": "anna-the-first", "reason": "test account of the desk",
    }  # fmt: skip
    secret = "anna-the-first"

    def make(self, n: int) -> NeverBlock:
        pk, _ended = protect_and_lift(
            SYSTEM, kind="user", key=f"anna-the-first-{n}", reason="test account of the desk"
        )
        return NeverBlock.objects.get(pk=pk)


class TestAppeals(ResourceSuite):
    noun = "response.appeal"

    def make(self, n: int) -> Appeal:
        watched = propose(
            SYSTEM, Named("user", f"u-{n}"), Terms(effect="watch", reason_code="inquiry")
        )
        return appeal(SYSTEM, watched, by="customer", text="I am anna-the-first.")


class TestSinks(ResourceSuite):
    noun = "response.sink"

    def make(self, n: int) -> Sink:
        return Sink.objects.create(name=f"sink-{n:03}")


def browser(role: str, name: str = "") -> Client:
    client = Client()
    client.force_login(person(role, name))
    confirm(client)
    client.cookies["guanlan_language"] = "en"
    return client


def test_a_limit_is_proposed_in_major_units_and_shown_to_who_decides() -> None:
    analyst, owner = browser("fraud_analyst", "ann"), browser("risk_owner", "ben")
    answer = analyst.post(reverse("restrictions_new"), PROPOSAL)
    row = Restriction.objects.get()
    assert answer.headers["Location"] == reverse("restriction", args=[row.pk])
    assert (row.event_amount, row.window_count, row.window_seconds) == (50_000, 3, 86_400)
    assert row.state == "proposed"
    page = owner.get(reverse("restriction", args=[row.pk])).content.decode()
    assert "told by her sister" in page
    assert "¥500.00 at a time" in page
    assert "This may be a scam." in page
    assert "anna-the-first" not in page
    colleague = browser("operations").get(reverse("restriction", args=[row.pk])).content.decode()
    assert "told by her sister" not in colleague
    address = reverse("restrictions_do", args=[row.pk, "approve"])
    assert analyst.post(address).status_code == 403
    owner.post(address)
    row.refresh_from_db()
    assert (row.state, row.approver_id) == ("in_force", row.approver_id)
    assert row.approver is not None
    assert row.approver.get_username() == "ben"


def test_approving_and_lifting_ask_who_it_is() -> None:
    row = made()
    client = Client()
    client.force_login(person("risk_owner", "ben"))
    answer = client.post(reverse("restrictions_do", args=[row.pk, "approve"]))
    assert "_proof-password" in answer.content.decode()
    row.refresh_from_db()
    assert row.state == "proposed"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"currency": ""}, "currency"),
        ({"currency": "JPY"}, "event_amount"),
        ({"event_amount": "0"}, "event_amount"),
        ({"kind": "rocket"}, "kind"),
        ({"key": "*"}, "key"),
        ({"capabilities": ["fly"]}, "capabilities"),
        ({"window": ""}, "window"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    typed: dict[str, Any], field: str
) -> None:
    changed = PROPOSAL | ({"event_amount": "500.5"} if typed == {"currency": "JPY"} else {})
    answer = browser("fraud_analyst").post(reverse("restrictions_new"), changed | typed)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert [*form.errors] == [field]
    assert "told by her sister" in answer.content.decode()
    assert not Restriction.objects.exists()


def test_filters_find_by_capability_state_and_nearness_of_the_end() -> None:
    client = browser("owner")
    client.post(reverse("restrictions_new"), PROPOSAL)
    made(1)
    watched = Terms(effect="watch", reason_code="inquiry",
                    expires=timezone.now() + timedelta(hours=2))  # fmt: skip
    propose(SYSTEM, Named("user", "u-9"), watched)
    for query, found in (
        ("capability:transfer_out", 1), ("state:proposed", 2), ("effect:watch", 1),
        ("soon:yes", 1), ("kind:user", 3), ("automatic:yes", 0),
    ):  # fmt: skip
        page = client.get(reverse("restrictions"), {"q": query})
        assert len(page.context["rows"]) == found, query


def test_an_appeal_goes_from_the_page_to_another_person() -> None:
    author = person("risk_owner", "ben")
    row = propose(
        subject_of(author), Named("user", "u-1"), Terms(effect="watch", reason_code="inquiry")
    )
    clerk = browser("customer_service")
    said = {"by": "customer", "text": "I never did this."}
    clerk.post(reverse("restrictions_do", args=[row.pk, "appeal"]), said)
    one = Appeal.objects.get()
    decide = reverse("restriction_appeals_do", args=[one.pk, "decide"])
    answer = {"outcome": "lifted", "answer": "The device is theirs."}
    own = Client()
    own.force_login(author)
    confirm(own)
    assert own.post(decide, answer).status_code == 403
    browser("compliance_officer").post(decide, answer)
    row.refresh_from_db()
    assert row.state == "lifted"


def test_the_api_makes_one_and_tells_no_key() -> None:
    client = browser("owner")
    address = reverse(f"api_{resource_of('response.restriction').route}")
    answer = client.post(address, PROPOSAL, content_type="application/json")
    assert answer.status_code == 201, answer.content
    assert "anna-the-first" not in client.get(address).content.decode()
    refused = client.post(address, PROPOSAL | {"key": "*"}, content_type="application/json")
    assert refused.status_code == 422
    assert refused.json()["error"]["field"] == "key"


def test_the_text_of_an_appeal_is_masked_but_for_who_decides() -> None:
    watched = propose(SYSTEM, Named("user", "u"), Terms(effect="watch", reason_code="inquiry"))
    one = appeal(SYSTEM, watched, by="customer", text="I am anna-the-first.")
    page = reverse("restriction_appeal", args=[one.pk])
    assert "anna-the-first" in browser("risk_owner").get(page).content.decode()
    clerk = browser("fraud_analyst")
    for address in (page, reverse("restriction_appeals"), reverse("api_restriction_appeals")):
        assert "anna-the-first" not in clerk.get(address).content.decode()


def test_nobody_protects_the_whole_world_of_a_bad_name() -> None:
    with pytest.raises(ValidationError):
        protect_and_lift(SYSTEM, kind="No Kind", key="", reason="because it is so")


def test_keys_of_level_2_tell_restrictions_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    made(1, "u")
    made(2, "u")
    owner, address = browser("owner"), reverse("restrictions") + "?q="
    text = owner.get(address).content.decode()
    assert "u-1" not in text
    assert "•••" in text
    open_kind = {"user": Kind("user", 2)}
    monkeypatch.setattr("guanlan.response.kinds._more", [lambda: open_kind])
    text = owner.get(address).content.decode()
    assert "u-1" in text
    assert "u-2" in text

"""Screens of people, roles, requests and emergency access."""

from __future__ import annotations

import pytest
from django.test import Client

from guanlan.core.access import subject_of
from guanlan.core.models import AccessGrant, RoleAssignment, User
from tests.people import confirm, person

pytestmark = pytest.mark.django_db

WISH = {
    "verb": "reveal", "noun": "fraud.entity", "level": "3", "purpose": "incident_response",
    "minutes": "30", "reason": "incident 7 is open",
}  # fmt: skip


@pytest.fixture
def english(client: Client) -> Client:
    client.cookies["guanlan_language"] = "en"
    return client


def test_an_owner_gives_and_takes_a_role_and_sets_a_clearance(english: Client) -> None:
    english.force_login(person("owner"))
    confirm(english)
    user = person(None, "li.na")
    assert "li.na" in english.get("/settings/people").content.decode()
    english.post(f"/settings/people/{user.pk}/role", {"role": "fraud_analyst", "scope": "*"})
    english.post(
        f"/settings/people/{user.pk}/clearance", {"level": "3", "purposes": ["legal_duty"]}
    )
    subject = subject_of(user)
    assert subject.roles == {"fraud_analyst"}
    assert subject.clearance == 3
    assert "Fraud analyst" in english.get(f"/settings/people/{user.pk}").content.decode()
    english.post(f"/settings/roles/{RoleAssignment.objects.get(person=user).pk}/end")
    assert subject_of(user).roles == set()


def test_nobody_promotes_themselves_by_a_form(english: Client) -> None:
    for role in ("owner", "administrator", "privacy_officer"):
        user = person(role)
        english.force_login(user)
        confirm(english)
        for wanted in ("owner", "risk_owner"):
            path = f"/settings/people/{user.pk}/role"
            answer = english.post(path, {"role": wanted, "scope": "*", "given_by": "1"})
            assert answer.status_code == 403
        assert english.post(f"/settings/people/{user.pk}/clearance", {"level": "4"}).status_code
        assert subject_of(User.objects.get(pk=user.pk)).roles == {role}


def test_the_directory_is_for_those_who_may_see_people(english: Client) -> None:
    other = person(None, "hidden.person")
    english.force_login(person("customer_service"))
    for path in ("/settings/people", f"/settings/people/{other.pk}", "/settings/people/999999"):
        answer = english.get(path)
        assert answer.status_code == 403  # alike, whether there is such a person or not
        assert "hidden.person" not in answer.content.decode()


def test_one_id_is_resolved_once_and_checked(english: Client) -> None:
    """The grant named in the address is the one that is decided, whatever the form says."""
    mine, theirs = person("privacy_officer", clearance=4), person("operations")
    english.force_login(theirs)
    english.post("/settings/access/ask", WISH)
    english.force_login(mine)
    confirm(english)
    english.post("/settings/access/ask", WISH)
    own, other = AccessGrant.objects.get(person=mine), AccessGrant.objects.get(person=theirs)
    answer = english.post(
        f"/settings/access/{own.pk}/decide", {"answer": "approve", "identity": other.pk}
    )
    assert answer.status_code == 403
    assert not AccessGrant.objects.exclude(decided=None).exists()
    english.post(f"/settings/access/{other.pk}/decide", {"answer": "approve"})
    assert list(AccessGrant.objects.exclude(decided=None)) == [other]


def test_a_request_is_always_ones_own_and_a_foreign_person_is_not_taken(english: Client) -> None:
    """Writable foreign keys: what the form names beyond its fields is not written."""
    victim, user = person("owner"), person("operations")
    english.force_login(user)
    english.post("/settings/access/ask", WISH | {"person": victim.pk, "approved": "1"})
    grant = AccessGrant.objects.get()
    assert (grant.person, grant.approved, grant.starts) == (user, None, None)


def test_the_glass_breaks_only_for_who_is_confirmed(english: Client) -> None:
    owner, user = person("owner"), person("operations")
    english.force_login(user)
    assert 'name="minutes" type="number" min="15"' not in (
        english.get("/settings/access").content.decode()
    )
    assert english.get("/settings/access/emergency")["Location"].startswith("/account/confirm?")
    english.post("/settings/access/emergency", WISH)
    assert not AccessGrant.objects.exists()
    confirm(english)
    assert english.get("/settings/access/emergency")["Location"] == "/settings/access"
    assert not AccessGrant.objects.exists()
    assert 'name="minutes" type="number" min="15"' in (
        english.get("/settings/access").content.decode()
    )
    english.post("/settings/access/emergency", WISH)
    grant = AccessGrant.objects.get()
    assert grant.broken_glass
    english.force_login(owner)
    assert "not yet reviewed" in english.get("/settings/people").content.decode()
    form = {"answer": "justified", "reason": "the incident was real"}
    english.post(f"/settings/access/{grant.pk}/review", form)
    grant.refresh_from_db()
    assert (grant.justified, grant.reviewed_by) == (True, owner)


def test_a_refusal_says_which_right_is_missing_and_where_to_ask(english: Client) -> None:
    english.force_login(person("communications"))
    text = english.get("/settings/policy").content.decode()
    assert "You lack the right “see” for “Policy”." in text
    assert "My access" in text
    assert english.get("/settings/access").status_code == 200


def test_the_auditor_sees_the_policy_and_can_send_none_of_the_forms(english: Client) -> None:
    user = person(None, "other")
    english.force_login(person("auditor"))
    assert "Fraud analyst" in english.get("/settings/policy").content.decode()
    for path in ("ask", "emergency", "1/decide", "1/review"):
        assert english.post(f"/settings/access/{path}", WISH).status_code == 403
    assert english.post(f"/settings/people/{user.pk}/role", {"role": "owner"}).status_code == 403

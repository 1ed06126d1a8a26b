"""Sensitive acts ask the person to prove who they are, with whatever they have."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.http import HttpRequest, HttpResponse
from django.test import Client
from msgspec import structs
from pytest_django import Settings

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.access import subject_of
from guanlan.core.access.granting import ask
from guanlan.core.models import (
    AccessGrant,
    ApiKey,
    Channel,
    Clearance,
    Invitation,
    RoleAssignment,
    SignedIn,
    User,
)
from guanlan.core.people.session_store import kept_key
from guanlan.web.pages.keys import KEYS
from guanlan.web.resource import acts
from guanlan.web.resource.declared import Action
from tests.people import app_code, confirm, person

pytestmark = pytest.mark.django_db

PASSWORD = "a long pass phrase"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
WISH = {
    "verb": "reveal", "noun": "fraud.entity", "level": "3", "purpose": "incident_response",
    "minutes": "30", "reason": "incident 7 is open",
}  # fmt: skip


@pytest.fixture(autouse=True)
def quick(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def owner() -> User:
    return person("owner", password=PASSWORD)


@pytest.fixture
def english(client: Client, owner: User) -> Client:
    client.cookies["guanlan_language"] = "en"
    client.post("/login", {"username": "owner", "password": PASSWORD})
    return client


class Act(NamedTuple):
    """A sensitive act: where it is posted to, with what, and whether it was done."""

    path: str
    form: dict[str, Any]
    done: Callable[[], bool]


def _grant() -> AccessGrant:
    asking = person("operations")
    wish: dict[str, Any] = {**WISH, "level": 3, "minutes": 30}
    return ask(subject_of(asking), **wish)


def _give_a_role() -> Act:
    other = person(None, "other")
    form = {"role": "operations", "scope": "*"}
    done = RoleAssignment.objects.filter(person=other).exists
    return Act(f"/settings/people/{other.pk}/do/give_role", form, done)


def _take_a_role() -> Act:
    other = person("operations", "other")
    held = RoleAssignment.objects.get(person=other)
    done = RoleAssignment.objects.filter(person=other, until__isnull=False).exists
    return Act(f"/settings/roles/{held.pk}/do/take", {}, done)


def _set_a_clearance() -> Act:
    other = person(None, "other")
    form = {"level": "3", "purposes": ["legal_duty"]}
    done = Clearance.objects.filter(person=other, level=3).exists
    return Act(f"/settings/people/{other.pk}/do/clear", form, done)


def _approve_a_grant() -> Act:
    grant = _grant()
    done = AccessGrant.objects.filter(pk=grant.pk, approved=True).exists
    return Act(f"/settings/access/requests/{grant.pk}/do/approve", {}, done)


def _break_the_glass() -> Act:
    done = AccessGrant.objects.filter(broken_glass=True).exists
    return Act("/settings/access/emergencies/new", WISH, done)


def _make_a_key() -> Act:
    form = {"name": "backend", "scopes": ["events:write"]}
    return Act("/settings/keys/new", form, ApiKey.objects.filter(name="backend").exists)


def _make_a_channel() -> Act:
    form = {"channel_name": "room", "per_minute": "20", "token": "secret-token"}
    return Act("/settings/channels/new/dingtalk", form, Channel.objects.filter(name="room").exists)


def _switch_a_channel() -> Act:
    row = Channel.objects.create(name="room", kind="dingtalk", per_minute=20, config={})
    done = Channel.objects.filter(pk=row.pk, enabled=False).exists
    return Act(f"/settings/channels/{row.pk}/use", {"enabled": "no"}, done)


def _invite() -> Act:
    form = {"email": "new@example.com", "role": "operations"}
    return Act("/settings/invitations/new", form, Invitation.objects.exists)


ACTS = (
    _give_a_role, _take_a_role, _set_a_clearance, _approve_a_grant, _break_the_glass, _make_a_key,
    _make_a_channel, _switch_a_channel, _invite,
)  # fmt: skip


@pytest.mark.parametrize("made", ACTS, ids=lambda made: made.__name__.strip("_"))
def test_a_sensitive_act_is_refused_until_the_person_is_confirmed(
    english: Client, made: Callable[[], Act]
) -> None:
    act = made()
    asked = english.post(act.path, act.form)
    assert asked.status_code == 302
    assert asked["Location"].startswith("/account/confirm?")
    assert not act.done()
    confirm(english, ago=601)  # older than ten minutes
    assert english.post(act.path, act.form)["Location"].startswith("/account/confirm?")
    assert not act.done()
    english.post("/account/confirm", {"password": PASSWORD})
    assert "/account/confirm" not in english.post(act.path, act.form).headers.get("Location", "")
    assert act.done()


def test_emergency_access_has_its_limits_however_often_one_confirms(english: Client) -> None:
    confirm(english)
    for minutes in ("14", "61", "0", "99999999", "-30"):
        english.post("/settings/access/emergencies/new", {**WISH, "minutes": minutes})
        assert not AccessGrant.objects.exists(), minutes
    for _again in range(3):  # the first must be reviewed before there is another
        english.post("/settings/access/emergencies/new", {**WISH, "minutes": "15"})
        confirm(english)
    grant = AccessGrant.objects.get()
    assert grant.ends is not None
    assert grant.starts is not None
    assert (grant.ends - grant.starts).total_seconds() == 15 * 60


def test_a_confirmed_person_comes_back_to_the_page_and_is_told_to_do_it_again(
    english: Client,
) -> None:
    act, page = _switch_a_channel(), "/settings/channels"
    asked = english.post(act.path, act.form, headers={"Referer": f"http://testserver{page}?a=1"})
    assert asked["Location"] == f"/account/confirm?next={page.replace('/', '%2F')}%3Fa%3D1"
    answer = english.post(asked["Location"], {"password": PASSWORD, "next": f"{page}?a=1"})
    assert answer["Location"] == f"{page}?a=1"
    assert not act.done()  # nothing is sent by itself
    again = "It is you. Nothing was done yet: do it once more."
    assert again in english.get(page).content.decode()
    assert again not in english.get(page).content.decode()
    assert not act.done()


def test_a_foreign_page_is_not_led_back_to(english: Client) -> None:
    act = _switch_a_channel()
    asked = english.post(act.path, act.form, headers={"Referer": "https://evil.example/x"})
    assert asked["Location"] == "/account/confirm?next=%2F"
    answer = english.post("/account/confirm", {"password": PASSWORD, "next": "//evil.example/x"})
    assert "evil" not in answer["Location"]


def test_a_part_of_a_page_sends_the_whole_page_to_confirm(english: Client) -> None:
    act = _switch_a_channel()
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/settings/people/7"}
    asked = english.post(act.path, act.form, headers=headers)
    assert asked.status_code == 204
    assert asked["HX-Redirect"] == "/account/confirm?next=%2Fsettings%2Fpeople%2F7"
    assert not act.done()


def test_the_session_goes_on_under_a_new_key_once_confirmed(english: Client, owner: User) -> None:
    before = english.cookies["guanlan_session"].value
    english.post("/account/confirm", {"password": "wrong"})
    assert english.session.session_key == before
    english.post("/account/confirm", {"password": PASSWORD})
    after = english.cookies["guanlan_session"].value
    assert after != before
    assert english.get("/account").status_code == 200
    assert [one.session_key for one in SignedIn.objects.filter(user=owner)] == [kept_key(after)]
    thief = Client()
    thief.cookies["guanlan_session"] = before
    assert thief.get("/account").status_code == 302


def test_a_code_of_the_app_confirms_too(owner: User) -> None:
    TOTP.activate(owner, SECRET)
    client, act = Client(), _give_a_role()
    client.force_login(owner)
    assert client.post(act.path, act.form).status_code == 302
    assert client.post("/account/confirm/code", {"code": app_code(SECRET)}).status_code == 302
    client.post(act.path, act.form)
    assert act.done()


def test_signing_in_alone_confirms_nothing(english: Client) -> None:
    assert english.get("/settings/invitations/new")["Location"].startswith("/account/confirm?")


def test_an_account_with_nothing_to_prove_itself_with_is_refused(owner: User) -> None:
    client, act = Client(), _give_a_role()
    client.force_login(owner)
    owner.set_unusable_password()
    owner.save()
    client.force_login(owner)
    assert client.post(act.path, act.form).status_code == 403
    assert not act.done()


def test_a_key_is_not_made_by_the_api_either(english: Client) -> None:
    body = json.dumps({"name": "backend", "scopes": ["events:write"]})

    def send() -> HttpResponse:
        return english.post("/api/v1/keys", body, content_type="application/json")  # type: ignore[return-value]

    refused = send()
    assert (refused.status_code, json.loads(refused.content)["error"]["code"]) == (403, "confirm")
    assert not ApiKey.objects.exists()
    confirm(english)
    assert send().status_code == 201


def test_checking_a_field_of_a_sensitive_form_saves_nothing(english: Client) -> None:
    """A field that the form does not have is no way around the question."""
    form = {"name": "backend", "scopes": ["events:write"]}
    checked = english.post("/settings/keys/new", {**form, "_field": "name"})
    assert checked.status_code == 200
    assert english.post("/settings/keys/new", {**form, "_field": "x"}).status_code == 302
    assert not ApiKey.objects.exists()


@pytest.fixture
def by_hand() -> Iterator[list[str]]:
    """A way to ask that says where it was told to lead."""
    led: list[str] = []

    def asks(request: HttpRequest, page: str) -> HttpResponse:
        led.append(page)
        return HttpResponse("who?", status=401)

    before = list(acts._reauthenticate)
    acts.reauthenticate_with(asks)
    yield led
    acts._reauthenticate[:] = before


@pytest.fixture
def sensitive() -> Iterator[Action]:
    """The kit's action that revokes a key, as if it were one to prove oneself for."""
    action = next(one for one in KEYS.actions if one.name == "revoke")
    structs.force_setattr(action, "again", True)
    yield action
    structs.force_setattr(action, "again", False)


def test_actions_of_the_kit_ask_one_by_one_and_in_bulk(
    english: Client, by_hand: list[str], sensitive: Action
) -> None:
    key = ApiKey.objects.create(id="aaaaaaaa", name="old", sha256=b"x" * 32, scopes=[])
    assert english.post(f"/settings/keys/{key.pk}/do/revoke").status_code == 401
    bulk = {"action": "revoke", "key": [key.pk], "sure": "1"}
    assert english.post("/settings/keys/act", bulk).status_code == 401
    assert by_hand == [f"/settings/keys/{key.pk}", "/settings/keys?q="]
    key.refresh_from_db()
    assert key.revoked is None

"""Sensitive acts ask the person to prove who they are, with whatever they have."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django import forms
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import translation
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
from guanlan.response.models import EntityRef
from guanlan.web.pages.keys import KEYS
from guanlan.web.resource import acts
from guanlan.web.resource.declared import Action, Form
from guanlan.web.resource.editing import edit
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
    asks(english.post(act.path, act.form), act)
    confirm(english, ago=601)  # older than ten minutes
    asks(english.post(act.path, act.form), act)
    english.post("/account/confirm", {"password": PASSWORD})
    assert english.post(act.path, act.form).status_code in (200, 302)
    assert act.done()


@pytest.mark.parametrize("made", ACTS, ids=lambda made: made.__name__.strip("_"))
def test_one_sending_proves_and_acts_and_a_wrong_password_keeps_what_was_typed(
    english: Client, made: Callable[[], Act]
) -> None:
    act = made()
    asked = english.post(act.path, act.form)
    sent = carried(asked)
    assert kept(sent) == typed(act.form)
    wrong = english.post(act.path, {**sent, "_proof-password": "wrong"})
    asks(wrong, act)
    assert "The password is wrong." in wrong.content.decode()
    assert kept(carried(wrong)) == typed(act.form)
    right = english.post(act.path, {**carried(wrong), "_proof-password": PASSWORD})
    assert right.status_code in (200, 302)
    assert act.done()


def carried(answer: Any) -> dict[str, list[str]]:
    """What the fields of the page hold that asks for the proof."""
    found: dict[str, list[str]] = {}
    page = answer.content.decode().split("Nothing was done yet")[1]
    for tag in re.findall(r'<input type="hidden"[^>]*>', page):
        if 'name="' in tag and 'value="' in tag:
            name, value = (re.search(rf' {one}="([^"]*)"', tag) for one in ("name", "value"))
            assert name
            assert value
            found.setdefault(html.unescape(name[1]), []).append(html.unescape(value[1]))
    return found


def kept(sent: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: values for name, values in sent.items() if name != "csrfmiddlewaretoken"}


def typed(form: dict[str, Any]) -> dict[str, list[str]]:
    return {name: [one] if isinstance(one, str) else one for name, one in form.items()}


def asks(answer: Any, act: Act) -> None:
    """The person is asked who they are, at the same address, and nothing was done."""
    assert answer.status_code == 422
    assert f'action="{act.path}"' in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert not act.done()


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


def test_it_can_be_left_for_the_page_it_came_from_but_for_no_foreign_one(english: Client) -> None:
    act = _switch_a_channel()
    for page, led in (("http://testserver/settings/channels?a=1", "/settings/channels?a=1"),
                      ("https://evil.example/x", "/")):  # fmt: skip
        asked = english.post(act.path, act.form, headers={"Referer": page}).content.decode()
        assert f'<a class="button wide" href="{led}">Cancel</a>' in asked
        assert "evil" not in asked


def test_what_was_typed_stands_in_the_page_only(english: Client) -> None:
    secret = 'a"token<&\r\nof two lines'
    form = {"channel_name": "room", "per_minute": "20", "token": secret, "password": "its own"}
    path = "/settings/channels/new/dingtalk"
    asked = english.post(path, form)
    assert kept(carried(asked)) == typed(form)
    assert "its own" not in str(asked.headers) + str(asked.cookies) + str(english.session.items())
    assert "Nothing was done yet." in asked.content.decode()


def test_a_proof_is_asked_for_in_the_place_of_a_part_and_the_part_comes_after_it(
    english: Client,
) -> None:
    ref = EntityRef.objects.create(kind="user", key="u-1")
    path, form = f"/respond/entities/{ref.pk}/reveal", {"value": "key", "reason": "case seven"}
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/settings/people/7"}
    asked = english.post(path, form, headers=headers)
    assert asked.status_code == 200  # htmx puts no other answer into the page
    assert "<html" not in asked.content.decode()
    sent = {**carried(asked), "_proof-password": PASSWORD}
    assert kept(carried(asked)) == typed(form)
    part = english.post(path, sent, headers=headers).content.decode()
    assert "case seven" in part
    assert "Confirm that it is you" not in part


def test_who_tries_passwords_there_is_kept_out_as_at_the_door(english: Client) -> None:
    act = _give_a_role()
    for _try in range(10):
        assert english.post(act.path, {**act.form, "_proof-password": "x"}).status_code == 422
    shut = english.post(act.path, {**act.form, "_proof-password": PASSWORD})
    assert shut.status_code == 429
    assert int(shut["Retry-After"]) > 0
    assert kept(carried(shut)) == typed(act.form)
    assert english.post("/account/confirm", {"password": PASSWORD}).status_code == 429
    assert not act.done()


def test_a_proof_in_another_window_lets_the_first_one_go_on(english: Client) -> None:
    act = _give_a_role()
    sent = carried(english.post(act.path, act.form))
    asks(english.post(act.path, {**sent, "_proof-password": ""}), act)
    english.post("/account/confirm", {"password": PASSWORD})
    english.post(act.path, {**sent, "_proof-password": ""})
    assert act.done()


def test_without_the_token_of_the_form_no_proof_counts(english: Client) -> None:
    act = _give_a_role()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["guanlan_session"] = english.cookies["guanlan_session"].value
    assert strict.post(act.path, {**act.form, "_proof-password": PASSWORD}).status_code == 403
    assert not act.done()


def test_files_are_not_carried_and_asked_for_again(english: Client, owner: User) -> None:
    class Loaded(forms.Form):
        name = forms.CharField()
        table = forms.FileField(required=False)

    def add(_subject: Any, values: dict[str, Any]) -> Any:
        raise AssertionError(f"{sorted(values)} was sent without its file")

    def post(**sent: Any) -> Any:
        request = RequestFactory().post("/settings/keys/new", sent)
        request.user, request.session = owner, english.session
        request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
        return edit(request, of, None)

    of = structs.replace(KEYS, form=Form(make=lambda *_: Loaded, add=add, again=True))
    with translation.override("en"):
        asked = post(name="of May", table=SimpleUploadedFile("may.csv", b"1,2"))
        assert "Files cannot be kept" in asked.content.decode()
        assert kept(carried(asked)) == {"name": ["of May"], "_files_left": ["1"]}
        confirm(english)
        answer = post(name="of May", _files_left="1")
    assert answer.status_code == 422
    assert "choose them again" in answer.content.decode()
    assert 'value="of May"' in answer.content.decode()


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
    asks(client.post(act.path, act.form), act)
    asks(client.post(act.path, {**act.form, "_proof-code": "000000"}), act)
    client.post(act.path, {**act.form, "_proof-code": app_code(SECRET)})
    assert act.done()


def test_a_code_confirms_before_a_page_too(owner: User) -> None:
    TOTP.activate(owner, SECRET)
    client, act = Client(), _give_a_role()
    client.force_login(owner)
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
    assert english.post("/settings/keys/new", {**form, "_field": "x"}).status_code == 422
    assert not ApiKey.objects.exists()


@pytest.fixture
def by_hand() -> Iterator[list[str]]:
    """A way to ask that says where it was told to lead."""
    led: list[str] = []

    def asks(request: HttpRequest, page: str, what: str) -> HttpResponse:
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

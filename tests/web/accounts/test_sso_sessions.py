"""Single sign-on: second factors, sign-on required, confirming, unlinking."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.test import Client, RequestFactory
from pytest_django import Settings

from guanlan.core.access import subject_of
from guanlan.core.models import (
    AccessGrant,
    LinkedIdentity,
    User,
)
from guanlan.core.people.inviting import invite
from tests.openid import Provider
from tests.people import person
from tests.web.accounts.signing_on import PASSWORD, acts, away, back, refusals, sign_in, signed_in

pytestmark = pytest.mark.django_db


def test_our_own_second_factor_is_still_asked_for(
    english: Client, provider: Provider, li_na: User, settings: Settings
) -> None:
    TOTP.activate(li_na, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    provider.claims = {"amr": ["pwd", "mfa"]}
    assert sign_in(english, provider)["Location"] == "/login/factor"
    assert not signed_in(english)


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ({"amr": ["pwd", "mfa"]}, True),
        ({"acr": "mfa"}, True),
        ({"amr": ["pwd"]}, False),
        ({"amr": "mfa"}, False),
        ({"amr": [["mfa"]]}, False),
        ({}, False),
    ],
)
def test_the_providers_second_factor_counts_where_the_settings_say_so(
    english: Client, provider: Provider, li_na: User, settings: Settings, said: dict[str, Any],
    counts: bool,
) -> None:  # fmt: skip
    settings.MFA = "required"
    settings.OIDC_SECOND_FACTOR = frozenset({"mfa"})
    provider.claims = said
    sign_in(english, provider)
    first = english.get("/account")
    assert (first.status_code == 200) is counts
    TOTP.activate(li_na, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    again = Client()
    sign_in(again, provider)
    assert signed_in(again) is counts


def test_where_it_is_required_only_owners_keep_their_passwords(
    english: Client, provider: Provider, li_na: User, settings: Settings
) -> None:
    settings.OIDC_REQUIRED = True
    person("owner", password=PASSWORD)
    page = english.get("/login").content.decode()
    assert page.index("Staff directory") < page.index("Other ways")
    right = english.post("/login", {"username": "li.na", "password": PASSWORD})
    wrong = english.post("/login", {"username": "li.na", "password": "wrong"})
    assert right.status_code == wrong.status_code == 401
    assert not signed_in(english)
    assert sign_in(english, provider)["Location"] == "/"
    owner = Client()
    assert owner.post("/login", {"username": "owner", "password": PASSWORD})["Location"] == "/"


def test_where_it_is_required_no_other_way_leads_past_it(
    provider: Provider, li_na: User, settings: Settings, log: Path
) -> None:
    """A passkey comes to the adapter as a person; so does whatever way may be added."""
    settings.OIDC_REQUIRED = True
    request = RequestFactory().post("/login/passkey")
    request.session = Client().session
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    request.user = AnonymousUser()
    answer = perform_login(request, Login(user=li_na))
    assert answer["Location"] == "/login"
    assert "_auth_user_id" not in request.session
    assert acts(log) == ["signin.refuse"]


def test_where_it_is_required_an_invitation_is_accepted_by_it(
    english: Client, provider: Provider, settings: Settings
) -> None:
    settings.OIDC_REQUIRED = True
    made = invite(subject_of(person("owner")), "li.na@example.com", "auditor")
    page = english.get(f"/join/{made.token}").content.decode()
    assert "Staff directory" in page
    assert "new-password" not in page
    english.post(f"/join/{made.token}", {"username": "x", "password": PASSWORD})
    assert not User.objects.filter(username="x").exists()
    sign_in(english, provider)
    assert english.session["_auth_user_id"] == str(User.objects.get(username="li.na").pk)


@pytest.fixture
def linked(english: Client, provider: Provider) -> Client:
    """A session of a person without a password or a factor here."""
    invite(subject_of(person("owner")), "li.na@example.com", "administrator")
    sign_in(english, provider)
    return english


def test_who_has_no_password_here_confirms_there(
    linked: Client, provider: Provider, log: Path
) -> None:
    assert linked.get("/settings/invitations/new")["Location"].startswith(
        "/account/confirm/sso?next="
    )
    linked.post("/settings/access/emergencies/new", {})
    assert not AccessGrant.objects.exists()
    page = linked.get("/account/confirm/sso?next=/settings/invitations/new").content.decode()
    assert "Sign in with Staff directory again" in page
    address = away(linked, "/account/confirm/sso", next="/settings/invitations/new")
    assert back(linked, provider, address)["Location"] == "/settings/invitations/new"
    asked = provider.questions[-1]
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    assert linked.get("/settings/invitations/new").status_code == 200
    # Also what allauth guards: a first factor of their own.
    assert linked.get("/account/app").status_code == 200
    # And breaking the glass.
    wish = {
        "verb": "reveal", "noun": "fraud.entity", "level": "3", "purpose": "incident_response",
        "minutes": "30", "reason": "incident 7 is open",
    }  # fmt: skip
    linked.post("/settings/access/emergencies/new", wish)
    assert AccessGrant.objects.get().broken_glass
    assert "session.confirm" in acts(log)


def test_who_has_other_ways_is_offered_them_too(
    english: Client, provider: Provider, li_na: User
) -> None:
    sign_in(english, provider)
    page = english.get("/account/confirm/sso?next=/account").content.decode()
    assert 'href="/account/confirm?next=%2Faccount"' in page
    assert "/account/confirm/sso" in english.get("/account/confirm").content.decode()


def test_a_confirmation_ends_after_ten_minutes(
    linked: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    back(linked, provider, away(linked, "/account/confirm/sso"))
    assert linked.get("/settings/invitations/new").status_code == 200
    later = time.time() + 601
    monkeypatch.setattr("guanlan.web.accounts.signing_on.time.time", lambda: later)
    assert linked.get("/settings/invitations/new").status_code == 302
    assert linked.get("/account/app").status_code == 302


@pytest.mark.parametrize("told", ["an hour ago", None, "now", True])
def test_a_provider_that_did_not_ask_again_confirms_nothing(
    linked: Client, provider: Provider, log: Path, told: object
) -> None:
    if told == "an hour ago":
        provider.renews = False
    else:
        provider.claims = {"auth_time": told}
    answer = back(linked, provider, away(linked, "/account/confirm/sso"))
    assert answer.status_code == 403
    assert linked.get("/settings/invitations/new").status_code == 302
    assert refusals(log) == ["stale"]


def test_somebody_else_confirms_nothing(linked: Client, provider: Provider, log: Path) -> None:
    colleague = person("auditor", "wang.wei")
    colleague.email = "wang.wei@example.com"
    colleague.save()
    provider.person = {"sub": "wang", "email": "wang.wei@example.com", "email_verified": True}
    sign_in(Client(), provider)
    answer = back(linked, provider, away(linked, "/account/confirm/sso"))
    assert answer.status_code == 403
    assert linked.get("/settings/invitations/new").status_code == 302
    assert refusals(log) == ["another"]


def test_a_confirmation_is_no_sign_in(linked: Client, provider: Provider) -> None:
    address = away(linked, "/account/confirm/sso")
    session = linked.session
    for name in ("_auth_user_id", "_auth_user_hash", "_auth_user_backend"):
        del session[name]
    session.save()
    assert back(linked, provider, address).status_code == 403
    assert not signed_in(linked)


def test_an_administrator_sees_the_link_and_takes_it_away(
    provider: Provider, li_na: User, log: Path
) -> None:
    theirs = Client()
    sign_in(theirs, provider)
    admin = Client(headers={"accept-language": "en"})
    admin.force_login(person("administrator", password=PASSWORD))
    found = admin.get("/settings/people", {"q": "sso:yes"}).context["rows"]
    assert [row.key for row in found] == [str(li_na.pk)]
    page = admin.get(f"/settings/people/{li_na.pk}").content.decode()
    assert provider.issuer in page
    admin.post("/account/confirm", {"password": PASSWORD})
    admin.post(f"/settings/people/{li_na.pk}/do/unlink")
    assert not LinkedIdentity.objects.exists()
    assert "sso.unlink" in acts(log)
    assert theirs.get("/account").status_code == 302
    provider.person["sub"] = "anew"
    sign_in(theirs, provider)
    assert signed_in(theirs)


@pytest.mark.parametrize("role", ["auditor", "security_engineer", "fraud_analyst"])
def test_nobody_else_unlinks(provider: Provider, li_na: User, role: str) -> None:
    sign_in(Client(), provider)
    client = Client()
    client.force_login(person(role, "walker", password=PASSWORD))
    client.post("/account/confirm", {"password": PASSWORD})
    assert client.post(f"/settings/people/{li_na.pk}/do/unlink").status_code == 403
    assert LinkedIdentity.objects.exists()

"""Passkeys in a real browser with a virtual authenticator, and what is refused of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from playwright.sync_api import Browser, CDPSession, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from guanlan.core.models import User
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a long pass phrase"
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Desk:
    """A browser at the console, with a key that can be told how to behave."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.cdp: CDPSession = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable")
        made = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
        self.key = made["authenticatorId"]

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)

    def tell(self, act: str, **values: Any) -> Any:
        return self.cdp.send(f"WebAuthn.{act}", {"authenticatorId": self.key, **values})

    def register(self) -> None:
        """Sign in by password and add a passkey."""
        page = self.page
        self.go("/login")
        page.get_by_label("User name").fill("owner")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/account/second-factor")
        page.get_by_role("link", name="Passkey").click()
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
        page.get_by_role("button", name="Add").click()
        expect(page.locator(".recovery-codes li")).to_have_count(10)
        page.context.clear_cookies(name="guanlan_session")

    def use(self) -> None:
        """Try to sign in with the passkey alone."""
        self.go("/login")
        self.page.get_by_role("button", name="Sign in with a passkey").click()

    def inside(self) -> bool:
        self.go("/account")
        return self.page.url == f"{self.address}/account"


@pytest.fixture
def desk(
    live_server: LiveServer, chromium: Browser, settings: Settings, console_assets: object
) -> Iterator[Desk]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MFA = "required"
    person("owner", password=PASSWORD)
    # A passkey belongs to a name, never to a number.
    address = live_server.url.replace("127.0.0.1", "localhost")
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": "guanlan_language", "value": "en", "url": address}])
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield Desk(page, address)
    context.close()


def test_a_passkey_signs_in_without_a_password(desk: Desk) -> None:
    desk.register()
    assert not desk.inside()
    desk.use()
    desk.page.wait_for_url(f"{desk.address}/")
    assert desk.inside()
    kept = Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN)
    assert kept.data["counter"] > 1


def test_a_copied_key_is_refused(desk: Desk) -> None:
    """Its counter has not gone as far as that of the key it was copied from."""
    desk.register()
    kept = Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN)
    kept.data["counter"] = 1000
    kept.save()
    desk.use()
    expect(desk.page.get_by_text("This code or key is wrong")).to_be_visible()
    assert not desk.inside()


def test_a_key_that_did_not_verify_its_person_is_refused(desk: Desk) -> None:
    desk.register()
    desk.tell("setUserVerified", isUserVerified=False)
    desk.use()
    expect(desk.page.locator("#passkey-failed")).to_be_visible()
    assert not desk.inside()


def test_an_assertion_is_taken_once_and_only_by_the_session_it_was_made_for(desk: Desk) -> None:
    from_browser = _caught_form(desk)
    owner = User.objects.get(username="owner")
    cookie = next(
        c["value"] for c in desk.page.context.cookies() if c.get("name") == "guanlan_session"
    )
    client = Client(headers={"host": desk.address.removeprefix("http://")})
    stranger = Client(headers={"host": desk.address.removeprefix("http://")})
    stranger.post("/login/passkey", {"credential": from_browser})
    assert "_auth_user_id" not in stranger.session
    client.cookies["guanlan_session"] = cookie
    client.post("/login/passkey", {"credential": from_browser})
    assert client.session["_auth_user_id"] == str(owner.pk)
    again = Client(headers={"host": desk.address.removeprefix("http://")})
    again.cookies["guanlan_session"] = cookie
    again.post("/login/passkey", {"credential": from_browser})
    assert "_auth_user_id" not in again.session


def _caught_form(desk: Desk) -> str:
    """An assertion as the browser would send it; the server has not seen it yet."""
    desk.register()
    desk.go("/login")
    desk.page.evaluate(
        "() => { document.querySelector('form[action$=passkey]').submit = () => {}; }"
    )
    desk.page.get_by_role("button", name="Sign in with a passkey").click()
    desk.page.wait_for_function("() => document.getElementById('id_credential').value !== ''")
    given: str = desk.page.locator("#id_credential").input_value()
    assert json.loads(given)["type"] == "public-key"
    return given

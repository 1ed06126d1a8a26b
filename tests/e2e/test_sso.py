"""Single sign-on in a real browser: to a provider of another site and back, under a strict CSP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from guanlan.core.access import subject_of
from guanlan.core.models import LinkedIdentity, User
from guanlan.core.people.inviting import invite
from tests.openid import Provider, signing_on_with_one
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    with signing_on_with_one(settings) as running:
        yield running


@pytest.fixture
def desk(live_server: LiveServer, chromium: Browser, console_assets: object) -> Iterator[Page]:
    # The provider is at 127.0.0.1, so that for the browser it is another site.
    address = live_server.url.replace("127.0.0.1", "localhost")
    context = chromium.new_context(viewport={"width": 390, "height": 844}, base_url=address)
    context.add_cookies([{"name": "guanlan_language", "value": "en", "url": address}])
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    context.close()


def test_an_invited_person_signs_in_and_confirms_by_the_provider(
    desk: Page, provider: Provider
) -> None:
    invite(subject_of(person("owner")), "li.na@example.com", "administrator")
    complaints: list[str] = []
    desk.on("console", lambda message: complaints.append(message.text))
    desk.goto("/settings/people")  # where they wanted to go
    desk.get_by_role("button", name="Sign in with Staff directory").click()
    desk.wait_for_url(f"{provider.issuer}/authorize?**")
    desk.get_by_role("button", name="I am Li Na").click()
    desk.wait_for_url("**/settings/people")
    expect(desk.get_by_role("link", name="li.na", exact=True)).to_be_visible()
    desk.goto("/settings/people?q=sso%3Ayes")
    expect(desk.get_by_role("link", name="li.na", exact=True)).to_be_visible()
    assert LinkedIdentity.objects.get().user == User.objects.get(username="li.na")
    # Somebody without a password here proves themselves there before a sensitive act.
    desk.goto("/settings/invitations/new")
    desk.get_by_role("button", name="Sign in with Staff directory again").click()
    desk.get_by_role("button", name="I am Li Na").click()
    desk.wait_for_url("**/settings/invitations/new")
    expect(desk.get_by_role("heading", name="Invite a person")).to_be_visible()
    assert [text for text in complaints if "Content Security Policy" in text] == []


def test_who_is_not_invited_reads_whom_to_ask(desk: Page, provider: Provider) -> None:
    person("owner")
    desk.goto("/login")
    desk.get_by_role("button", name="Sign in with Staff directory").click()
    desk.get_by_role("button", name="I am Li Na").click()
    expect(desk.get_by_text("Ask an owner or an administrator")).to_be_visible()
    assert desk.evaluate("document.documentElement.scrollWidth") <= 390

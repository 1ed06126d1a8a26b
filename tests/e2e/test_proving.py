"""A form whose proof of who one is ran out while it was filled loses nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from guanlan.core.models import Invitation
from guanlan.web.accounts import confirming
from tests.e2e.conftest import PASSWORD, Open


def test_a_wrong_password_and_a_right_one_keep_what_was_typed(
    open_page: Open, console: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(width=390)
    page.goto(console.url + "/settings/invitations/new")
    page.get_by_label("E-mail").fill("new@example.com")
    page.get_by_label("Role", exact=True).select_option("operations")
    monkeypatch.setattr(confirming, "did_recently_reauthenticate", lambda request: False)
    page.locator("main form button.primary").click()
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    for given, said in (("wrong", "The password is wrong."), (PASSWORD, "Invite a person")):
        page.get_by_label("Password", exact=True).fill(given)
        page.get_by_role("button", name="Confirm and go on").click()
        expect(page.get_by_text(said).first).to_be_visible()
    assert Invitation.objects.get().email == "new@example.com"

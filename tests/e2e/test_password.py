"""Each password can be shown while it is typed, and leaves as one."""

from __future__ import annotations

from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from tests.e2e.conftest import Open


def test_what_was_typed_is_shown_and_hidden_again_before_it_is_sent(
    open_page: Open, console: LiveServer
) -> None:
    page = open_page()
    page.goto(console.url + "/account/password")
    field = page.get_by_label("New password", exact=True)
    button = page.get_by_role("button", name="Show New password")
    field.fill("seven quiet lanterns drift")
    expect(field).to_have_attribute("type", "password")
    button.click()
    expect(field).to_have_attribute("type", "text")
    hide = page.get_by_role("button", name="Hide New password")
    expect(hide).to_have_attribute("aria-pressed", "true")
    sent = page.evaluate(
        """() => { const form = document.querySelector("main form");
                   form.addEventListener("submit", (event) => event.preventDefault());
                   form.requestSubmit(); return form.new_password.type; }"""
    )
    assert sent == "password"
    expect(field).to_have_value("seven quiet lanterns drift")

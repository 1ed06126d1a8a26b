"""A list by keyboard and by hand."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from guanlan.core import services
from guanlan.response.models import Case
from tests.e2e.conftest import Open
from tests.people import person
from tests.response.cases.rows import make_case


def test_rows_are_chosen_by_keyboard_and_acted_on(console: LiveServer, open_page: Open) -> None:
    for n in range(3):
        services.create_api_key(f"wallet-{n}", ["events:write"])
    page = open_page()
    page.goto(console.url + "/settings/keys?q=")
    expect(page.locator(".bulk-bar")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator(".bulk-bar")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("tbody .pick input:checked")).to_have_count(2)
    page.get_by_role("button", name="Revoke").click()
    expect(page.locator("main")).to_contain_text("about to be done to 2 rows")
    page.get_by_role("button", name="Revoke for good").click()
    expect(page.locator("tbody .state.off")).to_have_count(2)
    page.keyboard.press("/")
    page.keyboard.type("revoked:no")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("q=revoked"))


def test_a_field_says_what_is_wrong_when_one_leaves_it(
    console: LiveServer, open_page: Open
) -> None:
    page = open_page("en", "dark", 390)
    page.goto(console.url + "/settings/keys/new")
    name = page.get_by_label("Name")
    name.fill("   ")
    name.press("Tab")
    expect(page.locator("#field-name .field-error")).to_be_visible()
    page.get_by_label("Name").fill("wallet")
    page.get_by_label("Name").press("Tab")
    expect(page.locator("#field-name .field-error")).to_have_count(0)
    expect(page.get_by_label("Name")).to_have_value("wallet")


def test_what_is_asked_is_asked_once_for_many_rows(console: LiveServer, open_page: Open) -> None:
    li = person("fraud_analyst", "li")
    for n in range(3):
        make_case(n)
    page = open_page("en", "light", 390)
    page.goto(console.url + "/cases?q=live:yes")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("button", name=re.compile("^Give to …")).focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("about to be done to 2 rows")
    expect(page.locator("main .listing tbody tr")).to_have_count(2)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, "nothing stands beyond the edge of a telephone"
    person_field = page.get_by_label("User name")
    person_field.fill("nobody-knows")
    person_field.press("Enter")
    expect(page.locator("#field-person .field-error")).to_be_visible()
    page.get_by_label("User name").fill("li")
    page.get_by_label("User name").press("Enter")
    expect(page.locator(".notice")).to_contain_text("Done to 2 rows.")
    assert Case.objects.filter(owner=li).count() == 2

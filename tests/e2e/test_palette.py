"""The command palette, by keyboard only, and search without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from guanlan.fraud.models import Entity
from tests.e2e.conftest import Open
from tests.e2e.test_console import watch

pytestmark = pytest.mark.django_db(transaction=True)


def opened(page: Page) -> None:
    page.wait_for_load_state()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    expect(page.locator("#palette input[type=search]")).to_be_focused()


def test_any_place_is_a_few_keys_away(console: LiveServer, open_page: Open) -> None:
    page = open_page("zh-hans")
    complaints = watch(page)
    page.goto(console.url + "/scenario")
    page.locator(".look-up").focus()
    opened(page)
    expect(page.locator("#palette [role=option]").nth(3)).to_be_visible()
    page.keyboard.type("api")  # the English word on a Chinese page
    expect(page.locator("#palette [aria-selected=true]")).to_contain_text("API 密钥")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#palette [aria-selected=true]")).to_contain_text("新建 API 密钥")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page).to_have_url(console.url + "/settings/keys")
    opened(page)
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    assert complaints == []


def test_what_is_typed_is_looked_up_and_stands_in_no_address(
    console: LiveServer, open_page: Open
) -> None:
    page = open_page()
    phone = Entity.objects.filter(kind="phone").first()
    assert phone is not None
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.goto(console.url + "/")
    opened(page)
    page.keyboard.type(phone.key)
    expect(page.locator("#palette [role=option]").first).to_contain_text("••••")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{console.url}/entities/phone/~{phone.id}")
    assert not any(phone.key in url for url in seen)
    # What was seen is offered again, as it was titled.
    opened(page)
    page.keyboard.press("Escape")
    page.goto(console.url + "/")
    opened(page)
    expect(page.locator("#palette [role=option]").first).to_contain_text("••••")


def test_focus_returns_to_where_it_was(console: LiveServer, open_page: Open) -> None:
    page = open_page()
    page.goto(console.url + "/")
    page.locator(".look-up").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".look-up")).to_be_focused()


def test_search_works_by_touch_and_as_a_page(console: LiveServer, open_page: Open) -> None:
    page = open_page("en", "light", 390)
    page.goto(console.url + "/search")
    page.get_by_role("main").get_by_role("searchbox").fill("transfer")
    page.get_by_role("main").get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile(r"/search\?q=transfer$"))
    expect(page.locator("main .found").first).to_be_visible()
    page.goto(console.url + "/")
    page.locator(".look-up").click()
    expect(page.locator("#palette")).to_be_visible()


def test_the_sidebar_folds_and_stays_folded(console: LiveServer, open_page: Open) -> None:
    page = open_page()
    page.goto(console.url + "/scenario")
    page.locator("[data-fold]").click()
    expect(page.locator("#sidebar")).to_be_hidden()
    page.goto(console.url + "/decisions?q=")
    expect(page.locator("#sidebar")).to_be_hidden()
    page.locator(".burger").click()
    page.locator("[data-fold]").click()
    expect(page.locator("#sidebar")).to_be_visible()
    expect(page.locator(".burger")).to_be_hidden()

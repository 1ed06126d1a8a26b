"""A signed-in browser on a console with a small log, an engine and a stream's worth of data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.models import User
from guanlan.fraud import figures, programs
from guanlan.fraud.services import project, store_backtest
from tests.fraud.reports import report
from tests.fraud.world import World
from tests.people import confirm, person

QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--no-first-run",
]
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path, args=QUIET)
    yield browser
    browser.close()


@pytest.fixture
def console(
    live_server: LiveServer,
    tmp_path: Path,
    settings: Settings,
    console_assets: Path,
) -> Iterator[LiveServer]:
    """A console over 300 decided events and one backtest; account owner / `PASSWORD`."""
    settings.LOG_DIRECTORY = tmp_path / "log"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    person("owner", password=PASSWORD)
    world = World(tmp_path / "log")
    world.program()
    world.events(300)
    project(world.tail())
    store_backtest("2026", "pond", "abc", report())
    programs.forget()
    figures.forget()
    yield live_server
    world.close()


PASSWORD = "a long pass phrase"


@pytest.fixture
def open_page(console: LiveServer, chromium: Browser) -> Iterator[Open]:
    """Opens a page of the console as the owner, in a language, a theme and a width."""
    client = Client()
    client.force_login(User.objects.get(username="owner"))
    confirm(client)
    session = client.cookies["guanlan_session"].value
    contexts: list[BrowserContext] = []

    def opened(
        language: str = "en", theme: str = "light", width: int = 1440, *, bypass_csp: bool = False
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            reduced_motion="reduce",
            bypass_csp=bypass_csp,
        )
        contexts.append(context)
        values = {
            "guanlan_session": session,
            "guanlan_language": language,
            "guanlan_theme": theme,
        }
        context.add_cookies(
            [{"name": k, "value": v, "url": console.url} for k, v in values.items()]
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        return page

    yield opened
    for context in contexts:
        context.close()

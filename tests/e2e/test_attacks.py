"""Attacks that only a browser can show to fail: a script that was typed, a page in a frame."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.urls import reverse
from playwright.sync_api import ConsoleMessage, Dialog
from pytest_django.live_server_helper import LiveServer

from guanlan.core import services
from guanlan.core.access import subject_of
from guanlan.core.models import User
from guanlan.fraud.services import store_backtest
from guanlan.web.discussion import comment
from tests.e2e.conftest import Open
from tests.fraud.reports import report

pytestmark = pytest.mark.django_db(transaction=True)

SCRIPTS = (
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    '"><svg onload=window.hit=1>',
    "'-window.hit=1-'",
    "</textarea><script>window.hit=1</script>",
    "javascript:window.hit=1",
    "{{constructor.constructor('window.hit=1')()}}",
)


def test_a_script_that_was_typed_is_shown_and_not_run(console: LiveServer, open_page: Open) -> None:
    """Also where the policy of content, which forbids it once more, is not looked at."""
    owner = User.objects.get(username="owner")
    for text in SCRIPTS:
        services.create_api_key(text, ["events:write"], owner)
        comment(subject_of(owner), "fraud.decision", "5", text)
        store_backtest(text, "pond", "abc", report())
    page = open_page(bypass_csp=True)
    said: list[Dialog] = []
    # One that nobody answers would hold the page up. (The driver takes no built-in method.)
    page.on("dialog", lambda one: said.append(one))  # noqa: PLW0108
    paths = ["/settings/keys", "/decisions/5", "/backtests", "/settings/audit"]
    paths += [f"/settings/keys?q=name%3A%22{text[:12]}%22" for text in ("<script>", "<img")]
    for path in paths:
        page.goto(console.url + path)
        page.wait_for_load_state("load")
        assert page.evaluate("window.hit") is None, path
        assert page.locator("img[src='x'], svg[onload], main script:not([src])").count() == 0
    assert said == []
    page.goto(console.url + "/decisions/5")
    shown = page.locator(".said-text").all_inner_texts()
    assert sorted(shown) == sorted(SCRIPTS)


def test_the_policy_of_content_stops_a_script_by_itself(
    console: LiveServer, open_page: Open
) -> None:
    """Were one ever to get into a page: neither a tag, an attribute nor an address runs it."""
    page = open_page()
    refused: list[ConsoleMessage] = []
    page.on("console", lambda one: refused.append(one))  # noqa: PLW0108
    page.goto(console.url + "/settings/keys")
    page.evaluate(
        """() => {
            const box = document.createElement("div");
            document.body.append(box);
            const tag = document.createElement("script");
            tag.textContent = "window.hit = 1";
            box.append(tag);
            const image = document.createElement("img");
            image.setAttribute("onerror", "window.hit = 2");
            image.src = "data:,none";
            box.append(image);
            const link = document.createElement("a");
            link.href = "javascript:window.hit = 3";
            box.append(link);
            link.click();
        }"""
    )
    page.wait_for_timeout(300)
    assert page.evaluate("window.hit") is None
    assert any("Content Security Policy" in message.text for message in refused)


@pytest.fixture
def elsewhere(console: LiveServer) -> Iterator[str]:
    """A page of another origin that frames pages of the console."""

    class Frames(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            framed = console.url + self.path
            body = f'<!doctype html><iframe src="{framed}" width=900 height=600></iframe>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Frames)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_no_page_is_shown_in_a_frame_of_another(
    console: LiveServer, open_page: Open, elsewhere: str
) -> None:
    page = open_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    for path in ("/", "/settings/keys/new", reverse("login"), "/no/such/page", "/decisions/5"):
        refused.clear()
        page.goto(elsewhere + path)
        page.wait_for_load_state("load")
        (framed,) = page.frames[1:]
        assert framed.locator("form, main, nav").count() == 0, path
        assert any("frame" in text for text in refused), path

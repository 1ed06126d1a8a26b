"""Every screen in a real browser: both languages, both themes, wide and narrow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from guanlan.fraud.models import Backtest, Decision, Entity
from tests.e2e.conftest import PASSWORD, Open

pytestmark = pytest.mark.django_db(transaction=True)


def screens() -> Iterator[str]:
    decision = Decision.objects.filter(outcome=6).order_by("-seq").first()
    phone = Entity.objects.filter(kind="phone").first()
    backtest = Backtest.objects.first()
    assert decision is not None
    assert phone is not None
    assert backtest is not None
    yield from (
        "/",
        "/?view=board",
        "/decisions/figures?hours=1",
        "/live",
        "/decisions?q=",
        "/decisions?q=outcome:%3E%3Dreview",
    )
    yield f"/decisions/{decision.seq}"
    yield from ("/entities", "/entities/user/u-7", f"/entities/phone/~{phone.id}", "/scenario")
    yield from ("/backtests", f"/backtests/{backtest.pk}", "/settings/keys", "/settings/health")


def watch(page: Page) -> list[str]:
    """What the browser complains of. The stream is the door's, which is not running here."""
    complaints: list[str] = []

    def told(message: ConsoleMessage) -> None:
        at = message.location.get("url", "")
        if message.type in ("error", "warning") and "/console/stream" not in at + message.text:
            complaints.append(f"{message.text} {at}")

    page.on("console", told)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


# Each language and theme once wide and once narrow, without their whole product.
@pytest.mark.parametrize(
    ("language", "theme", "width"),
    [
        ("zh-hans", "light", 1440),
        ("en", "dark", 1440),
        ("en", "light", 390),
        ("zh-hans", "dark", 390),
        ("zh-hant", "light", 390),
    ],
)
def test_every_screen_is_whole(
    open_page: Open, console: LiveServer, language: str, theme: str, width: int
) -> None:
    page = open_page(language, theme, width)
    complaints = watch(page)
    tag = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant"}.get(language, "en")
    for path in screens():
        response = page.goto(console.url + path)
        assert response is not None
        assert response.status == 200, path
        expect(page.locator("html")).to_have_attribute("lang", tag)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        for chart in page.locator("[data-chart]").all():
            expect(chart.locator("svg")).to_have_count(1)
        hidden = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert hidden <= 0, f"{path} is {hidden} px too wide"
        if language != "en":
            heading = page.locator("main h1, main h2").first.inner_text()
            assert not re.fullmatch(r"[A-Z][a-z ]+", heading), f"{path}: {heading} in English"
        assert complaints == [], path


def test_signing_in_leads_to_where_one_was_going(console: LiveServer, open_page: Open) -> None:
    page = open_page()
    page.context.clear_cookies(name="guanlan_session")
    page.goto(console.url + "/decisions?q=type:login")
    page.get_by_label("User name").fill("owner")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("User name or password is wrong.")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(console.url + "/decisions?q=type:login")
    page.locator("details.person summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(console.url + "/login")


def test_language_and_theme_are_kept(console: LiveServer, open_page: Open) -> None:
    page = open_page()
    page.goto(console.url + "/scenario")
    page.locator("details.person summary").click()
    page.get_by_title("繁體中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hant")
    expect(page.locator("#sidebar")).to_contain_text("策略場景")
    page.locator("details.person summary").click()
    page.get_by_title("深色").click()
    page.goto(console.url + "/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(int(part) for part in re.findall(r"\d+", background)[:3]) < 150


def test_the_keyboard_walks_opens_and_filters(console: LiveServer, open_page: Open) -> None:
    page = open_page()
    page.goto(console.url + "/decisions?q=")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    chosen = page.locator("tr.selected")
    expect(chosen).to_have_count(1)
    target = chosen.get_attribute("data-href")
    page.keyboard.press("Enter")
    expect(page).to_have_url(console.url + str(target))
    page.goto(console.url + "/decisions?q=")
    page.keyboard.press("/")
    page.keyboard.type("outcome:decline")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=outcome%3Adecline"))
    outcomes = page.locator("tbody .outcome").all_inner_texts()
    assert outcomes
    assert set(outcomes) == {"decline"}
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_three_clicks_from_a_number_to_an_event(console: LiveServer, open_page: Open) -> None:
    page = open_page()
    page.goto(console.url + "/decisions/figures?hours=720")
    page.get_by_role("link", name="Value stopped").click()
    expect(page).to_have_url(re.compile("/decisions"))
    page.locator("tr[data-href] td:first-child a").first.click()
    expect(page.get_by_role("heading", name="Why")).to_be_visible()
    page.locator("dl.facts a").first.click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()


def test_a_bar_leads_to_its_decisions(console: LiveServer, open_page: Open) -> None:
    page = open_page()
    page.goto(console.url + "/decisions/figures?hours=24")
    chart = page.locator("[data-chart=outcomes-spec]")
    expect(chart.locator("svg path").first).to_be_attached()
    box = chart.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6)
    expect(page).to_have_url(re.compile(r"/decisions\?q=after%3A"))


def test_a_new_key_is_shown_once_and_can_be_revoked(console: LiveServer, open_page: Open) -> None:
    page = open_page()
    page.goto(console.url + "/settings/keys/new")
    page.get_by_label("Name").fill("wallet")
    page.get_by_role("button", name="Make the key").click()
    expect(page.locator("code.token")).to_have_text(re.compile(r"^gl_[a-z0-9]{8}_"))
    page.goto(console.url + "/settings/keys")
    expect(page.locator("code.token")).to_have_count(0)
    page.get_by_role("link", name="wallet").click()
    page.locator("summary", has_text="Revoke").click()
    page.get_by_role("button", name="Revoke for good").click()
    expect(page.locator(".head .state")).to_have_text("revoked")


def test_the_drawer_opens_on_a_telephone(console: LiveServer, open_page: Open) -> None:
    page = open_page("zh-hans", "light", 390)
    page.goto(console.url + "/")
    sidebar = page.locator("#sidebar")
    expect(sidebar).to_be_hidden()
    page.get_by_role("button", name="导航").click()
    expect(sidebar).to_be_visible()
    sidebar.get_by_role("link", name="主体").click()
    expect(page).to_have_url(console.url + "/entities")


def test_recomputing_happens_in_place(console: LiveServer, open_page: Open) -> None:
    page = open_page()
    page.goto(console.url + "/decisions/5")
    page.get_by_role("button", name="Recompute").click()
    # The decisions of this small world were made up, not computed; the console must say so.
    expect(page.locator("#recomputed .notice")).to_be_visible()
    expect(page).to_have_url(console.url + "/decisions/5")


ROWS = [
    {
        "seq": 1000, "clock": "2026-11-23T01:30:00.000001Z", "type": "transfer",
        "outcome": "decline", "score": 95, "entities": {"user": "u-77", "phone": "138••••0000"},
        "kinds": {"user": "user"}, "amount": 123456, "currency": "CNY",
        "rules": ["transfer.unlike"], "degraded": False,
    },
    {
        "seq": 1001, "clock": "2026-11-23T01:30:01.000001Z", "type": "login",
        "outcome": "approve", "score": 0, "entities": {"user": "<img src=x>"},
        "kinds": {"user": "user"}, "amount": None, "currency": "CNY", "rules": [],
        "degraded": False,
    },
    {
        "seq": 1002, "clock": "2026-11-23T01:30:02.000001Z", "type": "label",
        "outcome": "approve", "score": 0, "entities": {}, "kinds": {}, "amount": None,
        "currency": "CNY", "rules": [], "degraded": False,
    },
]  # fmt: skip


def test_the_stream_fills_the_live_table(console: LiveServer, open_page: Open) -> None:
    page = open_page()
    complaints = watch(page)
    body = "".join(f"id: {r['seq']}\nevent: decision\ndata: {json.dumps(r)}\n\n" for r in ROWS)
    page.route(
        "**/console/stream",
        lambda route: route.fulfill(content_type="text/event-stream", body=f"retry: 60000\n{body}"),
    )
    page.goto(console.url + "/live")
    first, second = page.locator("#live tbody tr").nth(0), page.locator("#live tbody tr").nth(1)
    expect(second).to_contain_text("decline")
    expect(second).to_contain_text("¥1,234.56")
    expect(second).to_contain_text("Unlike the customer")
    expect(second.locator("time")).to_have_text("09:30:00")
    expect(second.get_by_role("link", name="u-77")).to_have_attribute("href", "/entities/user/u-77")
    # What a row says is text, never markup; a label is no decision.
    expect(first).to_contain_text("<img src=x>")
    expect(page.locator("#live tbody")).not_to_contain_text("label")
    page.locator("#live-least").select_option("review")
    expect(first).to_be_hidden()
    expect(second).to_be_visible()
    page.locator("#live-pause").click()
    expect(page.locator("#live-state")).to_have_text("paused")
    assert complaints == []

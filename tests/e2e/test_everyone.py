"""Every page for everyone: axe finds nothing against WCAG 2.2 AA, nothing is wider than a phone,
and the keyboard gets in and out of everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from guanlan.core.access import SYSTEM, subject_of
from guanlan.core.access.granting import ask, break_glass
from guanlan.core.audit.copying import copy_rows
from guanlan.core.models import (
    AuditEntry,
    Channel,
    Invitation,
    JobRun,
    RoleAssignment,
    User,
)
from guanlan.core.sealing.providers import KeyFile
from guanlan.fraud.models import Program
from guanlan.web.discussion import comment
from guanlan.web.rights import routes
from tests.conftest import ROOT
from tests.e2e.conftest import Open
from tests.e2e.test_console import screens
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FOUND = """async (tags) => {
  const said = (node) => node.any.concat(node.all, node.none).map((one) => one.message).join("; ");
  const { violations } = await axe.run(document, { runOnly: tags });
  return violations.map((one) => `${one.id}: ` + one.nodes.slice(0, 3).map(
    (node) => `${node.target.join(" ")} (${said(node)})`).join(" | "));
}"""
# What scrolls sideways within a page; the table behind a chart may, the keyboard reaches it.
SIDEWAYS = """() => Array.from(document.querySelectorAll("main .scroll:not([tabindex])")).filter(
  (one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1
).map((one) => one.textContent.trim().slice(0, 40))"""
WIDER = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""


def addresses() -> Iterator[str]:
    """The screens with something in them, and every route that needs no argument."""
    seen = set()
    for path in screens():
        seen.add(path.split("?")[0])
        yield path
    yield from ("/search?q=u-7", "/no/such/page", "/discussion/fraud.decision/5")
    yield from objects()
    for _pattern, name, _view in routes():
        try:
            path = reverse(name) if name else ""
        except NoReverseMatch:
            continue
        if path and path not in seen and path not in ("/logout", "/language"):
            seen.add(path)
            yield path


def objects() -> Iterator[str]:
    """The pages of single things that the small world does not have by itself."""
    owner, other = User.objects.get(username="owner"), person("operations", "li.na")
    other.first_name, other.last_name = "娜", "李"
    other.save()
    yield f"/settings/people/{other.pk}"
    yield f"/settings/roles/{RoleAssignment.objects.get(person=other).pk}"
    made = Invitation.objects.create(
        email="a@example.com", role="operations", sha256=b"x", expires=timezone.now()
    )
    yield f"/settings/invitations/{made.pk}"
    yield f"/settings/access/requests/{ask(subject_of(other), **WISH).pk}"
    yield f"/settings/access/emergencies/{break_glass(subject_of(owner), **WISH).pk}"
    for kind in ("email", "webhook"):
        yield f"/settings/channels/new/{kind}"
    channel = Channel(name="room", kind="webhook")
    channel.config = {"url": "https://hooks.example.com/x", "secret": "s"}
    channel.save()
    yield f"/settings/channels/{channel.pk}"
    yield f"/scenarios/{Program.objects.get().position}"
    copy_rows()
    yield f"/settings/audit/{AuditEntry.objects.latest('index').pk}"
    run = JobRun.objects.create(job="outbox.deliver", state="failed", error="OSError in x.py:3")
    yield f"/settings/runs/{run.pk}"


WISH: dict[str, Any] = {
    "verb": "reveal", "noun": "fraud.entity", "level": 3, "purpose": "audit", "minutes": 30,
    "reason": "the case of the pond, called back",
}  # fmt: skip


def visited(page: Page, console: LiveServer) -> Iterator[str]:
    """Opens each page in turn; what is no page (a file, an answer to a script) is passed by."""
    for path in addresses():
        probe = page.request.get(console.url + path, max_redirects=0)
        if probe.status in (204, 302, 405) or "text/html" not in probe.headers.get(
            "content-type", ""
        ):
            continue
        if "<!doctype" not in probe.text()[:200].lower():
            continue  # a part of a page
        page.goto(console.url + path)
        for chart in page.locator("[data-chart]").all():
            expect(chart.locator("svg")).to_have_count(1)
        yield path


# What a theme may change of what axe finds; the rest is the same page.
OF_COLOUR = ["color-contrast", "link-in-text-block"]
DARK = """() => {
  document.documentElement.dataset.theme = "dark";
  document.dispatchEvent(new Event("themechange"));
}"""


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_is_for_everyone(
    console: LiveServer, open_page: Open, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(KeyFile, "place", "/srv" + "/a-folder-deep-in-a-tree" * 5)
    page = open_page("en", "light", width, bypass_csp=True)
    page.add_init_script(AXE)
    wrong: list[str] = []
    count = 0
    for path in visited(page, console):
        count += 1
        wrong += [f"{path} {found}" for found in page.evaluate(FOUND, TAGS)]
        if (over := page.evaluate(WIDER)) > 0:
            wrong.append(f"{path} is {over} px too wide")
        wrong += [f"{path} scrolls sideways: {one}" for one in page.evaluate(SIDEWAYS)]
        page.evaluate(DARK)
        for chart in page.locator("[data-chart]").all():
            expect(chart.locator("svg")).to_have_count(1)
        wrong += [f"{path} in the dark {found}" for found in page.evaluate(FOUND, OF_COLOUR)]
    assert not wrong, "\n".join(wrong)
    assert count > 15


STOPS = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  return {
    what: one.outerHTML.slice(0, 120),
    seen: box.width > 0 && box.height > 0,
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
  };
}"""


REACHABLE = """() => Array.from(document.querySelectorAll(
  "a[href], button, input:not([type=hidden]), select, textarea, summary"
)).filter((one) => one.checkVisibility() && !one.disabled && one.tabIndex >= 0).length"""


def test_the_keyboard_reaches_everything_and_is_trapped_nowhere(
    console: LiveServer, open_page: Open
) -> None:
    page = open_page("en", "light", 1440)
    paths = ("/", "/decisions/figures?hours=24", "/decisions/5", "/decisions?q=", "/settings/keys")
    for path in paths:
        page.goto(console.url + path)
        page.keyboard.press("Tab")
        first: dict[str, Any] = page.evaluate(STOPS)
        assert 'class="skip"' in first["what"], path
        wanted = page.evaluate(REACHABLE)
        stops = 1
        while True:
            page.keyboard.press("Tab")
            stop = page.evaluate(STOPS)
            if stop is None or 'class="skip"' in stop["what"]:
                break
            stops += 1
            assert stop["seen"], f"{path}: focus goes to what cannot be seen: {stop['what']}"
            assert stop["ring"], f"{path}: focus is not shown: {stop['what']}"
            assert stops < wanted + 40, f"{path}: the focus goes round in circles"
        assert stops >= wanted, path


def test_the_skip_link_leads_to_the_content(console: LiveServer, open_page: Open) -> None:
    page = open_page()
    page.goto(console.url + "/decisions?q=")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_paper_shows_what_the_screen_folds_away(console: LiveServer, open_page: Open) -> None:
    page = open_page()
    comment(SYSTEM, "fraud.decision", "5", "kept for the file")
    page.goto(console.url + "/decisions/5")
    closed = page.locator("main details:not([open])").count()
    assert closed > 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.locator("#sidebar")).to_be_hidden()
    expect(page.locator(".topbar")).to_be_hidden()
    expect(page.locator("main details.fold:not([open])")).to_have_count(0)
    expect(page.get_by_text("kept for the file")).to_be_visible()
    link = page.locator(".facts a[href]").first
    written = link.evaluate("(one) => getComputedStyle(one, '::after').content")
    assert str(link.get_attribute("href")) in written
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("main details:not([open])").count() == closed


def test_a_dialog_gives_the_focus_back(console: LiveServer, open_page: Open) -> None:
    page = open_page()
    page.goto(console.url + "/decisions?q=")
    page.locator("h1").click()
    page.locator("tr[data-href] a").first.focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("tr[data-href] a").first).to_be_focused()

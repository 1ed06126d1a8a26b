"""What people tell each other: comments in place, files whole, the bell."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Route, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from guanlan.core import outbox
from guanlan.core.access import subject_of
from guanlan.core.models import User
from guanlan.web.discussion import comment
from guanlan.web.discussion.models import Attachment
from tests.e2e.conftest import Open
from tests.e2e.test_console import watch
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)
LINES = b"time,amount\n" + b"09:00,12\n" * 30_000


def test_a_comment_is_said_changed_and_taken_back_in_place(
    console: LiveServer, open_page: Open
) -> None:
    page = open_page()
    complaints = watch(page)
    page.goto(console.url + "/decisions/5")
    page.get_by_label("Comment", exact=True).fill("<b>hold</b> this\none")
    page.get_by_role("button", name="Say it").click()
    said = page.locator(".said-text")
    expect(said).to_have_text("<b>hold</b> this\none")
    page.locator(".said-acts summary", has_text="Change").click()
    page.locator(".said-acts textarea").fill("released")
    page.get_by_role("button", name="Save").click()
    expect(said).to_have_text("released")
    page.locator("details.who summary").click()
    expect(page.locator(".who-list")).to_contain_text("@owner")
    page.locator(".said-acts summary", has_text="Take back").click()
    page.get_by_role("button", name="Take back for good").click()
    expect(page.locator(".said")).to_contain_text("taken back")
    expect(page).to_have_url(console.url + "/decisions/5")
    assert complaints == []


def test_a_file_goes_up_and_comes_back_whole(
    console: LiveServer, open_page: Open, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA = tmp_path
    page = open_page()
    page.goto(console.url + "/decisions/5")
    file: FilePayload = {"name": "lines.csv", "mimeType": "image/png", "buffer": LINES}
    page.locator("#attach").set_input_files(file)
    page.get_by_role("button", name="Add", exact=True).click()
    with page.expect_download() as started:
        page.get_by_role("link", name="lines.csv").click()
    assert started.value.path().read_bytes() == LINES
    assert Attachment.objects.get().kind == "text/plain"
    page.locator("#attach").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": b"MZ\x90\0"}
    )
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("This kind of file is not taken.")


def test_the_bell_tells_and_leads_there(console: LiveServer, open_page: Open) -> None:
    author = person("fraud_analyst", "ana")
    comment(subject_of(author), "fraud.decision", "7", "@owner please look")
    page = open_page("en", "light", 390)
    complaints = watch(page)
    page.goto(console.url + "/scenario")
    expect(page.locator(".bell .badge")).to_have_text("1")
    page.locator(".bell summary").click()
    page.get_by_role("button", name="ana mentions you").click()
    expect(page).to_have_url(console.url + "/decisions/7")
    expect(page.locator(".said-text")).to_contain_text("@owner please look")
    expect(page.locator(".bell .badge")).to_have_count(0)
    assert User.objects.filter(username="owner").exists()
    assert complaints == []


def test_a_name_behind_an_at_is_chosen_with_the_keyboard_and_that_colleague_is_told(
    console: LiveServer, open_page: Open
) -> None:
    ana = person("fraud_analyst", "ana.li")
    person("fraud_analyst", "andrea")
    person("communications", "anabel")  # may not see decisions
    page = open_page()
    complaints = watch(page)
    page.goto(console.url + "/decisions/5")
    field = page.get_by_label("Comment", exact=True)
    field.press_sequentially("please look, @an")
    offered = page.get_by_role("option")
    expect(offered).to_have_text(["@ana.li", "@andrea"])
    expect(offered.nth(0)).to_have_attribute("aria-selected", "true")
    field.press("ArrowDown")
    expect(offered.nth(1)).to_have_attribute("aria-selected", "true")
    active = field.get_attribute("aria-activedescendant")
    assert active == offered.nth(1).get_attribute("id")
    field.press("ArrowDown")  # round to the first
    field.press("Enter")
    expect(field).to_have_value("please look, @ana.li ")
    expect(offered).to_have_count(0)
    field.press_sequentially("or @and")
    expect(offered).to_have_text(["@andrea"])
    field.press("Escape")
    expect(offered).to_have_count(0)
    field.press_sequentially("rea@example.com")  # an address is no mention
    page.wait_for_timeout(300)
    expect(offered).to_have_count(0)
    page.get_by_role("button", name="Say it").click()
    expect(page.locator(".said-text")).to_contain_text("@ana.li")
    assert outbox.unread(subject_of(ana)).count() == 1
    assert complaints == []


def test_the_bell_rings_by_the_stream_and_one_page_listens_for_all(
    console: LiveServer, open_page: Open
) -> None:
    ana = person("fraud_analyst", "ana")
    page = open_page()
    complaints = watch(page)
    streams: list[str] = []
    body = 'retry: 300\n\nevent: bell\ndata: {"n":%d}\n\n'

    def told(route: Route) -> None:
        streams.append(route.request.frame.page.url)
        unread = outbox.unread_counts([User.objects.get(username="owner").pk])
        route.fulfill(content_type="text/event-stream", body=body % sum(unread.values()))

    page.context.route("**/console/stream/bell", told)
    page.goto(console.url + "/scenario")
    other = page.context.new_page()
    other.goto(console.url + "/entities")
    expect(page.locator("#bell-count")).to_have_attribute("data-n", "0")
    comment(subject_of(ana), "fraud.decision", "7", "@owner please look")
    expect(page.locator(".bell .badge")).to_have_text("1")
    expect(other.locator(".bell .badge")).to_have_text("1")
    expect(page.locator("#bell-said")).to_have_text("1 unread message")
    expect(page.locator("#bell-said")).to_have_role("status")
    assert set(streams) == {console.url + "/scenario"}
    page.close()  # the other page takes over
    comment(subject_of(ana), "fraud.decision", "7", "@owner and this")
    expect(other.locator(".bell .badge")).to_have_text("2")
    assert streams[-1] == console.url + "/entities"
    assert complaints == []


def test_without_a_stream_the_bell_is_asked_for(console: LiveServer, open_page: Open) -> None:
    ana = person("fraud_analyst", "ana")
    page = open_page()
    page.context.route("**/console/stream/bell", lambda route: route.fulfill(status=503))
    page.clock.install()
    page.goto(console.url + "/scenario")
    expect(page.locator("#bell-count")).to_have_attribute("data-n", "0")
    comment(subject_of(ana), "fraud.decision", "7", "@owner please look")
    page.clock.fast_forward(61_000)
    expect(page.locator(".bell .badge")).to_have_text("1")

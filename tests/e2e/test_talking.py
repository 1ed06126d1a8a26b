"""What people tell each other: comments in place, files whole, the bell."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

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

"""Attempts to pass the checks are written down: what, where, by whom; never what was sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.audit import open_log, refusals
from guanlan.core.audit.recording import DIRECTORY
from guanlan.core.audit.rows import Row, decode
from guanlan.core.audit.store import ROWS
from guanlan.fraud.models import Decision
from tests.people import confirm, person
from tests.web.discussion.conftest import decision  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
SENT = "s3cret-as-it-was-sent"


@pytest.fixture(autouse=True)
def log(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.DATA = tmp_path
    settings.CHECKPOINTS = tmp_path / "elsewhere"
    monkeypatch.setattr(refusals, "_refusals", refusals.Refusals())
    return tmp_path / DIRECTORY / ROWS


def written(log: Path) -> list[Row]:
    open_log()
    return [decode(line) for line in log.read_bytes().splitlines()] if log.exists() else []


def by_owner(*, enforce_csrf_checks: bool = False) -> Client:
    client = Client(enforce_csrf_checks=enforce_csrf_checks)
    client.force_login(person("owner"))
    confirm(client)
    return client


def form_without_token() -> None:
    by_owner(enforce_csrf_checks=True).post("/settings/keys/new", {"name": SENT})


def api_without_token() -> None:
    client = by_owner(enforce_csrf_checks=True)
    client.post("/api/v1/keys", f'{{"name":"{SENT}"}}', content_type="application/json")


def unknown_field() -> None:
    body = f'{{"name":"w","scopes":["events:write"],"sha256":"{SENT}"}}'
    by_owner().post("/api/v1/keys", body, content_type="application/json")


def too_much() -> None:
    Client().post("/login", SENT * 100_000, "application/x-www-form-urlencoded")


def too_much_for_the_api() -> None:
    by_owner().post("/api/v1/keys", SENT * 100_000, content_type="application/json")


def too_many_fields() -> None:
    Client().post("/login", {f"{SENT}{n}": "" for n in range(1500)})


def another_host() -> None:
    Client().get("/login", headers={"host": f"{SENT}.example"})


def key_in_address() -> None:
    Client().get(f"/api/v1/decisions?key=gl_abcd1234_{SENT}")


def file_of_another_kind() -> None:
    file = SimpleUploadedFile("report.pdf", b"MZ" + SENT.encode())
    by_owner().post("/discussion/fraud.decision/7/file", {"file": file})


@pytest.mark.parametrize(
    ("attempt", "what", "where", "by"),
    [
        (form_without_token, "csrf", "console", "person"),
        (api_without_token, "csrf", "console", "nobody"),
        (unknown_field, "unknown field", "api core.apikey", "person"),
        (too_much, "size", "console", "nobody"),
        (too_much_for_the_api, "size", "api", "person"),
        (too_many_fields, "fields", "console", "nobody"),
        (another_host, "host", "console", "nobody"),
        (key_in_address, "key in address", "api", "nobody"),
        (file_of_another_kind, "kind of file", "attachment", "person"),
    ],
)
def test_an_attempt_is_written_down_once_and_not_what_was_sent(
    decision: Decision,  # noqa: F811
    log: Path,
    attempt: Callable[[], None],
    what: str,
    where: str,
    by: str,
) -> None:
    attempt()
    (row,) = [row for row in written(log) if row.act == refusals.INPUT]
    assert (row.detail["verb"], row.on[0], row.outcome) == (what, where, "refused")
    assert SENT not in log.read_text()
    assert row.who.kind == by


def test_many_attempts_are_one_row_a_minute_that_counts_them(log: Path) -> None:
    for _n in range(40):
        Client().get("/login", headers={"host": "elsewhere.example"})
    rows = [row for row in written(log) if row.act == refusals.INPUT]
    assert len(rows) == 1


def test_a_shut_door_and_a_refused_right_are_written_down_too(log: Path) -> None:
    for _n in range(11):
        Client().post("/login", {"username": "somebody", "password": SENT})
    client = Client()
    client.force_login(person("auditor"))
    client.post("/settings/keys/new", {"name": SENT})
    acts = {row.act for row in written(log)}
    assert {"door.refuse", "door.shut", "access.refuse"} <= acts
    assert SENT not in log.read_text()

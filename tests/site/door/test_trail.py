"""A change of a list is written down before it is made, and decisions never wait for that."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.audit.recording import DIRECTORY
from guanlan.core.audit.rows import Row, decode
from guanlan.core.audit.store import ROWS
from guanlan.site.door.trail import Trail
from tests.site.door.conftest import Start
from tests.site.door.test_reads import event

ENTRIES = "/v1/lists/mule_payees/entries"
ENTRY = {"key": "13800138000"}


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA = tmp_path
    settings.CHECKPOINTS = tmp_path / "elsewhere"
    return tmp_path


def rows(data: Path) -> list[Row]:
    return [decode(line) for line in (data / DIRECTORY / ROWS).read_bytes().splitlines()]


def test_each_change_is_a_row_that_names_key_and_list_but_not_the_entry(
    start: Start, data: Path
) -> None:
    running = start()
    running.door.trail = Trail(1)
    asked = [
        running.client.post(ENTRIES, json=ENTRY | {"reason": "case 12"}),
        running.client.post(f"{ENTRIES}/remove", json=ENTRY),
        running.client.post("/v1/lists/none/entries", json=ENTRY | {"reason": "r"}),
    ]
    assert [answer.status_code for answer in asked] == [200, 200, 404]
    assert [(row.act, row.on, row.outcome, row.reason) for row in rows(data)] == [
        ("entry.set", ("fraud.list", "mule_payees"), "done", "case 12"),
        ("entry.remove", ("fraud.list", "mule_payees"), "done", ""),
        ("entry.set", ("fraud.list", "none"), "done", "r"),
        ("entry.set", ("fraud.list", "none"), "undone", ""),
    ]
    assert {row.who.kind for row in rows(data)} == {"key"}
    assert b"13800138000" not in (data / DIRECTORY / ROWS).read_bytes()
    assert "guanlan_audit_signed_rows 1" in running.client.get("/metrics").text


def test_where_nothing_can_be_written_lists_stay_and_decisions_go_on(
    start: Start, data: Path
) -> None:
    (data / DIRECTORY).write_text("no directory")
    running = start()
    running.door.trail = Trail(1)
    answer = running.client.post(ENTRIES, json=ENTRY | {"reason": "case 12"})
    assert answer.status_code == 503
    assert "audit log" in answer.json()["error"]["message"]
    assert running.client.post("/v1/events", json=event("a-1")).status_code == 200
    assert "guanlan_audit_refused 1" in running.client.get("/metrics").text


def test_a_key_in_an_address_is_a_row_that_does_not_hold_it(start: Start, data: Path) -> None:
    running = start()
    running.door.trail = Trail(1)
    for address in ("/v1/events?key=gl_ab12cd34_secret", "/v1/decisions/gl_ab12cd34_secret"):
        assert running.client.post(address, json=event("e-1")).status_code == 401
    running.stop()
    found = [(row.act, row.on[0], row.outcome, row.detail["verb"]) for row in rows(data)]
    assert found == [("input.refuse", "door", "refused", "key in address")]
    assert b"gl_ab12cd34" not in (data / DIRECTORY / ROWS).read_bytes()

"""Acts are written down before they are done, and not done when they cannot be."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.access import SYSTEM, Subject
from guanlan.core.audit import AuditUnavailable, act, acting, open_log, record, recording
from guanlan.core.audit.copying import copy_rows, history, prove, rebuild
from guanlan.core.audit.recording import DIRECTORY
from guanlan.core.audit.rows import REMOVED, Row, decode, scrub, scrub_detail
from guanlan.core.audit.store import ROWS
from guanlan.core.models import ApiKey, AuditEntry

ANN = Subject(id=7, name="ann", roles=frozenset({"owner"}))

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def log(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A log of its own for each test."""
    settings.DATA = tmp_path
    settings.CHECKPOINTS = tmp_path / "elsewhere"
    yield tmp_path / DIRECTORY / ROWS
    open_log().store.close()


def written(log: Path) -> list[Row]:
    return [decode(line) for line in log.read_bytes().splitlines()] if log.exists() else []


def key(name: str = "k") -> ApiKey:
    return ApiKey(id="abcd1234", name=name, sha256=name.encode().ljust(32))


def test_an_act_says_who_did_what_to_what_and_why(log: Path) -> None:
    with (
        acting(ANN, address="192.0.2.7", session="s3cret"),
        act("key.add", key(), detail={"scopes": ["a", "b"]}, reason="a new shop", purpose="audit"),
    ):
        key().save()
    (row,) = written(log)
    assert (row.act, row.on, row.outcome) == ("key.add", ("core.apikey", "abcd1234"), "done")
    assert (row.who.kind, row.who.id, row.who.name) == ("person", 7, "ann")
    assert (row.reason, row.purpose, row.detail) == ("a new shop", "audit", {"scopes": ["a", "b"]})
    assert b"192.0.2.7" not in log.read_bytes()
    assert b"s3cret" not in log.read_bytes()
    assert len(row.who.address) == len(row.who.session) == 16


def test_an_act_that_fails_leaves_no_row_and_no_change(log: Path) -> None:
    def fails() -> None:
        with act("key.add", key()):
            key().save()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert written(log) == []
    assert not ApiKey.objects.exists()


def test_what_was_written_down_and_then_rolled_back_is_said_to_be_undone(log: Path) -> None:
    def fails() -> None:
        with act("outer", ("x", "1")):
            with act("inner", key()):
                key().save()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    first, second = written(log)
    assert (first.act, first.outcome) == ("inner", "done")
    assert (second.act, second.outcome, second.of) == ("inner", "undone", 0)
    assert not ApiKey.objects.exists()


def test_nothing_is_done_when_it_cannot_be_written_down(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_log().store

    def full(row: Row) -> int:
        raise AuditUnavailable("the audit log cannot be written (no space left)")

    monkeypatch.setattr(store, "append", full)
    for _ in range(3):
        with pytest.raises(AuditUnavailable), act("key.add", key()):
            key().save()
    assert not ApiKey.objects.exists()
    missed = open_log().gap.current()
    assert missed is not None
    assert missed.refused == 3
    monkeypatch.undo()
    record("key.see", key(), outcome="seen")
    gap, seen = written(log)
    assert (gap.act, gap.detail["refused"]) == ("audit.gap", 3)
    assert gap.detail["since"] <= gap.detail["until"]
    assert seen.act == "key.see"
    assert open_log().gap.current() is None


def test_the_actor_of_a_thread_is_its_own(log: Path) -> None:
    def alone() -> None:
        record("x")

    with acting(ANN):
        thread = threading.Thread(target=alone)
        thread.start()
        thread.join()
        record("y")
    assert [row.who.name for row in written(log)] == [SYSTEM.name, "ann"]


@pytest.mark.parametrize(
    "personal",
    [
        "13800138000", "138 0013 8000", "+86-138-0013-8000", "４１１１１１１１１１１１１１１１",
        "11010519491231002X", "6222 0202 0011 2233 445", "ann@example.com", "192.0.2.7",
        "2001:db8:0:1::7:8",
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", ["{}", "卡号{}元", "see {}, please", "({})"])
def test_personal_values_do_not_stand_in_the_log(log: Path, personal: str, around: str) -> None:
    text = around.format(personal)
    record("x", ("y", text), reason=text, detail={"a": text, "b": [text]})
    (row,) = written(log)
    assert REMOVED in row.reason
    assert REMOVED in row.detail["a"]
    assert REMOVED in row.detail["b"][0]
    assert personal.encode() not in log.read_bytes()


def test_what_is_no_personal_value_stays() -> None:
    for text in ("rule transfer.fan_in", "2026-11-26", "score 120 of 1000", "1,234,567.89"):
        assert scrub(text) == text


@given(st.text(max_size=2000))
def test_scrubbing_is_final_and_bounded(text: str) -> None:
    once = scrub(text)
    assert len(once) <= 500
    assert scrub(once) == once


def test_a_detail_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="audit detail a"):
        scrub_detail({"a": 1.5})


def test_the_copy_has_every_row_once_and_can_be_made_anew(log: Path) -> None:
    for number in range(5):
        record("x", ("n", str(number)))
    assert copy_rows(limit=2) == 2
    assert copy_rows() == 3
    assert copy_rows() == 0
    assert [e.object_id for e in AuditEntry.objects.order_by("index")] == list("01234")
    AuditEntry.objects.filter(index=3).delete()
    assert rebuild() == 5
    assert AuditEntry.objects.count() == 5


def test_the_history_of_an_object_is_its_own(log: Path) -> None:
    with acting(ANN):
        record("key.add", ("core.apikey", "one"))
        record("key.add", ("core.apikey", "two"))
        record("key.revoke", ("core.apikey", "one"))
    assert [(d.act, d.who) for d in history("core.apikey", "one")] == [
        ("key.revoke", "ann"),
        ("key.add", "ann"),
    ]


def test_a_history_says_where_the_copy_lacks_the_newest(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guanlan.core.audit.copying.BATCH", 2)
    with acting(ANN):
        for name in ("key.add", "key.scope", "key.revoke"):
            record(name, ("core.apikey", "one"))
    first = history("core.apikey", "one")
    assert ([one.act for one in first], first.behind) == (["key.scope", "key.add"], True)
    then = history("core.apikey", "one")
    assert (then[0].act, then.behind) == ("key.revoke", False)


def test_the_proof_says_how_far_and_names_a_fault(log: Path) -> None:
    for _ in range(3):
        record("x")
    cursor = prove()
    assert cursor.fault == ""
    assert cursor.verified_rows > 0
    log.write_bytes(log.read_bytes().replace(b'"act":"x"', b'"act":"z"', 1))
    assert "changed after it was signed for" in prove().fault


def test_acts_within_one_transaction_of_others_are_kept_apart(log: Path) -> None:
    with transaction.atomic(), act("one", key("a")):
        key("a").save()
    assert [row.act for row in written(log)] == ["one"]


@pytest.mark.django_db(transaction=True)
def test_an_act_in_a_transaction_of_the_caller_that_is_rolled_back_is_said_to_be_undone(
    log: Path,
) -> None:
    recording._thread.pending.clear()  # of tests whose transactions were rolled back around them

    def rolled_back() -> None:
        with transaction.atomic():
            with act("key.revoke", ("core.apikey", "k")):
                pass
            raise KeyError

    with acting(ANN):
        with pytest.raises(KeyError):
            rolled_back()
        with transaction.atomic(), act("key.create", ("core.apikey", "k")):
            pass
    assert [(row.act, row.outcome, row.of) for row in written(log)] == [
        ("key.revoke", "done", None),
        ("key.create", "done", None),
        ("key.revoke", "undone", 0),
    ]


def test_what_is_not_durable_is_not_copied(log: Path) -> None:
    record("a.b")
    with log.open("ab") as file:
        file.write(log.read_bytes()[:20])
    assert copy_rows() == 1
    assert copy_rows() == 0

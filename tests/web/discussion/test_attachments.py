"""Attachments: sealed as they come, given back whole or not at all, only to who may see."""

from __future__ import annotations

import hashlib
import os
import random
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as quick
from hypothesis import strategies as st
from pytest_django import Settings

from guanlan.core.audit import AuditUnavailable, recording
from guanlan.core.audit.rows import Row
from guanlan.core.jobs import find_job, running, wanting
from guanlan.core.jobs.registry import next_due
from guanlan.core.models import JobRun
from guanlan.fraud.models import Decision
from guanlan.web.discussion import storing, sweeping
from guanlan.web.discussion.models import Attachment
from guanlan.web.discussion.storing import PIECE, Unreadable, Writer
from guanlan.web.discussion.sweeping import (
    JOB,
    finish_removals,
    put_back_named,
    set_nameless_aside,
)
from tests.people import person
from tests.web.discussion.test_comments import NOUN

pytestmark = pytest.mark.django_db
ADDRESS = f"/discussion/{NOUN}/7/file"
LINES = b"time,amount\n" + b"09:00,12\n" * 20_000  # longer than one piece


@pytest.fixture(autouse=True)
def room(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA = tmp_path
    return tmp_path / "attachments"


@pytest.fixture
def analyst(client: Client) -> Client:
    client.force_login(person("fraud_analyst"))
    client.cookies["guanlan_language"] = "en"
    return client


def send(client: Client, data: bytes = LINES, name: str = "lines.csv") -> int:
    return client.post(ADDRESS, {"file": SimpleUploadedFile(name, data)}).status_code


def files(room: Path) -> list[Path]:
    return [path for path in room.rglob("*") if path.is_file()]


def test_a_file_comes_back_as_it_was_and_lies_sealed(
    decision: Decision,
    analyst: Client,
    room: Path,
) -> None:
    assert send(analyst) == 302
    kept = Attachment.objects.get()
    assert (kept.name, kept.size) == ("lines.csv", len(LINES))
    assert kept.sha256 == hashlib.sha256(LINES).hexdigest()
    (path,) = files(room)
    sealed = path.read_bytes()
    assert b"09:00" not in sealed
    assert "lines" not in path.name
    assert path.stat().st_mode & 0o077 == 0
    answer = analyst.get(f"/attachments/{kept.pk}")
    assert answer.getvalue() == LINES
    assert answer["Content-Disposition"] == 'attachment; filename="lines.csv"'
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'; ")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "text/plain; charset=utf-8"


def test_nobody_else_reads_or_removes_it(decision: Decision, analyst: Client) -> None:
    send(analyst)
    key = Attachment.objects.get().pk
    stranger = Client()
    stranger.force_login(person("committee_member"))
    assert stranger.get(f"/attachments/{key}").status_code == 404
    assert stranger.post(f"/attachments/{key}/remove").status_code == 404
    other = Client()
    other.force_login(person("risk_owner"))
    assert other.post(f"/attachments/{key}/remove").status_code == 403
    assert other.get(f"/attachments/{key}/remove").status_code == 405
    assert Attachment.objects.get().removed is None


def test_what_is_removed_is_gone_from_the_disk(
    decision: Decision,
    analyst: Client,
    room: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    send(analyst)
    key = Attachment.objects.get().pk
    with django_capture_on_commit_callbacks(execute=True):
        assert analyst.post(f"/attachments/{key}/remove").status_code == 302
    assert files(room) == []
    assert analyst.get(f"/attachments/{key}").status_code == 404
    assert Attachment.objects.get().removed is not None


@pytest.mark.parametrize(
    ("data", "name", "status"),
    [
        (b"MZ\x90\0" + b"\0" * 5000, "report.pdf", 415),
        (b"<svg onload=alert(1)>", "x.png", 415),
        (b"plain text " * 500 + b"\0", "x.txt", 415),
        # Said to be UTF-8 when it is given out, so all of it must be, to its last byte.
        (b"plain text " * 500 + "观澜".encode("gbk"), "x.txt", 415),
        ("观澜".encode() * 20_000 + b"\xe8", "x.txt", 415),
        (b"", "empty.txt", 400),
    ],
)
def test_what_is_not_taken_leaves_nothing(
    decision: Decision,
    analyst: Client,
    room: Path,
    data: bytes,
    name: str,
    status: int,
) -> None:
    assert send(analyst, data, name) == status
    assert files(room) == []
    assert not Attachment.objects.exists()


def test_too_much_is_refused_by_its_length_and_by_its_bytes(
    decision: Decision,
    analyst: Client,
    room: Path,
    settings: Settings,
) -> None:
    settings.ATTACHMENT_LIMIT = 1000
    large = analyst.post(ADDRESS, {"file": SimpleUploadedFile("a.txt", b"x" * 200_000)})
    assert large.status_code == 413
    assert "at most" in large.content.decode()
    assert send(analyst, b"x" * 5000) == 413  # within what the form may add, so it was read
    assert send(analyst, b"x" * 1000) == 302
    settings.ATTACHMENT_QUOTA = 1500
    assert send(analyst, b"x" * 600) == 507
    assert len(files(room)) == 1


def test_two_files_or_a_field_of_another_name_are_refused(
    decision: Decision,
    analyst: Client,
    room: Path,
) -> None:
    two = {"file": [SimpleUploadedFile("a.txt", b"a"), SimpleUploadedFile("b.txt", b"b")]}
    assert analyst.post(ADDRESS, two).status_code == 400
    assert analyst.post(ADDRESS, {"other": SimpleUploadedFile("a.txt", b"a")}).status_code == 400
    assert analyst.post(ADDRESS, {}).status_code == 400
    assert files(room) == []


def test_an_upload_without_its_token_leaves_nothing(
    decision: Decision,
    room: Path,
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("fraud_analyst"))
    assert send(client) == 403
    assert files(room) == []


SCANNER = "import sys; sys.exit(b'EICAR' in sys.stdin.buffer.read())"


def test_a_scanner_reads_the_bytes_and_may_refuse(
    decision: Decision,
    analyst: Client,
    room: Path,
    settings: Settings,
) -> None:
    settings.ATTACHMENT_SCANNER = (sys.executable, "-c", SCANNER)
    assert send(analyst, b"clean") == 302
    assert send(analyst, b"EICAR") == 400
    settings.ATTACHMENT_SCANNER = (sys.executable, "-c", "import sys; sys.exit(2)")
    assert send(analyst, b"clean") == 503
    assert len(files(room)) == 1


def written(data: bytes, piece: int = 10_000) -> Writer:
    writer = Writer()
    for at in range(0, len(data), piece):
        writer.write(data[at : at + piece])
    writer.finish()
    writer.keep()
    return writer


@pytest.mark.parametrize("length", [1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 5])
def test_every_length_comes_back(length: int) -> None:
    data = random.Random(length).randbytes(length)
    assert b"".join(storing.opened(written(data).stored)) == data


@quick(max_examples=30, deadline=None)
@given(st.data())
def test_altered_bytes_are_never_given(data: st.DataObject) -> None:
    plain = random.Random(3).randbytes(PIECE + 100)
    writer = written(plain)
    path = storing.path_of(writer.stored)
    sealed = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(sealed)
    got: list[bytes] = []
    with pytest.raises(Unreadable):
        got.extend(storing.opened(writer.stored))
    assert plain.startswith(b"".join(got))
    assert len(b"".join(got)) < len(plain)


def test_cut_swapped_and_renamed_files_do_not_open() -> None:
    writer = written(random.Random(1).randbytes(3 * PIECE))
    path = storing.path_of(writer.stored)
    whole = path.read_bytes()
    head, step = 4 + 2 + int.from_bytes(whole[4:6], "big") + 7, PIECE + 16
    cut = whole[: head + 2 * step]
    swapped = whole[:head] + whole[head + step : head + 2 * step] + whole[head : head + step]
    for damaged in (cut, swapped + whole[head + 2 * step :], whole[:5], b""):
        path.write_bytes(damaged)
        with pytest.raises(Unreadable):
            b"".join(storing.opened(writer.stored))
    other = "0" * 32
    target = storing.path_of(other)
    target.parent.mkdir(parents=True)
    target.write_bytes(whole)
    for name in (other, "f" * 32, "../../etc/passwd"):
        with pytest.raises(Unreadable):
            b"".join(storing.opened(name))


def test_a_file_that_does_not_open_is_told_and_never_shown(
    decision: Decision,
    analyst: Client,
    room: Path,
) -> None:
    send(analyst)
    (path,) = files(room)
    path.write_bytes(path.read_bytes()[:-1])
    path.write_bytes(b"GLA1" + os.urandom(200))
    answer = analyst.get(f"/attachments/{Attachment.objects.get().pk}")
    assert answer.status_code == 500
    assert "cannot be read" in answer.content.decode()


def test_bytes_are_not_destroyed_by_what_cannot_be_written_down(
    decision: Decision,
    analyst: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    send(analyst)
    kept = Attachment.objects.get()

    def full(row: Row) -> int:
        raise AuditUnavailable("the disk is full")

    with monkeypatch.context() as patch, django_capture_on_commit_callbacks(execute=True):
        patch.setattr(recording, "_append", full)
        assert analyst.post(f"/attachments/{kept.pk}/remove").status_code == 503
    kept.refresh_from_db()
    assert kept.removed is None
    assert analyst.get(f"/attachments/{kept.pk}").getvalue() == LINES


def test_a_removal_that_broke_off_is_finished_by_the_sweep(
    decision: Decision, analyst: Client, room: Path
) -> None:
    send(analyst)
    send(analyst, b"another one")
    # Committed, and the process gone before the bytes were.
    Attachment.objects.filter(size=len(LINES)).update(removed=timezone.now())
    assert len(files(room)) == 2
    assert finish_removals() == 1
    assert [path.name for path in files(room)] == [Attachment.objects.get(removed=None).stored]
    assert finish_removals() == 0


def test_a_name_that_no_database_takes_is_nobodys(analyst: Client) -> None:
    assert analyst.get(f"/discussion/{NOUN}/7%00").status_code == 404


def test_what_was_begun_and_left_is_swept(room: Path) -> None:
    writer = Writer()
    writer.write(b"half")
    assert storing.sweep() == 0
    made = next((room / "incoming").iterdir())
    assert storing.sweep(made.stat().st_mtime + storing.ABANDONED + 1) == 1
    assert not made.exists()
    writer.discard()


def test_a_job_sweeps_without_another_upload(room: Path) -> None:
    left, under_way = Writer(), Writer()
    old = time.time() - storing.ABANDONED - 1
    os.utime(room / "incoming" / left.stored, (old, old))
    due = next_due(find_job(JOB).every, timezone.now(), ZoneInfo("UTC"))  # type: ignore[union-attr]
    assert due is not None
    assert due - timezone.now() <= timedelta(hours=1)
    run = JobRun.objects.get(pk=wanting.want(JOB, timezone.now()))
    running.execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.values) == ("done", {"n": 1})
    assert [path.name for path in (room / "incoming").iterdir()] == [under_way.stored]
    under_way.discard()
    left.discard()


def test_what_no_row_names_is_set_aside_after_a_day_and_removed_after_another(
    decision: Decision, analyst: Client, room: Path
) -> None:
    send(analyst)
    named = Attachment.objects.get().stored
    young, nameless = kept_without_row(), kept_without_row()
    old = time.time() - storing.ABANDONED - 1
    for stored in (named, nameless):
        os.utime(storing.path_of(stored), (old, old))
    assert set_nameless_aside() == 1
    assert {path.name for path in files(room) if path.parent.name != "incoming"} == {named, young}
    put_back_named()
    assert storing.sweep() == 0
    assert storing.sweep(time.time() + storing.ABANDONED + 1) == 1
    assert {path.name for path in files(room)} == {named, young}


def test_bytes_whose_row_is_written_while_the_sweep_looks_are_put_back(
    decision: Decision, analyst: Client, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(analyst)
    row = Attachment.objects.get()
    old = time.time() - storing.ABANDONED - 1
    os.utime(storing.path_of(row.stored), (old, old))
    monkeypatch.setattr(sweeping, "_named", lambda names: set())  # before the row was written
    assert set_nameless_aside() == 1
    monkeypatch.undo()
    put_back_named()
    assert b"".join(storing.opened(row.stored)) == LINES


def kept_without_row() -> str:
    writer = Writer()
    writer.write(b"words")
    writer.finish()
    writer.keep()
    return writer.stored

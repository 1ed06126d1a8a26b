"""Signed checkpoints go elsewhere by the outbox; the receiver can check them, and then the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_django import Settings

from guanlan.core.audit import open_log, record
from guanlan.core.audit.checkpoints import BadNote, find_notes
from guanlan.core.audit.recording import DIRECTORY, checkpoint_file
from guanlan.core.audit.store import ROWS
from guanlan.core.audit.telling import NoWayOut, tell, way_out
from guanlan.core.audit.verifying import verify
from guanlan.core.egress import using
from guanlan.core.models import Channel, Message
from guanlan.core.outbox import delivering
from guanlan.site.cli.audit import audit
from tests.core.egress.servers import http_server
from tests.core.outbox.sink import mail_server

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 8, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def log(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    settings.DATA = tmp_path
    settings.CHECKPOINTS = tmp_path / "elsewhere"
    settings.AUDIT_CHANNEL = "vault"
    settings.AUDIT_CHANNEL_MINUTES = 60
    yield tmp_path / DIRECTORY
    open_log().store.close()


def channel(kind: str, config: dict[str, str]) -> Channel:
    made = Channel.objects.create(name="vault", kind=kind)
    made.config = config
    made.save()
    return made


def acts(count: int) -> None:
    for number in range(count):
        record("key.revoke", ("core.apikey", str(number)))


def check(file: Path, *more: str) -> tuple[int, str]:
    done = CliRunner().invoke(audit, ["check", str(file), *more])
    return done.exit_code, done.output + str(done.exception or "")


def test_a_letter_is_checked_by_its_receiver_and_outlives_the_log(
    log: Path, tmp_path: Path
) -> None:
    acts(5)
    open_log().store.checkpoint(lambda f, t: open_log().checkpointer.grown(f, t, at_once=True))
    public = open_log().checkpointer.signer.public
    with mail_server() as (sink, config):
        channel("email", {**config, "to": "vault@example.com"})
        assert tell(NOW) >= 5
        delivering.deliver_due(NOW)
    (letter,) = sink.letters
    assert letter["To"] == "vault@example.com"
    file = tmp_path / "letter.txt"
    file.write_text(letter.get_content())
    rows = tell_rows(file)
    code, said = check(file, "--key", public)
    assert code == 0
    assert said.startswith(f"{rows} rows, root ")

    # Another key, a letter that was altered, no key.
    assert check(file)[0] != 0
    other = tmp_path / "other.txt"
    other.write_text(file.read_text().replace(f"\n{rows}\n", f"\n{rows + 1}\n"))
    assert "was not signed by this key" in check(other, "--key", public)[1]

    # The thief cuts the log and its checkpoints; the letter speaks of more.
    held = tmp_path / "held"
    held.write_text("".join(note.note + "\n" for note in find_notes(file.read_text())))
    assert verify(log, held, public).ok
    lines = (log / ROWS).read_bytes().splitlines(keepends=True)
    (log / ROWS).write_bytes(b"".join(lines[:2]))
    checkpoint_file().unlink()
    assert "are gone" in verify(log, held, public).fault


def tell_rows(file: Path) -> int:
    (note,) = find_notes(file.read_text())
    return note.size


def test_a_webhook_carries_the_note_as_it_is_signed(log: Path) -> None:
    acts(3)
    with http_server() as server, using(server.policy("vault.test")):
        channel("webhook", {"url": f"http://vault.test:{server.port}/", "secret": "s"})
        open_log().store.checkpoint(lambda f, t: open_log().checkpointer.grown(f, t, at_once=True))
        tell(NOW)
        delivering.deliver_due(NOW)
    body = json.loads(server.got[0].body)["body"]
    newest = open_log().checkpointer.newest_checkpoint()
    assert newest is not None
    assert newest.note in body
    assert newest.note in checkpoint_file().read_text()


def test_it_is_sent_once_an_interval_and_only_of_more_rows(
    log: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AUDIT_CHANNEL_MINUTES = 90
    channel("file", {"name": "vault"})
    assert tell(NOW) == 0  # nothing is signed for yet
    acts(3)
    signing = open_log().checkpointer
    sign = signing.grown
    monkeypatch.setattr(open_log().store, "_grown", lambda f, t: sign(f, t, at_once=True))
    first = tell(NOW)
    assert first == 3
    acts(2)
    assert tell(NOW + HOUR) == 0
    second = tell(NOW + 2 * HOUR)
    assert second > first
    monkeypatch.setattr(open_log().store, "_grown", None)
    assert tell(NOW + 4 * HOUR) == second + 1  # that the letter was written is an act too
    rows = (log / ROWS).read_bytes()
    assert tell(NOW + 6 * HOUR) == 0  # nothing new is signed for
    assert (log / ROWS).read_bytes() == rows
    assert Message.objects.filter(template="audit.checkpoint").count() == 3


def test_without_the_setting_nothing_is_sent(log: Path, settings: Settings) -> None:
    settings.AUDIT_CHANNEL = ""
    channel("file", {"name": "vault"})
    acts(3)
    assert (way_out(), tell(NOW)) == (None, 0)


@pytest.mark.parametrize(
    ("kind", "config", "why"),
    [
        ("email", {"host": "mail.test"}, "no address"),
        ("twilio", {"to": "+8613800138000"}, "SMS"),
        ("", {}, "no channel of this name"),
    ],
)
def test_a_way_that_leads_nowhere_is_told(
    log: Path, kind: str, config: dict[str, str], why: str
) -> None:
    if kind:
        channel(kind, config)
    with pytest.raises(NoWayOut, match=why):
        tell(NOW)


def test_words_are_no_checkpoint(tmp_path: Path) -> None:
    assert find_notes("Dear all,\n7\nyours\n") == []
    with pytest.raises(BadNote):
        find_notes("guanlan.audit/x\n7\nAAAA=A\n\n\N{EM DASH} x y\n")
    file = tmp_path / "words.txt"
    file.write_text("Dear all")
    assert "expected a proof" in check(file)[1]

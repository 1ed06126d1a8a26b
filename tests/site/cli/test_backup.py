"""Backup while events flow, everything wiped, restored: the same instance."""

from __future__ import annotations

import io
import json
import shutil
import signal
import sqlite3
import stat
import tarfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from guanlan.engine.log import verify
from guanlan.site.run.archive import FORMAT, HEAD, BackupError, is_path_safe, unpack
from guanlan.site.run.restoring import restore
from tests.site.cli.running import Result, Started
from tests.site.cli.small import SCENARIO
from tests.site.cli.test_kill import Caller, projected

pytestmark = pytest.mark.sqlite  # each names the database it speaks of

Guanlan = Callable[..., Result]
Start = Callable[..., Started]
SOME = 60  # acknowledged events before the backup, and after it


def rows(data: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(data / "db.sqlite3", timeout=20)) as database:
        return list(database.execute(sql))


DECISIONS = "SELECT seq, event_id, outcome, score FROM fraud_decision WHERE seq <= {} ORDER BY seq"
KEYS = "SELECT id, name, sha256 FROM core_apikey ORDER BY id"


@pytest.mark.usefixtures("migrated")
def test_backup_wipe_restore(guanlan: Guanlan, start: Start, data: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "small.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    key = guanlan("key", "create", "test").out.strip()
    (data / "attachments" / "ab").mkdir(parents=True)
    (data / "attachments" / "ab" / ("ab" * 16)).write_bytes(b"GLA1" + bytes(99))
    running = start("up", "--port", "0", "--no-warm", "--scenario", scenario)
    callers = [Caller(running.ready(), key, number) for number in range(2)]
    for caller in callers:
        caller.start()

    def flow(count: int) -> None:
        until = time.monotonic() + 60
        while sum(len(caller.acknowledged) for caller in callers) < count:
            assert time.monotonic() < until
            time.sleep(0.01)

    flow(SOME)
    before = sum(len(caller.acknowledged) for caller in callers)
    out, keys = tmp_path / "b.tar", tmp_path / "k.tar"
    made = guanlan("backup", out, "--keys", keys, "--json")
    assert made.code == 0, made.err
    flow(sum(len(caller.acknowledged) for caller in callers) + SOME)
    running.process.send_signal(signal.SIGTERM)
    for caller in callers:
        caller.join(30)
    running.process.wait(30)

    assert stat.S_IMODE(out.stat().st_mode) == stat.S_IMODE(keys.stat().st_mode) == 0o600
    with tarfile.open(out) as tar:
        names = tar.getnames()
    assert not [name for name in names if name.startswith("keys/") or name == "secret.key"]
    secret = (data / "secret.key").read_bytes().strip()
    assert secret not in out.read_bytes()

    whole = tmp_path / "whole"
    data.rename(whole)  # wiped: nothing is left in its place
    done = guanlan("restore", out, "--keys", keys, "--data", data, "--json")
    assert done.code == 0, done.err
    contents = done.json["contents"]
    report = verify(data / "log")
    assert report.ok
    assert report.torn_bytes == 0
    assert before <= report.events < verify(whole / "log").events
    for segment in sorted((data / "log").glob("*.glog")):
        there = (whole / "log" / segment.name).read_bytes()
        assert there.startswith(segment.read_bytes())
    assert (
        sum(f.stat().st_size for f in (data / "log").glob("*.glog"))
        == contents["roots"]["log_position"]
    )
    assert rows(data, KEYS) == rows(whole, KEYS)

    replayed = guanlan("log", "replay", "--json").json["report"]
    assert replayed["events"] == replayed["equal"] == report.events
    caught_up = guanlan("log", "project", "--json")
    assert caught_up.code == 0, caught_up.err
    assert projected(data)[0] == report.events
    cut = DECISIONS.format(report.last_seq)
    assert rows(data, cut) == rows(whole, cut)
    doctor = guanlan("doctor")
    assert "Traceback" not in doctor.err
    again = start("up", "--port", "0", "--no-warm")
    more = Caller(again.ready(), key, 9)
    more.start()
    until = time.monotonic() + 30
    while not more.acknowledged:
        assert time.monotonic() < until
        time.sleep(0.01)
    again.end()
    more.join(30)


@pytest.fixture
def backed_up(guanlan: Guanlan, migrated: None, data: Path, tmp_path: Path) -> tuple[Path, Path]:
    out, keys = tmp_path / "b.tar", tmp_path / "k.tar"
    done = guanlan("backup", out, "--keys", keys)
    assert done.code == 0, done.err
    return out, keys


def test_what_is_not_right_is_one_sentence_and_leaves_nothing(
    guanlan: Guanlan, backed_up: tuple[Path, Path], data: Path, tmp_path: Path
) -> None:
    out, keys = backed_up
    other = tmp_path / "other"
    elsewhere = guanlan(
        "backup", tmp_path / "o.tar", "--keys", tmp_path / "ok.tar", GUANLAN_DATA=str(other)
    )
    assert elsewhere.code == 0, elsewhere.err
    bytes_ = out.read_bytes()
    spoilt = {
        "cut.tar": bytes_[: len(bytes_) // 2],
        "short.tar": bytes_[:-12000],
        "none.tar": b"no archive" * 100,
        "empty.tar": b"",
        "altered.tar": bytes_.replace(b"SQLite format 3", b"SQLite format 4"),
        "newer.tar": bytes_.replace(b'"version":"0.', b'"version":"9.', 1),
    }
    target = tmp_path / "new" / "data"

    def refused(archive: Path, key_file: Path, said: str) -> None:
        with pytest.raises(BackupError, match=said) as error:
            restore(archive, key_file, target, lambda n: None)
        assert "\n" not in str(error.value)
        assert not list(target.parent.iterdir())

    for name, content in spoilt.items():
        (tmp_path / name).write_bytes(content)
        said = {"altered.tar": "was altered", "newer.tar": "was made by Guanlan 9"}.get(
            name, "cut short|no backup"
        )
        refused(tmp_path / name, keys, said)
    refused(out, tmp_path / "ok.tar", "not the keys of")
    refused(out, out, "expected the archive of the keys")
    refused(keys, keys, "expected the archive of the data")
    with pytest.raises(BackupError, match="empty or not there"):
        restore(out, keys, data, lambda n: None)
    missing = guanlan("restore", out, "--keys", tmp_path / "no.tar", "--data", target)
    assert (missing.code, "Traceback" in missing.err) == (2, False)
    target.mkdir()
    assert restore(out, keys, target, lambda n: None).database
    assert stat.S_IMODE((target / "keys").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/../x", "a//b", ".hidden", "a/.b", "", "a\\b", "a/b\n", "a" * 500]
)
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    assert not is_path_safe(name)
    archive = tmp_path / "b.tar"
    head = json.dumps({"format": FORMAT, "kind": "data", "version": "0.1", "made": ""}).encode()
    with tarfile.open(archive, "w") as tar:
        for title, content in ((HEAD, head), (name or "./", b"x")):
            member = tarfile.TarInfo(title)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    folder = tmp_path / "in" / "side"
    folder.mkdir(parents=True)
    with pytest.raises(BackupError):
        unpack(archive, "data", folder, "0.1", lambda n: None)
    assert not list(folder.rglob("*"))
    assert {p.name for p in tmp_path.iterdir()} == {"b.tar", "in"}


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE]
)
def test_only_files_are_taken(kind: bytes, tmp_path: Path) -> None:
    archive = tmp_path / "b.tar"
    with tarfile.open(archive, "w") as tar:
        member = tarfile.TarInfo(HEAD)
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)
    with pytest.raises(BackupError, match="refused"):
        unpack(archive, "data", tmp_path / "x", "0.1", lambda n: None)


def test_a_backup_never_takes_the_place_of_another(
    guanlan: Guanlan, backed_up: tuple[Path, Path], tmp_path: Path
) -> None:
    before = backed_up[0].read_bytes()
    again = guanlan("backup", backed_up[0])
    assert again.code == 1
    assert "is there already" in again.err
    assert backed_up[0].read_bytes() == before
    alone = guanlan("backup", tmp_path / "alone.tar")
    assert "the keys are not in it" in alone.err
    assert shutil.disk_usage(tmp_path).free

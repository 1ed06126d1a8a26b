"""`guanlan first-run`, `key` and `doctor` on an installation of their own."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

from tests.site.cli.running import Result

Guanlan = Callable[..., Result]


def test_secrets_are_shown_once_and_never_stored(guanlan: Guanlan, data: Path) -> None:
    first = guanlan("first-run", "--json")
    assert first.code == 0
    assert set(first.json) == {"data", "owner", "password", "token"}
    token = first.json["token"]
    assert re.fullmatch(r"gl_[a-z0-9]{8}_[A-Za-z0-9_-]{43}", token)
    assert len(first.json["password"]) >= 16

    again = guanlan("first-run", "--json")
    assert again.json["password"] is None
    assert again.json["token"] is None

    files = [path for path in data.rglob("*") if path.is_file()]
    assert not any(token.encode() in path.read_bytes() for path in files)
    with sqlite3.connect(data / "db.sqlite3") as database:
        stored = database.execute("SELECT sha256 FROM core_apikey").fetchone()[0]
    database.close()
    assert bytes(stored) == hashlib.sha256(token.encode()).digest()
    assert stat.S_IMODE((data / "secret.key").stat().st_mode) == 0o600


def test_a_key_is_created_listed_and_revoked_once(guanlan: Guanlan) -> None:
    made = guanlan("key", "create", "checkout", "--scope", "events:write", "--json").json
    assert made["scopes"] == ["events:write"]
    listed = guanlan("key", "list", "--json").json
    assert [(k["id"], k["revoked"]) for k in listed] == [(made["id"], None)]
    assert guanlan("key", "revoke", made["id"]).code == 0
    assert guanlan("key", "list", "--json").json[0]["revoked"] is not None

    twice = guanlan("key", "revoke", made["id"])
    assert twice.code == 1
    assert twice.err.count("\n") == 1


def test_a_plain_create_prints_the_token_alone(guanlan: Guanlan) -> None:
    assert re.fullmatch(r"gl_\w{8}_[\w-]{43}\n", guanlan("key", "create", "a b").out)


def test_doctor_finds_nothing_on_a_fresh_installation(guanlan: Guanlan, data: Path) -> None:
    guanlan("first-run")
    report = guanlan("doctor", "--json")
    # Front-end packages are the set-up's business, not this installation's.
    own = [f for f in report.json["findings"] if f["check"] != "assets"]
    assert [f for f in own if f["state"] == "fault"] == []
    assert {f["check"] for f in own} >= {"configuration", "database", "keys", "log", "clock"}


def test_doctor_names_each_fault_and_its_mend(guanlan: Guanlan, data: Path) -> None:
    before = guanlan("doctor", "--json")
    assert before.code == 1
    faults = {f["check"]: f["mend"] for f in before.json["findings"] if f["state"] == "fault"}
    assert faults["database"] == "guanlan migrate"

    guanlan("migrate")
    (data / "secret.key").chmod(0o644)
    after = guanlan("doctor", "--json")
    faults = {f["check"]: f["mend"] for f in after.json["findings"] if f["state"] == "fault"}
    assert faults["accounts"] == "guanlan first-run"
    assert faults["configuration"].startswith("chmod 600 ")
    assert "guanlan key create" in faults["keys"]
    assert "FAULT" in guanlan("doctor").out


def test_doctor_survives_a_wrong_setting_and_does_not_repeat_it(guanlan: Guanlan) -> None:
    report = guanlan("doctor", "--json", GUANLAN_DATABASE_URL="mysql://me:hunter2@db/x")
    assert report.code == 1
    (finding,) = report.json["findings"]
    assert "GUANLAN_DATABASE_URL" in finding["what"]
    assert "hunter2" not in report.out + report.err


def test_doctor_finds_a_damaged_log(guanlan: Guanlan, data: Path) -> None:
    guanlan("first-run")
    (data / "log").mkdir(exist_ok=True)
    (data / "log" / f"{0:020}.glog").write_bytes(b"not a log" * 1000)
    report = guanlan("doctor", "--json")
    faults = {f["check"]: f for f in report.json["findings"] if f["state"] == "fault"}
    assert "log" in faults
    assert "backup" in faults["log"]["mend"]

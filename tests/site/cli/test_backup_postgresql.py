"""`guanlan backup` on a real PostgreSQL while events flow, and restored into an empty database."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests import postgres
from tests.conftest import need
from tests.site.cli.running import Result, Started
from tests.site.cli.small import SCENARIO
from tests.site.cli.test_kill import Caller

pytestmark = pytest.mark.sqlite  # each names the database it speaks of

Guanlan = Callable[..., Result]
Start = Callable[..., Started]
SOME = 40


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server of this module alone; the address without a database."""
    found = postgres.programs()
    need("PostgreSQL", str(found) if found else None, "apt-get install postgresql")
    assert found is not None
    cluster = postgres.Cluster(found)
    yield cluster.address.rpartition("/")[0]
    cluster.stop()


@pytest.fixture
def empty(server: str) -> Callable[[str], str]:
    """Makes an empty database; its address."""

    def make(name: str) -> str:
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            for statement in ("DROP DATABASE IF EXISTS {}", "CREATE DATABASE {}"):
                connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
        return f"{server}/{name}"

    return make


def asked(address: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(address) as connection:
        return connection.execute(query.encode()).fetchall()


TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
DECISIONS = "SELECT seq, event_id, outcome, score, entities FROM fraud_decision ORDER BY seq"
PLAIN = "SELECT seq, event_id, outcome, score FROM fraud_decision ORDER BY seq"
CURSOR = "SELECT position, events FROM fraud_cursor"


def test_backup_wipe_restore(
    guanlan: Guanlan, start: Start, data: Path, tmp_path: Path, empty: Callable[[str], str]
) -> None:
    first, second = empty("first"), empty("second")
    here = {"GUANLAN_DATABASE_URL": first}
    scenario = tmp_path / "small.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    key = guanlan("key", "create", "test", **here).out.strip()
    running = start("up", "--port", "0", "--no-warm", "--scenario", scenario, **here)
    callers = [Caller(running.ready(), key, number) for number in range(2)]
    for caller in callers:
        caller.start()

    def flow(more: int) -> None:
        count = sum(len(caller.acknowledged) for caller in callers) + more
        until = time.monotonic() + 120
        while sum(len(caller.acknowledged) for caller in callers) < count:
            assert time.monotonic() < until
            time.sleep(0.01)

    flow(SOME)
    out, keys = tmp_path / "b.tar", tmp_path / "k.tar"
    made = guanlan("backup", out, "--keys", keys, "--json", **here)
    assert made.code == 0, made.err
    flow(SOME)
    running.process.send_signal(signal.SIGTERM)
    for caller in callers:
        caller.join(30)
    running.process.wait(60)
    secret = first.partition("://")[2].partition("@")[0].partition(":")[2]
    assert secret.encode() not in out.read_bytes() + keys.read_bytes()

    data.rename(tmp_path / "whole")  # wiped
    full = guanlan("restore", out, "--keys", keys, "--data", data, **here)
    assert (full.code, "expected it to be empty" in full.err) == (1, True), full.err
    none = guanlan("restore", out, "--keys", keys, "--data", data)
    assert (none.code, "holds a PostgreSQL database" in none.err) == (1, True), none.err
    assert not data.exists()

    there = {"GUANLAN_DATABASE_URL": second}
    done = guanlan("restore", out, "--keys", keys, "--data", data, "--json", **there)
    assert done.code == 0, done.err
    assert done.json["contents"]["roots"] == made.json["contents"]["roots"]
    assert not (data / "database").exists()
    assert not (data / "db.sqlite3").exists()
    assert asked(second, TABLES) == asked(first, TABLES)
    copied = asked(second, DECISIONS)
    assert copied == asked(first, DECISIONS)[: len(copied)]
    ((position, events),) = asked(second, CURSOR)
    assert events == len(copied) > 0  # one moment: the cursor and its rows agree
    assert position <= made.json["contents"]["roots"]["log_position"]

    replayed = guanlan("log", "replay", "--json", **there).json["report"]
    assert replayed["events"] == replayed["equal"] >= events
    assert guanlan("log", "project", **there).code == 0
    every = asked(second, PLAIN)
    assert len(every) == replayed["events"]
    assert every == asked(first, PLAIN)[: len(every)]
    assert guanlan("audit", "verify", **there).code == 0
    assert guanlan("key", "create", "after", **there).code == 0  # sequences stand where they stood
    report = guanlan("doctor", "--json", **there).json["findings"]
    assert {f["check"]: f["state"] for f in report}["encryption"] == "ok"


def test_a_restore_that_fails_leaves_the_database_empty(
    guanlan: Guanlan, data: Path, tmp_path: Path, empty: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    here, there = ({"GUANLAN_DATABASE_URL": empty(name)} for name in ("third", "fourth"))
    assert guanlan("first-run", **here).code == 0
    out, keys = tmp_path / "b.tar", tmp_path / "k.tar"
    with psycopg.connect(here["GUANLAN_DATABASE_URL"], autocommit=True) as connection:
        # A row that its own constraint would not take back.
        connection.execute("ALTER TABLE core_keycheck DROP CONSTRAINT core_keycheck_pkey")
        connection.execute("INSERT INTO core_keycheck SELECT * FROM core_keycheck")
    assert guanlan("backup", out, "--keys", keys, **here).code == 0
    target = tmp_path / "new"
    done = guanlan("restore", out, "--keys", keys, "--data", target, **there)
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "does not take" in done.err
    assert asked(there["GUANLAN_DATABASE_URL"], TABLES) == []
    assert not target.exists()

"""The worker as a real process: killed in the middle, its queue lost, ended by signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.site.cli.conftest import ROOT, environment
from tests.site.cli.database import rows
from tests.site.cli.running import Result, Started
from tests.site.cli.small import SCENARIO

pytestmark = pytest.mark.usefixtures("migrated")

Guanlan = Callable[..., Result]
Start = Callable[..., Started]


def until(condition: Callable[[], Any], seconds: float = 40) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def want(data: Path, **more: Any) -> int:
    """A run of the cleaning that waits, as another process would write it down."""
    values = {"job": "platform.clean", "state": "queued", "attempt": 0, "failures": 0, "losses": 0,
              "done": 0, "total": 0, "result": "", "vals": "{}", "tries": "[]",
              "error": "", "cancelling": False,
              "due": "2026-01-01 00:00:00", **more}  # fmt: skip
    values['"values"'] = values.pop("vals")
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    sql = f"insert into core_jobrun ({names}) values ({marks}) returning id"
    return int(rows(data, sql, *values.values())[0][0])


def state(data: Path, run: int) -> str:
    return str(rows(data, "select state from core_jobrun where id = ?", run)[0][0])


@pytest.fixture
def ready(guanlan: Guanlan, data: Path) -> Path:
    assert guanlan("first-run").code == 0
    return data


def test_a_worker_does_what_waits_and_ends_in_order(start: Start, ready: Path) -> None:
    run = want(ready)
    running = start("worker")
    until(lambda: state(ready, run) == "done")
    assert running.end(signal.SIGTERM) == 0
    assert rows(ready, "select count(*) from core_worker where ended is null") == [(0,)]


def test_what_a_killed_worker_was_doing_is_done_by_the_next(start: Start, ready: Path) -> None:
    first = start("worker")
    until(lambda: rows(ready, "select id from core_worker"))
    first.process.kill()
    first.process.wait()
    [(identity,)] = rows(ready, "select id from core_worker")
    run = want(ready, state="running", worker_id=identity, attempt=1, started="2026-01-01 00:00:00")
    for name in ready.glob("jobs.sqlite3*"):
        name.unlink()
    second = start("worker")
    until(lambda: state(ready, run) == "done")
    assert second.end() == 0
    assert rows(ready, "select losses from core_jobrun where id = ?", run) == [(1,)]


def slow_worker(data: Path, folder: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "tests.site.cli.slow_worker", str(folder)]
    return subprocess.Popen(words, env=environment(data), cwd=ROOT)


def begun(folder: Path) -> int:
    file = folder / "begun"
    return file.read_text().count("begun") if file.exists() else 0


def test_a_worker_killed_in_the_middle_of_a_job_loses_nothing(ready: Path, tmp_path: Path) -> None:
    run = want(ready, job="test.slow")
    first = slow_worker(ready, tmp_path)
    try:
        until(lambda: begun(tmp_path) == 1)
        first.kill()
        first.wait()
        assert state(ready, run) == "running"
        second = slow_worker(ready, tmp_path)
        try:
            until(lambda: begun(tmp_path) == 2)
            (tmp_path / "go").touch()
            until(lambda: state(ready, run) == "done")
            sql = "select losses, attempt, failures from core_jobrun where id = ?"
            assert rows(ready, sql, run) == [(1, 2, 0)]
        finally:
            second.terminate()
            assert second.wait(timeout=30) == 0
    finally:
        first.kill()
        first.wait()


def test_a_job_under_way_goes_back_to_the_queue_when_the_worker_is_asked_to_end(
    ready: Path, tmp_path: Path
) -> None:
    run = want(ready, job="test.slow")
    worker = slow_worker(ready, tmp_path)
    try:
        until(lambda: begun(tmp_path) == 1)
    finally:
        worker.terminate()
        assert worker.wait(timeout=30) == 0
    assert state(ready, run) == "queued"
    assert rows(ready, "select failures, losses from core_jobrun where id = ?", run) == [(0, 0)]


def test_a_damaged_queue_is_made_anew(start: Start, ready: Path) -> None:
    (ready / "jobs.sqlite3").write_bytes(b"no database at all" * 500)
    run = want(ready)
    running = start("worker")
    until(lambda: state(ready, run) == "done")
    assert running.end() == 0


def test_the_platform_keeps_a_worker_beside_it(
    start: Start, guanlan: Guanlan, ready: Path, tmp_path: Path
) -> None:
    scenario = tmp_path / "small.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    running = start("up", "--port", "0", "--no-warm", "--scenario", scenario)
    running.ready()
    [(pid,)] = until(lambda: rows(ready, "select pid from core_worker where ended is null"))
    os.kill(pid, signal.SIGKILL)
    run = want(ready)
    until(lambda: state(ready, run) == "done")
    assert running.end() == 0
    assert rows(ready, "select count(*) from core_worker where ended is null") == [(0,)]

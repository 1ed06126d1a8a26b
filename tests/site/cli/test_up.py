"""`guanlan up`: real processes, real HTTP, ended by real signals."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from guanlan.client import Client, Decision
from guanlan.engine.log import verify
from tests.site.cli.running import Result, Started
from tests.site.cli.small import SCENARIO, STRICTER, transfer

pytestmark = pytest.mark.usefixtures("migrated")

Guanlan = Callable[..., Result]
Start = Callable[..., Started]


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    file = tmp_path / "small.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    return file


def free_port() -> int:
    """A port whose successor is free too."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as one:
            port = one.getsockname()[1]
            try:
                with socket.create_server(("127.0.0.1", port + 1)):
                    return int(port)
            except OSError:
                continue


def test_events_are_decided_and_remembered_across_a_restart(
    guanlan: Guanlan, start: Start, scenario: Path, data: Path
) -> None:
    key = guanlan("key", "create", "test").out.strip()
    first = start("up", "--port", "0", "--no-warm", "--scenario", scenario)
    url = first.ready()
    first.wait_for(r"set-up code: \S+")
    with Client(url, key) as client:
        quiet = client.post(transfer(1, 9_000))
        loud = client.post(transfer(2, 9_000))
    assert (quiet.outcome, loud.outcome) == ("approve", "review")
    assert [reason.rule for reason in loud.reasons] == ["transfer.much"]
    page = httpx.get(f"{url}/login", follow_redirects=True)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert first.end() == 0
    assert not [line for line in first.lines if "Traceback" in line]
    assert verify(data / "log").events == 2

    # The program is in the log; the restarted platform needs no file and repeats itself.
    second = start("up", "--port", "0", "--no-warm")
    with Client(second.ready(), key) as client:
        assert client.post(transfer(2, 9_000)) == loud
        assert client.post(transfer(3, 1)).outcome == "review"
    assert second.end(signal.SIGINT) == 0

    report = guanlan("log", "replay", "--json").json
    assert report["ok"] is True
    assert report["report"]["events"] == 3


def test_a_hangup_takes_the_changed_scenario_into_force(
    guanlan: Guanlan, start: Start, scenario: Path
) -> None:
    key = guanlan("key", "create", "test").out.strip()
    running = start("up", "--port", "0", "--no-warm", "--scenario", scenario)
    with Client(running.ready(), key) as client:
        assert client.post(transfer(1, 20_000)).outcome == "review"
        scenario.write_text("guanlan: 1\nscenario: [", encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for(r"the scenario stays as it was: .*small\.yaml:\d+:\d+")
        assert client.post(transfer(2, 1)).outcome == "review"
        scenario.write_text(STRICTER, encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for(r"scenario small \w{12} is in force")
        assert client.post(transfer(3, 1)).outcome == "decline"
    assert running.end() == 0


def test_one_log_has_one_writer(guanlan: Guanlan, start: Start, scenario: Path) -> None:
    running = start("up", "--port", "0", "--no-warm", "--scenario", scenario)
    running.ready()
    other = guanlan("up", "--port", "0", "--no-warm", "--scenario", scenario)
    assert other.code == 1
    assert other.err.count("\n") == 1
    assert f"held by process {running.process.pid}" in other.err
    assert running.process.poll() is None


def test_what_keeps_it_from_starting_is_one_line(
    guanlan: Guanlan, scenario: Path, tmp_path: Path
) -> None:
    nothing = guanlan("up", "--port", "0", "--no-warm")
    assert nothing.code == 1
    assert "--scenario" in nothing.err
    assert nothing.err.count("\n") == 1

    scenario.write_text(SCENARIO.replace("money(100)", "100"), encoding="utf-8")
    wrong = guanlan("up", "--port", "0", "--no-warm", "--scenario", scenario)
    assert wrong.code == 2
    assert "small.yaml:" in wrong.err
    assert "money(100)" in wrong.err
    assert wrong.err.count("\n") == 1

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        busy = guanlan("up", "--port", port, "--no-warm", "--scenario", scenario)
    assert busy.code == 2
    assert f"127.0.0.1:{port}" in busy.err
    assert busy.err.count("\n") == 1


def test_split_serves_from_two_processes_and_restarts_a_lost_one(
    guanlan: Guanlan, start: Start, scenario: Path
) -> None:
    key = guanlan("key", "create", "test").out.strip()
    port = free_port()
    running = start("up", "--split", "--port", port, "--no-warm", "--scenario", scenario)
    door, console = running.ready("API"), running.ready("Console")
    assert console == f"http://127.0.0.1:{port + 1}"
    assert httpx.get(f"{console}/login", follow_redirects=True).status_code == 200
    assert httpx.get(f"{door}/login").status_code == 404
    with Client(door, key) as client:
        assert isinstance(client.post(transfer(1, 1)), Decision)

        lost = console_pid(running.process.pid)
        os.kill(lost, signal.SIGKILL)
        assert client.post(transfer(2, 1)).outcome == "approve"  # deciding goes on
    until = time.monotonic() + 60
    while True:
        try:
            assert httpx.get(f"{console}/login", follow_redirects=True).status_code == 200
            break
        except httpx.TransportError:
            assert time.monotonic() < until, "\n".join(running.lines)
            time.sleep(0.1)
    assert console_pid(running.process.pid) != lost
    assert running.end() == 0
    assert not alive(door)


def test_the_parts_end_with_a_supervisor_that_was_killed(start: Start, scenario: Path) -> None:
    port = free_port()
    running = start("up", "--split", "--port", port, "--no-warm", "--scenario", scenario)
    door = running.wait_for(r"API: (http://\S+)")[1]
    parts = children(running.process.pid)
    assert len(parts) == 3
    running.kill()
    until = time.monotonic() + 60
    while alive(door) or any(Path(f"/proc/{part}").exists() for part in parts):
        assert time.monotonic() < until
        time.sleep(0.1)


def alive(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def children(parent: int) -> list[int]:
    return [*map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split())]


def console_pid(parent: int) -> int:
    for child in children(parent):
        words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        if b"console" in words:
            return child
    raise AssertionError("no console process")

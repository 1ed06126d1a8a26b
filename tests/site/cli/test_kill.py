"""The whole platform killed in the middle of its work, and started again."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from guanlan.client import Client, Decision, GuanlanError, Retry
from guanlan.engine.log import verify
from tests.site.cli.database import rows
from tests.site.cli.running import Result, Started
from tests.site.cli.small import SCENARIO, transfer

pytestmark = pytest.mark.usefixtures("migrated")

Guanlan = Callable[..., Result]
Start = Callable[..., Started]
ONCE = Retry(attempts=1)
ENOUGH = 150  # acknowledged events before the kill


class Caller(threading.Thread):
    """Posts one event after the other until nobody answers; remembers what was answered."""

    def __init__(self, url: str, key: str, number: int) -> None:
        super().__init__(daemon=True)
        self._url, self._key, self._first = url, key, number * 1_000_000
        self.acknowledged: dict[int, Decision] = {}

    def run(self) -> None:
        with Client(self._url, self._key, retry=ONCE) as client:
            for number in range(self._first, self._first + 1_000_000):
                try:
                    self.acknowledged[number] = client.post(transfer(number, 50))
                except GuanlanError:
                    return


def projected(data: Path) -> tuple[int, int]:
    """(decisions, different events among them) in the database."""
    [row] = rows(data, "SELECT count(*), count(DISTINCT event_id) FROM fraud_decision")
    return int(row[0]), int(row[1])


def test_what_was_acknowledged_outlives_kill_9(
    guanlan: Guanlan, start: Start, data: Path, tmp_path: Path
) -> None:
    scenario = tmp_path / "small.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    key = guanlan("key", "create", "test").out.strip()
    running = start("up", "--port", "0", "--no-warm", "--scenario", scenario)
    url = running.ready()
    callers = [Caller(url, key, number) for number in range(4)]
    for caller in callers:
        caller.start()
    until = time.monotonic() + 60
    while sum(len(caller.acknowledged) for caller in callers) < ENOUGH:
        assert time.monotonic() < until
        time.sleep(0.01)
    running.process.send_signal(signal.SIGKILL)
    for caller in callers:
        caller.join(30)
    acknowledged = {n: d for caller in callers for n, d in caller.acknowledged.items()}

    again = start("up", "--port", "0", "--no-warm")
    with Client(again.ready(), key) as client:
        for number, first in acknowledged.items():
            assert client.decision(f"t-{number}").decision == first
        number, first = next(iter(acknowledged.items()))
        assert client.post(transfer(number, 50)) == first
    events = verify(data / "log").events
    # At most the four events under way were recorded without an answer reaching its caller.
    assert len(acknowledged) <= events <= len(acknowledged) + len(callers)
    until = time.monotonic() + 60
    while (found := projected(data)) != (events, events):
        assert time.monotonic() < until, (found, events)
        time.sleep(0.1)
    assert again.end() == 0
    report = guanlan("log", "replay", "--json").json["report"]
    assert report["equal"] == report["events"] == events

"""Simulated traffic for a demonstration: a past to begin with, then live events over HTTP."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from heapq import merge
from itertools import islice, takewhile
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from guanlan.client import Client, GuanlanError, Retry
from guanlan.engine import Engine
from guanlan.engine.backtest import History, open_history
from guanlan.engine.simulate import live, write_parquet
from guanlan.site.run.serve import microseconds

logger = logging.getLogger("guanlan.demo")

SEED: Final = 2026
DAY: Final = 86_400_000_000
MINUTE: Final = 60_000_000
DAYS: Final = 7
# The past stays below the 20,000 events from which on an engine compiles its kernel before it
# opens: that takes a minute on a small machine, and is done beside the traffic instead.
HISTORY_EVENTS: Final = 16_000  # over the days before, without their labels
ATTACK_SHARE: Final = 0.05  # of them: enough episodes for every kind of attack to be seen
WARM_UP: Final = 5 * MINUTE  # of the live world, before now
WARM_UP_EVENTS: Final = 1_500  # at most
BATCH: Final = 256
TOGETHER: Final = 8  # decided at once: a latency as on a calm day


class Traffic:
    """The demonstration's world from some minutes ago on, in order of time, without end."""

    def __init__(self, rate: float, now: int) -> None:
        self.rate = rate
        self.now = now
        self.begins = now - min(WARM_UP, int(WARM_UP_EVENTS / rate * 1_000_000))
        self._coming = live(SEED, rate, self.begins)
        self._next = next(self._coming)

    def due(self, until: int, most: int) -> list[bytes]:
        """At most `most` events that are due by `until` (microseconds)."""
        events: list[bytes] = []
        while self._next[0] <= until and len(events) < most:
            events.append(self._next[1])
            self._next = next(self._coming)
        return events

    def wait(self, now: int) -> float:
        """Seconds until the next event is due."""
        return max(0, self._next[0] - now) / 1_000_000

    def write_history(self, file: Path) -> History:
        """A week of the company up to where the live world begins, with labels, as a file."""
        start = self.begins - DAYS * DAY
        write_parquet(file, HISTORY_EVENTS, SEED + 1, start, DAYS, share=ATTACK_SHARE)
        return open_history(file)

    def past(self, history: History) -> Iterator[list[bytes]]:
        """The history, then the live world up to the present, in batches, in order of time.

        Labels of the history that are not known by now are left out: nobody knows them yet.
        """
        records = ((record.time, record.body) for record in history)
        known = takewhile(lambda event: event[0] <= self.now, records)
        bodies = (body for _time, body in merge(known, self._recent(), key=itemgetter(0)))
        while batch := list(islice(bodies, BATCH)):
            yield batch

    def _recent(self) -> Iterator[tuple[int, bytes]]:
        while self._next[0] <= self.now:
            yield self._next
            self._next = next(self._coming)

    @property
    def expected(self) -> int:
        """About how many events `past` holds."""
        return HISTORY_EVENTS + int(self.rate * (self.now - self.begins) / 1_000_000)


class Seeded(NamedTuple):
    decided: int
    refused: int


def seed(
    engine: Engine, traffic: Traffic, history: History, progress: Callable[[int], None]
) -> Seeded:
    """Let the engine decide the past; `progress` gets the number of events of each batch."""
    refused = 0
    for batch in traffic.past(history):
        for start in range(0, len(batch), TOGETHER):
            answers = engine.decide(batch[start : start + TOGETHER])
            refused += sum(answer.status != 200 for answer in answers)
        engine.commit()
        progress(len(batch))
    return Seeded(engine.seq, refused)


class Sender:
    """Posts the traffic as its events fall due, in a thread, like a product's backend."""

    def __init__(self, traffic: Traffic, key: str) -> None:
        self._traffic = traffic
        self._key = key
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, url: str) -> None:
        self._thread = threading.Thread(target=self._run, args=(url,), name="traffic", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self, url: str) -> None:
        patient = Retry(attempts=20, longest=2.0)
        with Client(url, self._key, retry=patient, sleep=self._pause) as guanlan:
            while not self._stop.is_set():
                now = microseconds()
                events = [msgspec.json.decode(event) for event in self._traffic.due(now, BATCH)]
                try:
                    if len(events) == 1:
                        guanlan.post(events[0])
                    elif events:
                        list(guanlan.post_many(events))
                except GuanlanError as error:
                    if not self._stop.is_set():
                        logger.warning("demo traffic: %s", error)
                        self._stop.wait(1.0)
                self._stop.wait(min(0.5, self._traffic.wait(microseconds())))

    def _pause(self, seconds: float) -> None:
        self._stop.wait(seconds)

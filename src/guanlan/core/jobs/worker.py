"""The process that runs jobs: some threads that do, and one that keeps time."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

from django.db import DatabaseError, connection
from django.utils import timezone
from huey.consumer import Consumer

from guanlan.core.faults import without_values
from guanlan.core.jobs import running
from guanlan.core.jobs.sweeping import nudge_waiting, sweep, take_stock, zone
from guanlan.core.jobs.wanting import want_due
from guanlan.core.models import JobRun, Worker

logger = logging.getLogger("guanlan.jobs")

THREADS: Final = 3
TICK_SECONDS: Final = 1.0
BEAT_SECONDS: Final = 5.0
SWEEP_SECONDS: Final = 30.0
STOP_SECONDS: Final = 15.0


class Runner:
    """Runs jobs until it is stopped."""

    def __init__(self, threads: int = THREADS) -> None:
        self._worker = Worker.objects.create(host=os.uname().nodename, pid=os.getpid())
        running.STOPPING.clear()
        running.work_as(self._worker.pk)
        self._consumer = Consumer(
            running.listen(), workers=threads, periodic=False, max_delay=TICK_SECONDS
        )
        # The consumer's own start would take the process's signals, and a scheduler of its own.
        self._threads: list[threading.Thread] = [t for _worker, t in self._consumer.worker_threads]
        self._beat_at = self._sweep_at = 0.0

    def start(self) -> None:
        """Take stock, find what a worker before left, and listen."""
        take_stock()
        sweep()
        for thread in self._threads:
            thread.start()

    def tick(self, now: float) -> None:
        """What is to be done once a second; `now` in seconds of a steady clock."""
        at = timezone.now()
        if now >= self._beat_at:
            Worker.objects.filter(pk=self._worker.pk).update(beat=at, ended=None)
            self._beat_at = now + BEAT_SECONDS
        want_due(at, zone())
        nudge_waiting(at)
        if now >= self._sweep_at:
            sweep(at)
            self._sweep_at = now + SWEEP_SECONDS

    @property
    def whole(self) -> bool:
        """Whether all its threads live."""
        return all(thread.is_alive() for thread in self._threads)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Let the jobs end at their next step; what does not waits for the next worker."""
        running.STOPPING.set()
        self._consumer.stop_flag.set()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        left = JobRun.objects.filter(worker=self._worker.pk, state=JobRun.State.RUNNING)
        left.update(state=JobRun.State.QUEUED, nudged=None, worker=None)
        Worker.objects.filter(pk=self._worker.pk).update(ended=timezone.now())
        running.work_as(None)


def run_worker(ready: Callable[[], None] | None = None, parent: int | None = None) -> bool:
    """Run jobs until SIGINT or SIGTERM, or until the parent process is gone.

    False when a thread died, so that a supervisor starts the process again.
    """
    ending = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ending.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    runner = Runner()
    try:
        runner.start()
        if ready is not None:
            ready()
        while not ending.wait(TICK_SECONDS) and runner.whole:
            if parent is not None and os.getppid() != parent:
                break
            try:
                runner.tick(time.monotonic())
            except DatabaseError as error:  # busy or away: the next tick finds everything again
                logger.warning("jobs wait for the database: %s", without_values(error))
                connection.close()
        return ending.is_set() or runner.whole
    finally:
        runner.stop()
        for number, handler in before.items():
            signal.signal(number, handler)

"""The thread that keeps the database up with the log."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from django.db import close_old_connections, connection
from django.utils import timezone

from guanlan.core.event_log import log_keys
from guanlan.core.faults import without_values
from guanlan.engine.log import LogTail
from guanlan.fraud.projection import Projection
from guanlan.fraud.raising import Raiser
from guanlan.risk.measuring import measure_live

logger = logging.getLogger(__name__)

BATCH = 2000
IDLE_SECONDS = 0.25
RETRY_SECONDS = 2.0
LIVE_SECONDS = 1.0


class Lag(NamedTuple):
    """How far the database is behind the log."""

    bytes: int
    position: int
    committed: int


class LiveIndicators:
    """Measures live indicators soon after what they read has moved, once in a second at most. That
    it fails stops no projection: the job of each minute measures them too."""

    def __init__(self) -> None:
        self._moved = False
        self._last = -LIVE_SECONDS
        self.failure = ""

    def bring_up(self, moved: int) -> None:
        """Measure where something has moved since the last time."""
        self._moved = self._moved or moved > 0
        if not self._moved or monotonic() - self._last < LIVE_SECONDS:
            return
        self._moved, self._last = False, monotonic()
        try:
            measure_live(timezone.now())
            self.failure = ""
        except Exception as error:  # noqa: BLE001 - told once; the job measures them
            if not self.failure:
                logger.error("live indicators failed: %s", without_values(error))
            self.failure = type(error).__name__


class Projector:
    """Follows a log and projects it until stopped.

    A failure is logged, kept in `failure` for the health page, and tried again: the log
    stays as it is, so nothing can be lost by waiting.
    """

    def __init__(self, directory: Path | str, *, batch: int = BATCH) -> None:
        self._tail = LogTail(directory, log_keys())
        self._projection = Projection()
        self._raiser = Raiser(self._tail)
        self._live = LiveIndicators()
        self._batch = batch
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._position = 0
        self.failure = ""

    def start(self) -> None:
        """Begin in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="projector", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Finish the batch in hand, then end."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    @property
    def raising_failure(self) -> str:
        """What raising alerts failed with, while some of them wait; empty where none does."""
        return self._raiser.failure

    @property
    def lag(self) -> Lag:
        committed = self._tail.committed
        return Lag(max(0, committed - self._position), self._position, committed)

    def catch_up(self) -> int:
        """Project, in the caller's thread, everything committed by now; the number of frames."""
        done = 0
        self._position = self._projection.position()
        while True:
            count, more = self._step()
            done += count
            if not more:
                return done

    def _step(self) -> tuple[int, bool]:
        frames, following = self._tail.poll(self._position, self._batch)
        if following == self._position:
            self._raiser.bring_up()
            self._live.bring_up(0)
            return 0, False
        done = self._projection.apply(frames, following)
        self._position = following
        self._raiser.bring_up(self._projection.found)
        self._live.bring_up(done)
        return done, True

    def _run(self) -> None:
        restored = False
        while not self._stop.is_set():
            try:
                if not restored:
                    self._position = self._projection.position()
                    restored = True
                _done, more = self._step()
                self.failure = ""
                pause = 0.0 if more else IDLE_SECONDS
            except Exception as error:  # noqa: BLE001 - told on the health page, and tried again
                if not self.failure:
                    logger.error("projection failed; trying again: %s", without_values(error))
                self.failure = type(error).__name__
                restored = False
                pause = RETRY_SECONDS
                close_old_connections()
            if pause:
                self._stop.wait(pause)
        connection.close()


_running: Projector | None = None


def register(projector: Projector | None) -> None:
    """Make this process's projector known to the screens; None takes it away."""
    global _running
    _running = projector


def current() -> Projector | None:
    """The projector of this process, if it has one."""
    return _running

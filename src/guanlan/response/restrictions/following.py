"""A thread that hands changes over to the sinks of its process, wherever they were made.

Where an engine runs, the console or a worker may be another process: they meet in the database,
which this thread looks at every twentieth of a second. See docs/decisions/0013.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from django.db import close_old_connections, connection
from django.utils import timezone

from guanlan.core.faults import without_values
from guanlan.response.models import Sink, SinkHolding
from guanlan.response.restrictions.holding import check, settle
from guanlan.response.restrictions.sinks import Registered, sinks

logger = logging.getLogger("guanlan.restrictions")

POLL_SECONDS: Final = 0.05
BEAT_SECONDS: Final = 15.0
CHECK_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 1.0


class Follower:
    """Settles and checks the sinks that are here; `start` and `stop` it once."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._beat: dict[str, float] = {}
        self._checked: dict[str, float] = {}

    def start(self) -> None:
        """Begin in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="guanlan-sinks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for what is being handed over."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        failed = False
        while not self._stop.is_set():
            pause = POLL_SECONDS
            try:
                for one in sinks():
                    if one.sink.here():
                        self.look(one)
                    else:
                        self._checked.pop(one.name, None)  # when it comes back, read it at once
                failed = False
            except Exception as error:  # noqa: BLE001 - shown by its age, and tried again
                if not failed:
                    logger.error("sinks: %s", without_values(error))
                failed = True
                self._checked.clear()
                pause = RETRY_SECONDS
                close_old_connections()
            self._stop.wait(pause)
        connection.close()

    def look(self, one: Registered) -> None:
        """Settle what is open; read back when it is time."""
        now = time.monotonic()
        if now - self._checked.get(one.name, -CHECK_SECONDS) >= CHECK_SECONDS:
            check(one)
            self._checked[one.name] = self._beat[one.name] = now
            return
        if SinkHolding.objects.filter(sink=one.name, settled=False).exists():
            settle(one)
        if now - self._beat.get(one.name, -BEAT_SECONDS) >= BEAT_SECONDS:
            Sink.objects.filter(name=one.name).update(seen=timezone.now())
            self._beat[one.name] = now

"""Processes watched by their parent: of the split platform the door, the console and the worker;
else the worker beside the process that serves.

They share the data directory and nothing else. A process that ends by itself is started
again, soon at first and then less and less often; one that ends again and again takes the
platform down, because a supervisor outside must hear of it.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from guanlan.site.run.serve import Options

logger = logging.getLogger("guanlan.run")

TICK_SECONDS = 0.2
STOP_SECONDS = 20.0
RESTARTS = 5  # within RESTART_WINDOW seconds; one more is too many
RESTART_WINDOW = 60.0
FIRST_PAUSE = 0.5


class Child:
    """One part of the platform as a process."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._process = subprocess.Popen(self._command)
        self._ends: deque[float] = deque()
        self._again = 0.0  # when to start it again; 0 = it runs

    def look(self, now: float) -> bool:
        """Start it again where need be; False when it has ended too often."""
        if self._again:
            if now >= self._again:
                self._process = subprocess.Popen(self._command)
                self._again = 0.0
            return True
        if self._process.poll() is None:
            return True
        while self._ends and now - self._ends[0] > RESTART_WINDOW:
            self._ends.popleft()
        if len(self._ends) >= RESTARTS:
            return False
        self._again = now + FIRST_PAUSE * 2 ** len(self._ends)
        self._ends.append(now)
        return True

    @property
    def code(self) -> int:
        return self._process.returncode or 0

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def hang_up(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGHUP)

    def wait(self, seconds: float) -> None:
        try:
            self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def command(options: Options) -> list[str]:
    """The command line that serves one part."""
    words = [sys.executable, "-m", "guanlan.site", "up", "--part", options.part]
    words += ["--host", options.host, "--port", str(options.port), "--clock", options.clock]
    words += ["--parent", str(os.getpid())]
    words += [] if options.warm else ["--no-warm"]
    if options.scenario is not None and options.part == "door":
        words += ["--scenario", str(options.scenario)]
    return words


def worker_command() -> list[str]:
    """The command line that runs jobs."""
    return [sys.executable, "-m", "guanlan.site", "worker", "--parent", str(os.getpid())]


@contextmanager
def worker_beside() -> Iterator[None]:
    """Within, a worker runs in a process of its own.

    One that ends again and again is left alone: the door goes on deciding, and the console says
    that no jobs run.
    """
    child = Child(worker_command())
    ending = threading.Event()

    def watch() -> None:
        while not ending.wait(TICK_SECONDS):
            if not child.look(time.monotonic()):
                logger.error("the worker ended again and again: no jobs run; guanlan doctor")
                return

    thread = threading.Thread(target=watch, name="guanlan-worker-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()
        child.stop()
        child.wait(STOP_SECONDS)


def supervise(door: Options, console: Options) -> bool:
    """Run both, and a worker, until SIGINT or SIGTERM; False when one of both cannot be kept."""
    stopping = False
    children: list[Child] = []

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    def hang_up(number: int, frame: FrameType | None) -> None:
        children[0].hang_up()

    handlers = {
        number: signal.signal(number, handler)
        for number, handler in (
            (signal.SIGINT, stop),
            (signal.SIGTERM, stop),
            (signal.SIGHUP, hang_up),
        )
    }
    try:
        children.extend(Child(command(options)) for options in (door, console))
        with worker_beside():
            kept = True
            while kept and not stopping:
                time.sleep(TICK_SECONDS)
                now = time.monotonic()
                kept = all(child.look(now) for child in children)
        return kept
    finally:
        for child in children:
            child.stop()
        until = time.monotonic() + STOP_SECONDS
        for child in children:
            child.wait(until - time.monotonic())
        for number, before in handlers.items():
            signal.signal(number, before)

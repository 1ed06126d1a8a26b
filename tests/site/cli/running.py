"""A finished and a running `guanlan` process, as the tests of the command line see them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
from typing import Any, NamedTuple

import httpx

START_SECONDS = 60.0


class Result(NamedTuple):
    """What a finished command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Started:
    """A running command; its lines are collected as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.lines.append(line.rstrip("\n"))

    def wait_for(self, pattern: str, seconds: float = START_SECONDS) -> re.Match[str]:
        """The first line that matches; fails with everything said so far."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            ended = self.process.poll() is not None
            for line in list(self.lines):
                if found := re.search(pattern, line):
                    return found
            if ended and not self._reader.is_alive():
                break
            time.sleep(0.02)
        said = "\n".join(self.lines)
        raise AssertionError(f"no line like {pattern!r} (exit {self.process.poll()}):\n{said}")

    def ready(self, name: str = "Guanlan") -> str:
        """Its URL, once events are decided (or, for the console, once it listens)."""
        url = self.wait_for(rf"{name}: (http://\S+)")[1]
        until = time.monotonic() + START_SECONDS
        while name != "Console" and httpx.get(f"{url}/readyz").status_code != 200:
            if time.monotonic() > until:
                raise AssertionError("\n".join(self.lines))
            time.sleep(0.05)
        return url

    def end(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(with_signal)
        code = self.process.wait(timeout=30)
        self._reader.join(timeout=5)
        return code

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=10)
        self._reader.join(timeout=5)

"""A time in which the audit log could not be written: remembered until a row can tell of it.

While the store is full, acts and reveals are refused, so nothing is missing from the log but the
attempts. Their number and the time are kept in memory and, where the disk allows, in a file, so
that health, doctor and metrics can show the gap while it lasts.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, structs

FILE: Final = "gap.json"


class Missed(Struct, frozen=True):
    """From when to when (microseconds) the log refused, and how many rows it refused."""

    since: int
    until: int
    refused: int


class Gap:
    """The gap that is open now, if any; shared by the processes of an installation by a file."""

    def __init__(self, directory: Path, now: Callable[[], int]) -> None:
        self._path = directory / FILE
        self._now = now
        self._lock = threading.Lock()
        self._missed: Missed | None = None

    def note(self) -> None:
        """One more row could not be written."""
        with self._lock:
            now = self._now()
            old = self._missed or self._kept()
            self._missed = Missed(old.since if old else now, now, (old.refused if old else 0) + 1)
            with suppress(OSError):  # the disk is likely full: then memory has to do
                made = self._path.with_suffix(f".{os.getpid()}")
                made.write_bytes(msgspec.json.encode(self._missed))
                made.replace(self._path)

    def current(self) -> Missed | None:
        """The open gap, for those who show it."""
        return self._missed or self._kept()

    def ended(self) -> dict[str, int] | None:
        """What a row must tell of before any other may follow; None when there is no gap."""
        missed = self._missed or self._kept()
        return None if missed is None else structs.asdict(missed)

    def forget(self) -> None:
        """The row has been written."""
        with self._lock:
            self._missed = None
            self._path.unlink(missing_ok=True)

    def _kept(self) -> Missed | None:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Missed)
        except (OSError, ValueError):
            return None

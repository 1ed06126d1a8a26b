"""The committed mark: the position up to which the log is durable, for other processes.

An 8-byte file, mapped by the writer and by every tailer. It is moved only after fdatasync has
returned, so it never claims more than is durable; after a power cut it may claim less.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Final

MARK_NAME: Final = "committed"


class Mark:
    """The writer's side."""

    def __init__(self, directory: Path) -> None:
        fd = os.open(directory / MARK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(fd).st_size != 8:
                os.ftruncate(fd, 8)
            self._map = mmap.mmap(fd, 8)
        finally:
            os.close(fd)
        # A cast view stores the eight bytes at once: a tailer never sees half a number.
        self._view = memoryview(self._map).cast("q")

    def get(self) -> int:
        return self._view[0]

    def move(self, position: int) -> None:
        self._view[0] = position

    def lower(self, position: int) -> None:
        """Move the mark back durably, before the bytes behind it are cut off."""
        self._view[0] = position
        self._map.flush()

    def close(self) -> None:
        self._view.release()
        self._map.close()


class MarkReader:
    """A tailer's side; `get` is None as long as no writer has made the file."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / MARK_NAME
        self._map: mmap.mmap | None = None
        self._view: memoryview | None = None

    def get(self) -> int | None:
        if self._view is None and not self._open():
            return None
        assert self._view is not None
        return int(self._view[0])

    def _open(self) -> bool:
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            if os.fstat(fd).st_size < 8:
                return False
            self._map = mmap.mmap(fd, 8, prot=mmap.PROT_READ)
        finally:
            os.close(fd)
        self._view = memoryview(self._map).cast("q")
        return True

    def close(self) -> None:
        if self._view is not None and self._map is not None:
            self._view.release()
            self._map.close()
            self._view = self._map = None

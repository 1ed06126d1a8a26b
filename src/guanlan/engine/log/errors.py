"""What can go wrong with an event log, one class per thing a caller must do about it."""

from __future__ import annotations

from pathlib import Path


class LogError(Exception):
    """Any fault of the event log."""


class LogLocked(LogError):
    """Another process (or another writer of this one) holds the log open for writing."""

    def __init__(self, directory: Path, pid: int | None) -> None:
        self.directory = directory
        self.pid = pid
        holder = f"process {pid}" if pid is not None else "another process"
        super().__init__(f"event log {directory} is held by {holder}; one writer at a time")


class LogFailed(LogError):
    """A write or a sync failed: nothing more is accepted until the log is opened anew."""


class LogSealed(LogError):
    """The log is sealed and a key of it is missing or cannot be opened. Nothing is damaged."""


class LogCorrupt(LogError):
    """Bytes that were once durable are damaged.

    `position` is the global byte position, `segment` the file's name and `offset` the byte
    within that file.
    """

    def __init__(self, segment: str, offset: int, position: int, what: str) -> None:
        self.segment = segment
        self.offset = offset
        self.position = position
        self.what = what
        super().__init__(f"event log segment {segment}, offset {offset}: {what}")

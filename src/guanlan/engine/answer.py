"""What the engine gives back, and what it needs of a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from guanlan.engine.log import Frame
from guanlan.engine.refusal import Refused


class Answer(Struct, frozen=True, gc=False):
    """What the caller of one event gets: an HTTP status and a JSON body.

    `seq` is the event's number, -1 when it was refused.
    """

    status: int
    body: bytes
    seq: int = -1
    duplicate: bool = False


class Stats(Struct):
    """Counts since the engine was opened."""

    decided: int = 0
    duplicates: int = 0
    refused: int = 0
    degraded: int = 0


class Reload(Struct, frozen=True):
    """What a reload did: `warming` features are unknown until their past has been read;
    `live` is false when event types changed and the old program decides until then."""

    digest: str
    warming: tuple[str, ...]
    live: bool


class EventLog(Protocol):
    """What the engine needs of a log; `LogWriter` and `MemoryLog` are such."""

    committed: int

    def append(self, kind: int, seq: int, clock: int, sections: Sequence[bytes]) -> int: ...
    def append_all(
        self, kind: int, entries: Sequence[tuple[int, int, tuple[bytes, ...]]]
    ) -> list[int]: ...
    def commit(self) -> int: ...
    def close(self) -> None: ...


class FrameReader(Protocol):
    """Reads committed frames; `LogReader` and `MemoryLog` do."""

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]: ...
    def at(self, position: int) -> Frame: ...


FULL = Refused(503, "state_full", "the memory set aside for features is full; raise the limit")
FAILED = Refused(503, "log_failed", "the event log cannot be written; nothing is decided")
OTHER_BODY = Refused(
    409, "id_reused", "this event id was used before with another body; nothing was recorded", "id"
)
NOT_KEPT = Refused(
    409, "id_reused", "this event id was used before; this engine keeps no decisions", "id"
)

"""Checking a whole log without changing it."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from guanlan.engine.log.mark import MarkReader
from guanlan.engine.log.scan import Fault, scan
from guanlan.engine.log.segment import holding, segments


class VerifyReport(Struct, frozen=True):
    """What a log holds. `bytes` counts up to the last whole commit, headers included;
    `torn_bytes` is what an interrupted commit left behind it (harmless: never acknowledged).
    `first_seq` and `last_seq` are those of the event frames."""

    segments: int
    commits: int
    frames: int
    events: int
    bytes: int
    first_seq: int | None
    last_seq: int | None
    torn_bytes: int
    fault: Fault | None

    @property
    def ok(self) -> bool:
        return self.fault is None


def verify(directory: Path | str) -> VerifyReport:
    """Read every frame of the log and report the first fault, if any.

    A log that another process is writing may be verified: bytes beyond the committed mark are
    then a commit in flight. Raises FileNotFoundError when there is no such directory.
    """
    directory = Path(directory)
    reader = MarkReader(directory)
    # Read before the walk: a writer only moves it forward.
    marked = reader.get() or 0
    reader.close()
    found = segments(directory)
    result = scan(directory)
    fault = result.fault
    if fault is None and marked > result.end:
        if result.torn is not None:
            fault = result.torn
        else:
            segment = holding(found, result.end)
            name, base = (segment.name, segment.base) if segment else ("none", 0)
            what = f"committed frames up to position {marked} are missing"
            fault = Fault(name, result.end - base, result.end, what)
    return VerifyReport(
        segments=len(found),
        commits=result.commits,
        frames=result.frames,
        events=result.events,
        bytes=result.end - (found[0].base if found else 0),
        first_seq=result.first_seq,
        last_seq=result.last_seq,
        torn_bytes=result.torn_bytes,
        fault=fault,
    )

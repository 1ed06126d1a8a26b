"""Walking a whole log, frame by frame, to find where it ends and whether it is sound.

A bad frame is a *torn tail* when nothing of a later commit follows it: a commit is only written
after the one before is durable, so the bytes were never acknowledged. When a valid frame of a
later commit does follow, the bad bytes were durable once: that is damage, not a tear.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from guanlan.engine.log.errors import LogCorrupt
from guanlan.engine.log.frame import (
    END_OF_COMMIT,
    EVENT,
    HEADER,
    MAGIC,
    MAX_FRAME,
    Bad,
    Frame,
    Incomplete,
    decode,
)
from guanlan.engine.log.sealing import Seals
from guanlan.engine.log.segment import SEGMENT_HEADER, Segment, first_commit, segments

CHUNK: Final = 1 << 20


class Fault(Struct, frozen=True):
    """Where a log is damaged, and how."""

    segment: str
    offset: int
    position: int
    what: str

    def error(self) -> LogCorrupt:
        return LogCorrupt(self.segment, self.offset, self.position, self.what)


class Scan(Struct):
    """What a walk found. `end` is the position behind the last whole commit, `last_key` the highest
    number of a key that a frame was sealed with."""

    end: int = 0
    next_commit: int = 1
    commits: int = 0
    frames: int = 0
    events: int = 0
    first_seq: int | None = None
    last_seq: int | None = None
    last_key: int = 0
    torn_bytes: int = 0
    torn_frames: int = 0
    torn: Fault | None = None
    fault: Fault | None = None


def frames_of(
    fd: int, base: int, offset: int, stop: int | None, seals: Seals | None = None
) -> Iterator[Frame]:
    """All frames of one file from `offset`, end-of-commit frames included; without `seals`
    sealed ones lack their sections.

    Stops at offset `stop`, or (None) where the file ends or only zeros follow. Raises Bad with
    (reason, offset) when something else is met.
    """
    size = CHUNK
    while stop is None or offset < stop:
        buffer = os.pread(fd, size if stop is None else min(size, stop - offset), offset)
        ended = len(buffer) < size
        size = CHUNK
        view = memoryview(buffer)
        at, limit = 0, len(buffer)
        try:
            while at < limit:
                frame, after = decode(buffer, view, at, base + offset + at, seals)
                yield frame
                at = after
        except Incomplete as needed:
            if at == 0:
                if ended:
                    if stop is None and not buffer.strip(b"\0"):
                        return
                    raise Bad("the frame is cut short", offset) from None
                size = max(CHUNK, needed.args[0])
        except Bad as bad:
            zeros = stop is None and not buffer[at : at + HEADER].strip(b"\0")
            if zeros and _only_zeros(fd, offset + at):
                return
            raise Bad(bad.args[0], offset + at) from None
        if limit == 0:
            if stop is not None:
                raise Bad("the file ends too early", offset)
            return
        offset += at


def _only_zeros(fd: int, offset: int) -> bool:
    while chunk := os.pread(fd, CHUNK, offset):
        if chunk.strip(b"\0"):
            return False
        offset += len(chunk)
    return True


def _later_frames(fd: int, base: int, offset: int, commit: int) -> tuple[bool, int]:
    """Whether a valid frame of a commit after `commit` lies behind `offset`; and how many valid
    frames of `commit` itself were met."""
    same = 0
    while True:
        chunk = os.pread(fd, CHUNK, offset)
        at = chunk.find(MAGIC)
        while at >= 0:
            head = os.pread(fd, HEADER, offset + at)
            length = int.from_bytes(head[8:12], "little")
            if len(head) == HEADER and length <= MAX_FRAME:
                buffer = head + os.pread(fd, length, offset + at + HEADER)
                try:
                    frame, _ = decode(buffer, memoryview(buffer), 0, base + offset + at)
                except (Bad, Incomplete):
                    pass
                else:
                    if frame.commit > commit:
                        return True, same
                    same += frame.kind != END_OF_COMMIT
            at = chunk.find(MAGIC, at + 1)
        if len(chunk) < CHUNK:
            return False, same
        offset += len(chunk) - len(MAGIC) + 1


def scan(directory: Path, *, last_only: bool = False) -> Scan:
    """Walk the log and say what is there. Never raises for damage: see `Scan.fault`.

    With `last_only` the frames of all but the newest segment are taken on trust (their headers
    and the chain of sizes are still checked); the counts then cover the newest segment only.
    """
    found = segments(directory)
    result = Scan()
    if not found:
        return result
    result.end = found[0].base
    for index, segment in enumerate(found):
        last = index == len(found) - 1
        if segment.base != result.end:
            result.fault = Fault(
                segment.name, 0, segment.base, f"a segment from {result.end} on is missing"
            )
            return result
        fd = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _scan_segment(segment, fd, last, last_only and not last, index == 0, result)
        except LogCorrupt as error:
            result.fault = Fault(error.segment, error.offset, error.position, error.what)
        finally:
            os.close(fd)
        if result.fault or result.torn:
            return result
    return result


def _scan_segment(
    segment: Segment, fd: int, last: bool, trust: bool, first: bool, result: Scan
) -> None:
    number = first_commit(segment, fd)
    size = os.fstat(fd).st_size
    if trust:
        result.end = segment.base + size
        return
    if first or result.commits == 0:
        result.next_commit = number
    elif number != result.next_commit:
        raise LogCorrupt(segment.name, 0, segment.base, "a commit before this segment is missing")
    result.end = segment.base + SEGMENT_HEADER
    pending = 0
    seqs: list[int] = []
    bad: Bad | None = None
    try:
        for frame in frames_of(fd, segment.base, SEGMENT_HEADER, None):
            at = frame.position
            if frame.key > result.last_key:
                result.last_key = frame.key
            if frame.commit != result.next_commit:
                raise Bad("a frame of another commit", at - segment.base)
            if frame.kind != END_OF_COMMIT:
                pending += 1
                if frame.kind == EVENT:
                    seqs.append(frame.seq)
                continue
            if frame.seq != pending or frame.clock != result.end:
                raise Bad("the commit's frames do not add up", at - segment.base)
            result.end = at + HEADER
            result.next_commit += 1
            result.commits += 1
            result.frames += pending
            result.events += len(seqs)
            if seqs:
                result.last_seq = seqs[-1]
                if result.first_seq is None:
                    result.first_seq = seqs[0]
            pending, seqs = 0, []
    except Bad as error:
        bad = error
    if bad is None and pending:
        bad = Bad("the last commit has no end", result.end - segment.base)
    end = result.end - segment.base
    if bad is not None:
        what, offset = bad.args
        fault = Fault(segment.name, offset, segment.base + offset, what)
        later, same = _later_frames(fd, segment.base, offset + 1, result.next_commit)
        if later or not last:
            result.fault = fault
            return
        result.torn = fault
        result.torn_frames = pending + same
        result.torn_bytes = _used(fd, end) - end
    elif not last and end != size:
        result.fault = Fault(segment.name, end, result.end, "the segment is not full but sealed")


def _used(fd: int, offset: int) -> int:
    """The offset behind the last byte that is not zero, at least `offset`."""
    used = offset
    while chunk := os.pread(fd, CHUNK, offset):
        body = chunk.rstrip(b"\0")
        if body:
            used = offset + len(body)
        offset += len(chunk)
    return used

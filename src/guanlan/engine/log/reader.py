"""Reading a log: from any position, while a writer of this or another process goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from guanlan.engine.log.errors import LogCorrupt
from guanlan.engine.log.frame import (
    END_OF_COMMIT,
    HEADER,
    MAX_FRAME,
    Bad,
    Frame,
    Incomplete,
    decode,
)
from guanlan.engine.log.mark import MarkReader
from guanlan.engine.log.scan import frames_of, scan
from guanlan.engine.log.sealing import KeyWrap, Seals
from guanlan.engine.log.segment import SEGMENT_HEADER, Segment, holding, segments


class LogReader:
    """Reads committed frames; never sees a torn one.

    Where the directory has a committed mark, nothing beyond it is read; a copied directory
    without one is read up to its last whole commit. Sealed frames need the `keys` they were
    sealed with; reading one without raises LogSealed.
    """

    def __init__(self, directory: Path | str, keys: KeyWrap | None = None) -> None:
        self.directory = Path(directory)
        self._mark = MarkReader(self.directory)
        self._seals = Seals(self.directory, keys)

    @property
    def committed(self) -> int:
        """The position up to which frames may be read."""
        mark = self._mark.get()
        return scan(self.directory).end if mark is None else mark

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """All frames at positions in [start, stop), oldest first.

        `start` is 0 or a position handed out by the log. Raises LogCorrupt, naming segment and
        offset, when a frame is damaged.
        """
        committed = self.committed
        stop = committed if stop is None else min(stop, committed)
        if start >= stop:
            return
        self._seals.look()
        found = segments(self.directory)
        if holding(found, start) is None and start:
            raise LogCorrupt("none", 0, start, "the log begins after this position")
        for index, segment in enumerate(found):
            after = found[index + 1].base if index + 1 < len(found) else stop
            end = min(after, stop)
            offset = max(start - segment.base, SEGMENT_HEADER)
            if segment.base + offset >= end:
                continue
            yield from _segment_frames(segment, offset, end - segment.base, self._seals)

    def at(self, position: int) -> Frame:
        """The frame at `position`. Raises LogCorrupt when no committed frame begins there."""
        segment = holding(segments(self.directory), position)
        if segment is None or position >= self.committed:
            raise LogCorrupt("none", 0, position, f"no committed frame at position {position}")
        self._seals.look()
        offset = position - segment.base
        fd = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            buffer = os.pread(fd, 4096, offset)
            length = HEADER + int.from_bytes(buffer[8:12], "little")
            if length > len(buffer) and length <= HEADER + MAX_FRAME:
                buffer = os.pread(fd, length, offset)
        finally:
            os.close(fd)
        try:
            frame, _ = decode(buffer, memoryview(buffer), 0, position, self._seals)
        except Bad as bad:
            raise LogCorrupt(segment.name, offset, position, bad.args[0]) from None
        except Incomplete:
            raise LogCorrupt(segment.name, offset, position, "the frame is cut short") from None
        if frame.kind == END_OF_COMMIT:
            raise LogCorrupt(segment.name, offset, position, "a commit ends here, no frame begins")
        return frame

    def close(self) -> None:
        self._mark.close()


class LogTail:
    """Follows a log that is being written, by this process or another."""

    def __init__(self, directory: Path | str, keys: KeyWrap | None = None) -> None:
        self.directory = Path(directory)
        self._mark = MarkReader(self.directory)
        self._seals = Seals(self.directory, keys)

    @property
    def committed(self) -> int:
        """The committed position, 0 before there is a log."""
        return self._mark.get() or 0

    def poll(self, position: int, limit: int = 4096) -> tuple[list[Frame], int]:
        """At most `limit` committed frames from `position` on, and the position to go on from.

        An empty list means that there is nothing new. Raises LogCorrupt, LogSealed.
        """
        committed = self._mark.get()
        if committed is None or position >= committed:
            return [], position
        self._seals.look()
        frames: list[Frame] = []
        found = segments(self.directory)
        if holding(found, position) is None and position:
            raise LogCorrupt("none", 0, position, "the log begins after this position")
        for index, segment in enumerate(found):
            after = found[index + 1].base if index + 1 < len(found) else committed
            end = min(after, committed)
            offset = max(position - segment.base, SEGMENT_HEADER)
            if segment.base + offset >= end:
                continue
            for frame in _segment_frames(segment, offset, end - segment.base, self._seals):
                if len(frames) == limit:
                    return frames, frame.position
                frames.append(frame)
            position = end
        return frames, committed

    def close(self) -> None:
        self._mark.close()


def _segment_frames(segment: Segment, offset: int, stop: int, seals: Seals) -> Iterator[Frame]:
    fd = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        for frame in frames_of(fd, segment.base, offset, stop, seals):
            if frame.kind != END_OF_COMMIT:
                yield frame
    except Bad as bad:
        what, at = bad.args
        raise LogCorrupt(segment.name, at, segment.base + at, what) from None
    finally:
        os.close(fd)

"""Appending to the log: one write and one fdatasync for everything appended since the last."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Final, Literal, Self

from msgspec import Struct

from guanlan.engine.log.errors import LogCorrupt, LogFailed, LogLocked
from guanlan.engine.log.frame import END_OF_COMMIT, HEADER, Bad, encode
from guanlan.engine.log.mark import Mark
from guanlan.engine.log.scan import CHUNK, Scan, frames_of, scan
from guanlan.engine.log.sealing import KeyWrap, Seals
from guanlan.engine.log.segment import (
    SEGMENT_HEADER,
    Segment,
    create,
    segments,
    sync_directory,
)

SEGMENT_BYTES: Final = 256 << 20
PREALLOCATE: Final = 4 << 20
LOCK_NAME: Final = "lock"

_ZEROS: Final = memoryview(bytes(PREALLOCATE))


class Repair(Struct, frozen=True):
    """What opening cut off: an unfinished last commit, or garbage behind the last whole one.

    `acknowledged_bytes` counts those of the dropped bytes that the committed mark had called
    durable. It is 0 after any crash of a process or a machine; more means that the disk lost
    bytes it had promised to keep, and the dropped bytes are then kept in the file `kept`.
    """

    segment: str
    offset: int
    position: int
    dropped_bytes: int
    dropped_frames: int
    acknowledged_bytes: int
    reason: str
    kept: str | None = None

    def __str__(self) -> str:
        return (
            f"dropped {self.dropped_frames} frames ({self.dropped_bytes} bytes) of an unfinished"
            f" commit in {self.segment} from offset {self.offset}: {self.reason}"
        )


class LogWriter:
    """The one writer of a log directory.

    `append` may be called from one thread while `commit` runs in another. After any failed
    write or sync every call raises `LogFailed`; what was committed before stays readable, and
    `LogWriter.open` recovers.
    """

    def __init__(
        self,
        directory: Path,
        lock: int,
        mark: Mark,
        *,
        segment: Segment,
        fd: int,
        end: int,
        commit: int,
        segment_bytes: int,
        sync: Callable[[int], None],
        repaired: Repair | None,
        seals: Seals,
    ) -> None:
        self.directory: Final = directory
        self.repaired: Final = repaired
        self.failed: OSError | None = None
        self.committed = end  # everything before this position is durable
        self._lock_fd = lock
        self._mark = mark
        self._segment = segment  # of the file being written
        self._fd = fd
        self._allocated = os.fstat(fd).st_size
        self._segment_bytes = segment_bytes
        self._sync = sync
        self._closed = False
        self._seals = seals
        self._seal = seals.begin(end)
        self._io = Lock()  # one commit at a time
        self._buffering = Lock()  # guards what follows
        self._frames: list[bytes] = []
        self._base = segment.base  # of the segment the buffered frames will go to
        self._start = end  # where the buffered commit begins
        self._position = end
        self._commit = commit
        self._roll()

    @classmethod
    def open(
        cls,
        directory: Path | str,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        sync: Callable[[int], None] = os.fdatasync,
        check: Literal["all", "last"] = "all",
        keys: KeyWrap | None = None,
    ) -> Self:
        """Open (or begin) the log in `directory` for writing.

        A torn tail is cut off and described in `repaired`. `check="last"` verifies the newest
        segment only, for callers who read the whole log afterwards anyway. With `keys` every
        frame from here on is sealed; what a log holds from before stays as it is.

        Raises `LogLocked` when another writer holds it, `LogCorrupt` when bytes are damaged
        that were durable, `LogSealed` when the log is sealed and `keys` do not open it, OSError
        when the directory cannot be used.
        """
        directory = Path(directory)
        if not directory.is_dir():
            directory.mkdir(parents=True, mode=0o700)
            sync_directory(directory.parent)
        lock = _lock(directory)
        mark: Mark | None = None
        fd = -1
        try:
            for stale in directory.glob("*.new"):
                stale.unlink()
            found = scan(directory, last_only=check == "last")
            if found.fault is not None:
                raise found.fault.error()
            seals = Seals(directory, keys)
            seals.check(found.last_key or _key_before(directory, found))
            mark = Mark(directory)
            present = segments(directory)
            repaired = None
            if present:
                segment = present[-1]
                fd = os.open(segment.path, os.O_RDWR | os.O_CLOEXEC)
                repaired = _settle(segment, fd, found, mark)
            else:
                segment = Segment(directory, 0)
                fd = create(segment, 1)
                found.end = SEGMENT_HEADER
            mark.move(found.end)
            return cls(
                directory,
                lock,
                mark,
                segment=segment,
                fd=fd,
                end=found.end,
                commit=found.next_commit,
                segment_bytes=segment_bytes,
                sync=sync,
                repaired=repaired,
                seals=seals,
            )
        except BaseException:
            if fd >= 0:
                os.close(fd)
            if mark is not None:
                mark.close()
            os.close(lock)
            raise

    def append(self, kind: int, seq: int, clock: int, sections: Sequence[bytes]) -> int:
        """Buffer a frame for the next commit; returns its position.

        Raises ValueError for a frame that is too large, LogFailed after a failure.
        """
        if not 0 < kind < 256:
            raise ValueError(f"a frame's kind is 1 to 255, not {kind}")
        with self._buffering:
            self._check()
            position = self._position
            data = encode(position, kind, seq, clock, self._commit, tuple(sections), self._seal)
            self._frames.append(data)
            self._position = position + len(data)
            return position

    def append_all(
        self, kind: int, entries: Sequence[tuple[int, int, tuple[bytes, ...]]]
    ) -> list[int]:
        """Buffer a frame for each (seq, clock, sections), all or none; returns their positions.

        Raises like `append`.
        """
        with self._buffering:
            self._check()
            position, number = self._position, self._commit
            positions, frames = [], []
            seal = self._seal
            try:
                for seq, clock, sections in entries:
                    data = encode(position, kind, seq, clock, number, sections, seal)
                    frames.append(data)
                    positions.append(position)
                    position += len(data)
            except BaseException:
                # These positions will be written again, which must not be under the same key.
                self._seal = self._seals.begin(self._position)
                raise
            self._frames += frames
            self._position = position
            return positions

    def commit(self) -> int:
        """Make everything appended so far durable; returns the committed position.

        Frames appended while this runs belong to the next commit. Raises LogFailed.
        """
        with self._io:
            with self._buffering:
                self._check()
                if not self._frames:
                    return self.committed
                base, start, number = self._base, self._start, self._commit
                frames = self._frames
                end = self._position
                frames.append(encode(end, END_OF_COMMIT, len(frames), start, number, ()))
                end += HEADER
                self._frames = []
                self._start = self._position = end
                self._commit = number + 1
                self._roll()
            try:
                if base != self._segment.base:
                    self._next_segment(base, number)
                self._write(b"".join(frames), start - base)
                self._sync(self._fd)
            except OSError as error:
                self.failed = error
                raise LogFailed(
                    f"event log {self.directory} could not be written ({error.strerror or error});"
                    " nothing after the last commit is durable, open it anew to go on"
                ) from error
            self.committed = end
            self._mark.move(end)
            return end

    def close(self) -> None:
        """Commit what is buffered (unless the log has failed) and let go of the directory."""
        if self._closed:
            return
        try:
            if self.failed is None:
                self.commit()
                os.ftruncate(self._fd, self.committed - self._segment.base)
                os.fsync(self._fd)
        finally:
            self._closed = True
            os.close(self._fd)
            self._mark.close()
            os.close(self._lock_fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self) -> None:
        if self.failed is not None:
            raise LogFailed(
                f"event log {self.directory} failed earlier"
                f" ({self.failed.strerror or self.failed}); open it anew"
            )
        if self._closed:
            raise LogFailed(f"event log {self.directory} is closed")

    def _roll(self) -> None:
        """Let the next commit begin a new segment when the current one is full."""
        if self._position - self._base >= self._segment_bytes:
            self._base = self._position
            self._start = self._position = self._base + SEGMENT_HEADER

    def _next_segment(self, base: int, number: int) -> None:
        os.ftruncate(self._fd, base - self._segment.base)
        os.fsync(self._fd)
        segment = Segment(self.directory, base)
        fd = create(segment, number)
        os.close(self._fd)
        self._fd, self._segment, self._allocated = fd, segment, SEGMENT_HEADER

    def _write(self, data: bytes, offset: int) -> None:
        """One write. When the file must grow, zeros go along behind the data, so that the next
        commits overwrite blocks that exist and fdatasync need not touch the inode."""
        end = offset + len(data)
        zeros = b"" if end <= self._allocated else _ZEROS[: max(0, self._segment_bytes - end)]
        written = os.pwritev(self._fd, (data, zeros), offset)
        while written < len(data):
            written += os.pwrite(self._fd, data[written:], offset + written)
        self._allocated = max(self._allocated, offset + written)


def _key_before(directory: Path, found: Scan) -> int:
    """The highest key of the segment before one that holds no commit yet."""
    present = segments(directory)
    if found.commits or len(present) < 2:
        return 0
    before = present[-2]
    fd = os.open(before.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return max((f.key for f in frames_of(fd, before.base, SEGMENT_HEADER, None)), default=0)
    except Bad as bad:
        what, offset = bad.args
        raise LogCorrupt(before.name, offset, before.base + offset, what) from None
    finally:
        os.close(fd)


def check_unused(directory: Path) -> None:
    """Raises LogLocked when somebody holds the log in `directory` open for writing."""
    os.close(_lock(directory))


def _lock(directory: Path) -> int:
    fd = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(fd, 32, 0).strip()
        os.close(fd)
        raise LogLocked(directory, int(text) if text.isdigit() else None) from None
    os.ftruncate(fd, 0)
    os.pwrite(fd, b"%d\n" % os.getpid(), 0)
    return fd


def _settle(segment: Segment, fd: int, found: Scan, mark: Mark) -> Repair | None:
    """Cut off what is torn and make durable what is whole."""
    offset = found.end - segment.base
    marked = mark.get()
    repaired = None
    if found.torn is not None or marked > found.end:
        lost = max(0, min(marked - found.end, found.torn_bytes) if found.torn else 0)
        lost = max(lost, marked - found.end)
        kept = None
        if lost > 0 and found.torn_bytes:
            kept = f"{found.end:020d}.torn"
            _keep(fd, offset, found.torn_bytes, segment.directory / kept)
        repaired = Repair(
            segment=segment.name,
            offset=offset,
            position=found.end,
            dropped_bytes=found.torn_bytes,
            dropped_frames=found.torn_frames,
            acknowledged_bytes=max(0, lost),
            reason=found.torn.what if found.torn else "the log ends before its committed mark",
            kept=kept,
        )
        if marked > found.end:
            mark.lower(found.end)
        os.ftruncate(fd, offset)
    # A commit whose fdatasync failed may be whole in the page cache and absent on the disk, and
    # a second fdatasync would not try again: only writing the bytes anew makes the kernel do so.
    at = max(min(marked, found.end) - segment.base, 0)
    while at < offset:
        chunk = os.pread(fd, min(CHUNK, offset - at), at)
        if not chunk:
            raise LogCorrupt(segment.name, at, segment.base + at, "the file ends too early")
        os.pwrite(fd, chunk, at)
        at += len(chunk)
    os.fsync(fd)
    return repaired


def _keep(fd: int, offset: int, size: int, path: Path) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        while size > 0 and (chunk := os.pread(fd, min(CHUNK, size), offset)):
            file.write(chunk)
            offset += len(chunk)
            size -= len(chunk)
        file.flush()
        os.fsync(file.fileno())

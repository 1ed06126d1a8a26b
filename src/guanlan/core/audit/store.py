"""The file of the audit log: one line a row, only ever appended to, by any number of processes.

    DATA/audit/rows.ndjson   the rows
    DATA/audit/tip.json      how far the tree had grown at the last checkpoint: saves reading all
    DATA/audit/lock          held while a process appends

A row is acknowledged when its line is on disk. Threads of a process that append at the same time
share one write and one sync; processes take turns at the lock, and each reads first what the
others have appended. An unfinished last line is cut off; damage anywhere before it stops all
writing, for what was acknowledged may not be repaired silently.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from guanlan.core.audit.rows import BEHIND_TIME, Row, decode, encode
from guanlan.core.audit.tree import Frontier, leaf_hashes

ROWS: Final = "rows.ndjson"
TIP: Final = "tip.json"
LOCK: Final = "lock"
CHUNK: Final = 256 << 10  # stays in a processor's cache while it is looked at
LONGEST_LINE: Final = 64 << 10
LONGEST_PATIENCE: Final = 0.005  # seconds
ABREAST: Final = 2  # of those who wait for the same sync, how many are woken at a time


class AuditUnavailable(Exception):
    """The audit log cannot be written, so nothing that must be written down may be done."""


class Damaged(AuditUnavailable):
    """A row that was acknowledged is no row any more."""


class Tip(Struct, frozen=True):
    """Where the log stood: rows, bytes, the time of the last row, and the tree's frontier."""

    size: int
    offset: int
    clock: int
    nodes: tuple[bytes, ...]


class _Batch:
    """Rows that are written together; the writer fills in `first` or `error`.

    Each row has a gate of its own: those who wait for one event would all want its lock when
    they wake. The writer opens the first ABREAST, and whoever has gone through opens the one
    ABREAST places behind: so few wake at a time, where all at once would fight over the
    interpreter. Only the main thread is ever interrupted, so nobody's turn depends on it.
    """

    __slots__ = ("error", "first", "gates", "lone", "rows")

    def __init__(self) -> None:
        self.rows: list[bytes] = []  # each line from its time on, which the writer sets
        self.gates: list[threading.Lock] = []
        self.lone: list[threading.Lock] = []  # the main thread's, which open no other
        self.first = 0
        self.error: AuditUnavailable | None = None

    def open(self) -> None:
        """Let those go who wait, now that `first` or `error` is known."""
        for gate in self.lone + self.gates[:ABREAST]:
            gate.release()


Grown = Callable[["Frontier", int], bool]


class Store:
    """The log in one directory. Safe for threads, and in a child after a fork.

    now: microseconds since 1970-01-01 UTC.
    grown: told, under the lock, after each append: the frontier and the last row's time; true
        when it has signed a checkpoint, and the tip is then kept.
    sync: makes a file's data durable.
    """

    def __init__(
        self,
        directory: Path,
        *,
        now: Callable[[], int],
        grown: Grown | None = None,
        sync: Callable[[int], None] = os.fdatasync,
    ) -> None:
        self.directory: Final = directory
        self._now = now
        self._grown = grown
        self._sync = sync
        self._fd = -1
        self._lock_fd = -1
        self._frontier = Frontier()
        self._offset = 0
        self._clock = 0
        self._turn = threading.Lock()  # the file's lock is the process's, for all its threads
        self._joining = threading.RLock()  # held while the open batch is added to or taken
        self._waiting = threading.Condition(self._joining)
        self._open = _Batch()
        self._expected = 1  # rows that the writer waits for, a little
        self._writer: threading.Thread | None = None
        self._stopping = False
        os.register_at_fork(after_in_child=self._forked)

    # -- appending --------------------------------------------------------------------------

    def append(self, row: Row) -> int:
        """Write a row; its index, once it is durable. `row.i` and `row.t` are given out here.

        Raises AuditUnavailable when it could not be written; then nothing of it is there.
        """
        try:  # here, so that a row which is none is refused alone
            line = encode(row)
        except Exception as error:  # noqa: BLE001 - whatever it is, the row is not written down
            why = type(error).__name__
            raise AuditUnavailable(f"the audit log cannot be written ({why})") from None
        line = line[line.index(BEHIND_TIME) :]
        gate = threading.Lock()
        gate.acquire()
        lone = threading.get_ident() == threading.main_thread().ident
        with self._joining:
            if self._writer is None:
                self._begin()
            batch = self._open
            place = len(batch.rows)
            batch.rows.append(line)
            gates = batch.lone if lone else batch.gates
            behind = len(gates) + ABREAST
            gates.append(gate)
            if place == 0 or place + 1 == self._expected:
                self._waiting.notify()
        gate.acquire()  # opened by the writer or by one who waited before
        if not lone and behind < len(gates):
            gates[behind].release()
        if batch.error is not None:
            raise batch.error
        return batch.first + place

    def _begin(self) -> None:
        self._stopping = False
        writer = threading.Thread(target=self._write_batches, name="audit", daemon=True)
        try:
            writer.start()
        except RuntimeError:
            raise AuditUnavailable(
                "the audit log cannot be written (no thread can be started for it)"
            ) from None
        self._writer = writer

    def _write_batches(self) -> None:
        patience = 0.0
        while True:
            batch = self._next_batch(patience)
            if batch is None:
                return
            began = time.monotonic()
            try:
                self._write(batch)
            except AuditUnavailable as error:
                batch.error = error
            except Exception as error:  # noqa: BLE001 - whoever waits must be told
                batch.error = AuditUnavailable(
                    f"the audit log cannot be written ({type(error).__name__})"
                )
            patience = min(LONGEST_PATIENCE, (time.monotonic() - began) / 2)
            with self._joining:
                self._expected = len(batch.rows) + len(self._open.rows)
            batch.open()

    def _next_batch(self, patience: float) -> _Batch | None:
        """The rows to be written next; None at the end.

        Who was just answered often comes back at once. Waiting for as many as there were lately,
        for less time than a write takes, keeps them from falling into two groups that take turns,
        each with a sync of its own.
        """
        until = time.monotonic() + patience
        with self._joining:
            while not self._stopping:
                waiting = len(self._open.rows)
                left = until - time.monotonic()
                if waiting and (waiting >= self._expected or left <= 0):
                    break
                self._waiting.wait(left if waiting else None)
            batch = self._open
            if not batch.rows:
                return None
            self._open = _Batch()
            return batch

    def _write(self, batch: _Batch) -> None:
        with self._locked():
            self._catch_up()
            batch.first = first = self._frontier.size
            clock = max(self._clock, self._now())
            lines = [
                b'{"i":%d,"t":%d%b' % (index, clock, rest)
                for index, rest in enumerate(batch.rows, first)
            ]
            self._put(b"\n".join(lines) + b"\n")
            self._frontier.extend(leaf_hashes(lines))
            self._clock = clock
            self._tell_grown()

    def _put(self, data: bytes) -> None:
        written = 0
        try:
            while written < len(data):
                written += os.pwrite(self._fd, data[written:], self._offset + written)
            self._sync(self._fd)
        except OSError as error:
            with suppress(OSError):  # an unfinished line is cut off at the next opening anyway
                os.ftruncate(self._fd, self._offset)
            why = error.strerror or type(error).__name__
            raise AuditUnavailable(f"the audit log cannot be written ({why})") from None
        self._offset += len(data)

    def _tell_grown(self, grown: Grown | None = None) -> None:
        tell = grown or self._grown
        if tell is not None and tell(self._frontier, self._clock):
            self._keep_tip()

    def checkpoint(self, grown: Grown | None = None) -> None:
        """Tell `grown` (else the one given at first) how far the tree has grown."""
        with self._locked():
            self._catch_up()
            self._tell_grown(grown)

    def close(self, grown: Grown | None = None) -> None:
        """Write what waits, tell `grown` if it is given, then let go of the files."""
        with self._joining:
            self._stopping = True
            self._waiting.notify_all()
        if self._writer is not None:
            self._writer.join()
        self._writer = None
        if grown is not None and self._fd >= 0:
            self.checkpoint(grown)
        self._let_go()

    def _let_go(self) -> None:
        for fd in (self._fd, self._lock_fd):
            if fd >= 0:
                os.close(fd)
        self._fd = self._lock_fd = -1

    # -- where it stands --------------------------------------------------------------------

    def tip(self) -> Tip:
        """Where the log stands now, other processes' rows included."""
        with self._locked():
            self._catch_up()
            return self._tip()

    def _tip(self) -> Tip:
        frontier = self._frontier
        return Tip(frontier.size, self._offset, self._clock, tuple(frontier.nodes))

    def _keep_tip(self) -> None:
        made = self.directory / f"{TIP}.{os.getpid()}"
        with suppress(OSError):  # only saves time
            made.write_bytes(msgspec.json.encode(self._tip()))
            made.replace(self.directory / TIP)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._turn:
            self._opened()
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock_fd, fcntl.LOCK_UN)

    def _forked(self) -> None:
        """In a child: the writer and whoever held a lock are not in this process, and a file's
        lock that came through a fork is the parent's too, so the files are opened anew."""
        self._turn, self._joining = threading.Lock(), threading.RLock()
        self._waiting = threading.Condition(self._joining)
        self._open = _Batch()
        self._expected = 1
        self._writer = None
        self._let_go()
        self._frontier, self._offset, self._clock = Frontier(), 0, 0  # may be half-way in a write

    def _opened(self) -> None:
        if self._fd >= 0:
            return
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._lock_fd = os.open(self.directory / LOCK, flags, 0o600)
            self._fd = os.open(self.directory / ROWS, flags, 0o600)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise AuditUnavailable(f"the audit log cannot be opened ({why})") from None
        tip = _read_tip(self.directory)
        if tip is not None and tip.offset <= os.fstat(self._fd).st_size:
            self._frontier = Frontier(tip.size, tip.nodes)
            self._offset, self._clock = tip.offset, tip.clock

    def _catch_up(self) -> None:
        """Take in what others appended; cut off an unfinished last line."""
        size = os.fstat(self._fd).st_size
        if size < self._offset:
            raise Damaged(f"{self.directory / ROWS} is shorter than it was: guanlan audit verify")
        while self._offset < size:
            data = os.pread(self._fd, CHUNK, self._offset)
            end = data.rfind(b"\n") + 1
            if end == 0:
                if len(data) > LONGEST_LINE:
                    raise self._damaged()
                os.ftruncate(self._fd, self._offset)
                return
            lines = data[: end - 1].split(b"\n")
            self._take(lines)
            self._offset += end

    def _take(self, lines: Sequence[bytes]) -> None:
        index = self._frontier.size
        for line in lines:
            if not line.startswith(b'{"i":%d,' % index):
                raise self._damaged()
            index += 1
        try:
            self._clock = max(self._clock, decode(lines[-1]).t)
        except ValueError:
            raise self._damaged() from None
        self._frontier.extend(leaf_hashes(lines))

    def _damaged(self) -> Damaged:
        return Damaged(
            f"{self.directory / ROWS}: damaged after row {self._frontier.size}; nothing is"
            " written until it is restored: guanlan audit verify"
        )


def _read_tip(directory: Path) -> Tip | None:
    try:
        return msgspec.json.decode((directory / TIP).read_bytes(), type=Tip)
    except (OSError, ValueError):
        return None


def read_lines(
    directory: Path, offset: int = 0, until: int | None = None
) -> Iterator[tuple[int, list[bytes]]]:
    """Whole lines from a byte offset on (to `until`), in chunks, each with the offset behind."""
    for behind, rows in read_rows(directory, offset, until):
        yield behind, rows.split(b"\n")


def read_rows(
    directory: Path, offset: int = 0, until: int | None = None
) -> Iterator[tuple[int, bytes]]:
    """The same, each chunk as it stands in the file, without its last line feed."""
    try:
        file = (directory / ROWS).open("rb", buffering=0)
    except FileNotFoundError:
        return
    with file:
        size = CHUNK
        # What a chunk has of an unfinished line is read again: cheaper than carrying it over.
        while data := os.pread(
            file.fileno(), size if until is None else max(0, min(size, until - offset)), offset
        ):
            end = data.rfind(b"\n") + 1
            if end:
                offset += end
                size = CHUNK
                yield offset, data[: end - 1]
            elif len(data) < size:
                return
            else:
                size *= 2

"""Proving the audit log, without a database and without the platform running."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from guanlan.core.audit.checkpoints import BadNote, Checkpoint, Verifier, read_notes
from guanlan.core.audit.rows import decode
from guanlan.core.audit.store import ROWS, read_rows
from guanlan.core.audit.tree import Frontier, leaf_hashes

MANY: Final = 8192  # rows whose hashes wait for the next checkpoint


class Proof(Struct):
    """What a verification found: `fault` is empty when everything holds.

    `covered` rows are proven by a checkpoint; those behind it are whole and in order, but no
    signature speaks of them yet.
    """

    rows: int = 0
    root: str = ""
    first_time: int = 0
    last_time: int = 0
    checkpoints: int = 0
    covered: int = 0
    torn_bytes: int = 0
    undone: int = 0
    gaps: int = 0
    fault: str = ""

    @property
    def ok(self) -> bool:
        return not self.fault


def verify(
    directory: Path,
    checkpoints: Path,
    key: str,
    *,
    progress: Callable[[int], None] | None = None,
) -> Proof:
    """Recompute the tree over the rows in `directory` and hold it against every checkpoint.

    key: the public key, as C2SP writes it (`Signer.public`).
    Raises BadNote when the key is none, OSError when a file cannot be read.
    """
    verifier = Verifier(key)
    proof = Proof()
    try:
        notes = read_notes(checkpoints)
    except BadNote as error:
        proof.fault = str(error)
        return proof
    proof.fault = _signed(notes, verifier)
    if proof.fault:
        return proof
    quick = _Reading(notes, notes[-1].size if notes else 0).run(directory, progress)
    # A root says that a row is wrong, not which: only looking at each row again can name it.
    return quick if quick.ok else _Reading(notes, 0).run(directory, progress)


def _signed(notes: Sequence[Checkpoint], verifier: Verifier) -> str:
    """A sentence on the first checkpoint that this key did not sign or that goes back."""
    size = 0
    for number, note in enumerate(notes, 1):
        if note.origin != verifier.name or not verifier.verifies(note):
            return f"checkpoint {number} (of {note.size} rows) was not signed by this key"
        if note.size < size:
            return f"checkpoint {number} speaks of {note.size} rows, the one before of {size}"
        size = note.size
    return ""


class _Reading:
    """Reads the rows once, stopping at the size of each checkpoint to compare the root.

    trusting: so many rows are looked at only at the ends of a chunk, for the root of a checkpoint
        proves them, provided that it is reached and is right.
    """

    def __init__(self, notes: Sequence[Checkpoint], trusting: int) -> None:
        self._proof = Proof()
        self._notes = list(notes)
        self._trusting = trusting
        self._frontier = Frontier()
        self._leaves: list[bytes] = []  # of rows that are not in the frontier yet
        self._at = 0  # of the next checkpoint to reach

    def run(self, directory: Path, progress: Callable[[int], None] | None) -> Proof:
        proof = self._proof
        self._compare()
        offset = 0
        for behind, rows in read_rows(directory):
            offset = behind
            if not self._rows(rows):
                return proof
            if progress is not None:
                progress(self._read())
        self._grow(len(self._leaves))
        proof.rows = self._frontier.size
        proof.root = self._frontier.root().hex()
        path = directory / ROWS
        proof.torn_bytes = path.stat().st_size - offset if path.exists() else 0
        if self._at < len(self._notes):
            size = self._notes[self._at].size
            proof.fault = f"{size - proof.rows} rows are gone: a checkpoint speaks of {size}"
            proof.fault += f", there are {proof.rows}"
        elif proof.rows and not self._notes:
            proof.fault = "there is no checkpoint, so nothing proves these rows"
        return proof

    def _read(self) -> int:
        """How many rows were read."""
        return self._frontier.size + len(self._leaves)

    def _grow(self, count: int) -> None:
        """Take leaves into the frontier: cheaper for many at once."""
        self._frontier.extend(self._leaves[:count])
        del self._leaves[:count]

    def _rows(self, rows: bytes) -> bool:
        first = self._read()
        lines = rows.split(b"\n")
        if not self._in_order(lines, first) or not self._times(lines[0], lines[-1], len(lines)):
            return False
        # One search through all is quicker than one a row, and the longer what is looked for.
        self._proof.undone += rows.count(b'"outcome":"undone","detail":{')
        self._proof.gaps += rows.count(b'"act":"audit.gap","on":["')
        self._leaves += leaf_hashes(lines)
        while self._at < len(self._notes) and self._notes[self._at].size <= self._read():
            self._grow(self._notes[self._at].size - self._frontier.size)
            if not self._compare():
                return False
        if len(self._leaves) >= MANY:
            self._grow(len(self._leaves))
        return True

    def _in_order(self, lines: Sequence[bytes], first: int) -> bool:
        """Whether the rows have the indexes that their places say."""
        behind = first + len(lines)
        looked_at = range(first, behind)
        if behind <= self._trusting:
            looked_at = looked_at[:: max(1, len(lines) - 1)]
        for index in looked_at:
            if not lines[index - first].startswith(b'{"i":%d,' % index):
                return self._fail(f"row {index} is damaged, missing or out of order", first)
        return True

    def _times(self, oldest: bytes, newest: bytes, count: int) -> bool:
        """Whether the chunk's ends are rows and in order of time."""
        proof = self._proof
        first = self._read()
        try:
            earliest, latest = decode(oldest), decode(newest)
        except ValueError:
            return self._fail(f"row {first} or {first + count - 1} is damaged", first)
        if not proof.last_time <= earliest.t <= latest.t:
            return self._fail(f"the time goes back at or behind row {first}", first)
        if first == 0:
            proof.first_time = earliest.t
        proof.last_time = latest.t
        return True

    def _compare(self) -> bool:
        """Hold the tree against every checkpoint of its present size."""
        while self._at < len(self._notes) and self._notes[self._at].size == self._frontier.size:
            note = self._notes[self._at]
            if note.root != self._frontier.root():
                return self._fail(
                    f"a row among the first {note.size} was changed after it was signed for",
                    note.size,
                )
            self._at += 1
            self._proof.checkpoints += 1
            self._proof.covered = note.size
        return True

    def _fail(self, sentence: str, rows: int) -> bool:
        self._proof.fault = sentence
        self._proof.rows = rows
        return False

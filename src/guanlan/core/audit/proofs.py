"""Proofs that can be handed out: that a row is in the log, and that the log only grew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from guanlan.core.audit.store import read_lines
from guanlan.core.audit.tree import (
    Frontier,
    consistency_spans,
    consistent,
    inclusion_spans,
    leaf_hash,
    leaf_hashes,
    root_from_inclusion,
    span_roots,
)


class Inclusion(Struct, tag="inclusion"):
    """Row `index`, as it stands in the log, is under the root of `size` rows; hashes in hex."""

    index: int
    size: int
    row: str
    root: str
    path: list[str]

    def holds(self, root: str | None = None) -> bool:
        """Whether the path leads from the row to the root (a root given wins over its own)."""
        try:
            path = [bytes.fromhex(node) for node in self.path]
            wanted = bytes.fromhex(root or self.root)
        except ValueError:
            return False
        leaf = leaf_hash(self.row.encode())
        return root_from_inclusion(self.index, self.size, leaf, path) == wanted


class Consistency(Struct, tag="consistency"):
    """The tree of `new` rows begins with the tree of `old` rows; hashes in hex."""

    old: int
    old_root: str
    new: int
    new_root: str
    path: list[str]

    def holds(self, root: str | None = None) -> bool:
        """Whether the path joins the two roots (a root given stands for the new one)."""
        try:
            path = [bytes.fromhex(node) for node in self.path]
            roots = bytes.fromhex(self.old_root), bytes.fromhex(root or self.new_root)
        except ValueError:
            return False
        return consistent(self.old, roots[0], self.new, roots[1], path)


def _rows(directory: Path) -> int:
    return sum(len(lines) for _offset, lines in read_lines(directory))


def _first(directory: Path, size: int) -> Iterator[list[bytes]]:
    """The log's first `size` lines, a chunk at a time."""
    left = size
    for _offset, lines in read_lines(directory):
        yield lines[:left]
        left -= len(lines)
        if left <= 0:
            return


def _root(directory: Path, size: int) -> bytes:
    frontier = Frontier()
    for lines in _first(directory, size):
        frontier.extend(leaf_hashes(lines))
    return frontier.root()


def prove_inclusion(directory: Path, index: int, size: int | None = None) -> Inclusion:
    """The proof of one row in the log's first `size` rows (all of them by default).

    Reads the whole log, a chunk at a time. Raises ValueError when there is no such row.
    """
    rows = _rows(directory)
    size = rows if size is None else min(size, rows)
    spans = inclusion_spans(index, size)
    row = b""

    def leaves() -> Iterator[list[bytes]]:
        nonlocal row
        at = 0
        for lines in _first(directory, size):
            if at <= index < at + len(lines):
                row = lines[index - at]
            at += len(lines)
            yield leaf_hashes(lines)

    path = span_roots(spans, leaves())
    root = root_from_inclusion(index, size, leaf_hash(row), path)
    assert root is not None  # the path was made for this very index and size
    return Inclusion(index, size, row.decode(), root.hex(), [node.hex() for node in path])


def prove_consistency(directory: Path, old: int, new: int) -> Consistency:
    """The proof that the log of `new` rows begins with that of `old` rows.

    Reads the log, a chunk at a time. Raises ValueError unless 0 < old <= new <= rows.
    """
    rows = _rows(directory)
    if new > rows:
        raise ValueError(f"there are {rows} rows, not {new}")
    spans = consistency_spans(old, new)
    path = span_roots(spans, map(leaf_hashes, _first(directory, new)))
    roots = [_root(directory, size).hex() for size in (old, new)]
    return Consistency(old, roots[0], new, roots[1], [node.hex() for node in path])

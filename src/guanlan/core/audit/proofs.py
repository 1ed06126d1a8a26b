"""Proofs that can be handed out: that a row is in the log, and that the log only grew."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from guanlan.core.audit.store import read_lines
from guanlan.core.audit.tree import (
    consistency_proof,
    consistent,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    root_from_inclusion,
    root_of,
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


def _lines(directory: Path) -> list[bytes]:
    return [line for _offset, lines in read_lines(directory) for line in lines]


def prove_inclusion(directory: Path, index: int, size: int | None = None) -> Inclusion:
    """The proof of one row in the log's first `size` rows (all of them by default).

    Reads the whole log. Raises ValueError when there is no such row.
    """
    lines = _lines(directory)[:size]
    leaves = leaf_hashes(lines)
    path = inclusion_proof(index, leaves)
    return Inclusion(
        index,
        len(leaves),
        lines[index].decode(),
        root_of(leaves).hex(),
        [node.hex() for node in path],
    )


def prove_consistency(directory: Path, old: int, new: int) -> Consistency:
    """The proof that the log of `new` rows begins with that of `old` rows.

    Reads the whole log. Raises ValueError unless 0 < old <= new <= rows.
    """
    leaves = leaf_hashes(_lines(directory))
    if new > len(leaves):
        raise ValueError(f"there are {len(leaves)} rows, not {new}")
    path = consistency_proof(old, leaves[:new])
    return Consistency(
        old,
        root_of(leaves[:old]).hex(),
        new,
        root_of(leaves[:new]).hex(),
        [node.hex() for node in path],
    )

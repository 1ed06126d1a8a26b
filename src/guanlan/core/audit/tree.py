"""The Merkle tree of RFC 6962 (section 2.1) and RFC 9162 (sections 2.1.3 and 2.1.4).

A leaf's hash is SHA-256(0x00 ‖ entry), a node's SHA-256(0x01 ‖ left ‖ right); a tree of n leaves
is split at the largest power of two below n. Pure functions of bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from operator import add
from typing import Final

EMPTY: Final = hashlib.sha256(b"").digest()

# What stands before an entry, and before two nodes, in what is hashed of them. Copying a hash
# that was begun with it costs less than beginning one, and no text is put together again.
_LEAF: Final = hashlib.sha256(b"\0")
_NODE: Final = hashlib.sha256(b"\1")


def _hashes(begun: hashlib._Hash, texts: Iterable[bytes]) -> list[bytes]:
    """The SHA-256 of each text behind what was begun. One after the other: what a hash needs then
    stays in the processor's cache."""
    begin = begun.copy
    found: list[bytes] = []
    keep = found.append
    for text in texts:
        made = begin()
        made.update(text)
        keep(made.digest())
    return found


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry."""
    return _hashes(_LEAF, [entry])[0]


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """The hashes of many entries."""
    return _hashes(_LEAF, entries)


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return _hashes(_NODE, [left + right])[0]


def _parents(nodes: Sequence[bytes]) -> list[bytes]:
    """The parents of an even number of nodes."""
    each = iter(nodes)
    return _hashes(_NODE, map(add, each, each))


class Frontier:
    """The roots of the perfect subtrees of a growing tree: all that appending needs.

    `size` leaves are in it; `nodes` has one hash for each bit set in `size`, largest first.
    """

    __slots__ = ("nodes", "size")

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.nodes = list(nodes)
        if len(self.nodes) != size.bit_count():
            raise ValueError(f"a frontier of {size} leaves has {size.bit_count()} nodes")

    def copy(self) -> Frontier:
        """Another frontier of the same tree."""
        return Frontier(self.size, self.nodes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf's hash."""
        self.extend([leaf])

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add many leaves' hashes: level by level, which is the fastest in Python."""
        nodes, higher, left_over = list(leaves), self.nodes, list[bytes]()
        size = self.size
        while nodes:
            if size & 1:
                nodes.insert(0, higher.pop())
            if len(nodes) & 1:
                left_over.append(nodes.pop())
            nodes = _parents(nodes)
            size >>= 1
        self.nodes = higher + left_over[::-1]
        self.size += len(leaves)

    def root(self) -> bytes:
        """The tree's root hash."""
        if not self.nodes:
            return EMPTY
        node = self.nodes[-1]
        for left in reversed(self.nodes[:-1]):
            node = node_hash(left, node)
        return node


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaves' hashes."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def _split(size: int) -> int:
    """The largest power of two below `size` (which is at least 2)."""
    return 1 << (size - 1).bit_length() - 1


Span = tuple[int, int]


def inclusion_spans(index: int, size: int) -> list[Span]:
    """The spans of leaves (first, behind the last) whose roots are the audit path, nearest first.

    Raises ValueError when there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no row {index} among {size}")
    spans: list[Span] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((first, middle))
            first = middle
    return spans[::-1]


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `leaves`; ValueError as `inclusion_spans`."""
    return [root_of(leaves[a:b]) for a, b in inclusion_spans(index, len(leaves))]


def span_roots(spans: Sequence[Span], chunks: Iterable[Sequence[bytes]]) -> list[bytes]:
    """The roots of disjoint spans, from all leaves' hashes in order, however they are cut.

    Holds one frontier a span and one chunk, so a log of any length can be proven.
    """
    frontiers = {span: Frontier() for span in spans}
    waiting = sorted(spans, reverse=True)
    at = 0
    for chunk in chunks:
        behind = at + len(chunk)
        while waiting and waiting[-1][0] < behind:
            first, end = waiting[-1]
            frontiers[first, end].extend(chunk[max(first - at, 0) : end - at])
            if end > behind:
                break
            waiting.pop()
        at = behind
    return [frontiers[span].root() for span in spans]


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to; None when it has the wrong length."""
    if not 0 <= index < size:
        return None
    node, at, last, used = leaf, index, size - 1, 0
    while last > 0:
        if at % 2 == 1 or at < last:
            if used == len(path):
                return None
            sibling = path[used]
            used += 1
            node = node_hash(sibling, node) if at % 2 == 1 else node_hash(node, sibling)
        at >>= 1
        last >>= 1
    return node if used == len(path) else None


def consistency_spans(old: int, new: int) -> list[Span]:
    """The spans of leaves whose roots prove that the first `old` leaves begin the first `new`.

    Raises ValueError unless 0 < old <= new.
    """
    if not 0 < old <= new:
        raise ValueError(f"there are {new} rows, so none that begin with {old}")
    spans: list[Span] = []
    first, end, whole = 0, new, True
    while old != end - first:
        middle = _split(end - first)
        if old <= middle:
            spans.append((first + middle, end))
            end = first + middle
        else:
            spans.append((first, first + middle))
            first += middle
            old -= middle
            whole = False
    if not whole:
        spans.append((first, end))
    return spans[::-1]


def consistency_proof(old: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The proof that the tree of the first `old` leaves is the beginning of this one.

    Raises ValueError as `consistency_spans` does.
    """
    return [root_of(leaves[a:b]) for a, b in consistency_spans(old, len(leaves))]


def consistent(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the proof shows that the old tree is the beginning of the new one."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    at, last = old - 1, new - 1
    while at % 2 == 1:
        at >>= 1
        last >>= 1
    made_old = made_new = path[0]
    for node in path[1:]:
        if last == 0:
            return False
        if at % 2 == 1 or at == last:
            made_old, made_new = node_hash(node, made_old), node_hash(node, made_new)
            while at % 2 == 0 and at != 0:
                at >>= 1
                last >>= 1
        else:
            made_new = node_hash(made_new, node)
        at >>= 1
        last >>= 1
    return last == 0 and made_old == old_root and made_new == new_root

"""The tree against an independent implementation of RFC 6962."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from guanlan.core.audit.tree import (
    EMPTY,
    Frontier,
    consistency_proof,
    consistency_spans,
    consistent,
    inclusion_proof,
    inclusion_spans,
    leaf_hash,
    leaf_hashes,
    root_from_inclusion,
    root_of,
    span_roots,
)

entries = st.lists(st.binary(max_size=12), min_size=1, max_size=70)


def oracle(rows: list[bytes]) -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for row in rows:
        tree.append_entry(row)
    return tree


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert root_of([]) == EMPTY == hashlib.sha256(b"").digest()


@given(entries)
def test_roots_are_those_of_the_oracle(rows: list[bytes]) -> None:
    assert root_of(leaf_hashes(rows)) == oracle(rows).get_state()


@settings(deadline=None)
@given(st.integers(0, 1200), st.integers(0, 1200))
def test_a_tree_grown_in_parts_is_the_tree_grown_at_once(first: int, second: int) -> None:
    leaves = leaf_hashes(b"%d" % i for i in range(first + second))
    whole, parts = Frontier(), Frontier()
    for leaf in leaves:
        whole.append(leaf)
    parts.extend(leaves[:first])
    again = Frontier(parts.size, parts.nodes)
    again.extend(leaves[first:])
    assert again.root() == whole.root()
    assert again.nodes == whole.nodes


@given(entries, st.data())
def test_inclusion_proofs_lead_to_the_root_and_only_for_their_row(
    rows: list[bytes], data: st.DataObject
) -> None:
    leaves = leaf_hashes(rows)
    index = data.draw(st.integers(0, len(rows) - 1))
    path = inclusion_proof(index, leaves)
    root = root_of(leaves)
    assert root_from_inclusion(index, len(rows), leaves[index], path) == root
    assert root_from_inclusion(index, len(rows), leaf_hash(b"another row"), path) != root
    if path:
        assert root_from_inclusion(index, len(rows), leaves[index], path[:-1]) != root
    assert root_from_inclusion(len(rows), len(rows), leaves[index], path) is None


@given(entries, st.data())
def test_consistency_proofs_hold_between_any_two_sizes(
    rows: list[bytes], data: st.DataObject
) -> None:
    leaves = leaf_hashes(rows)
    old = data.draw(st.integers(1, len(rows)))
    proof = consistency_proof(old, leaves)
    old_root, root = root_of(leaves[:old]), root_of(leaves)
    assert consistent(old, old_root, len(rows), root, proof)
    if old < len(rows):
        assert not consistent(old, root, len(rows), root, proof)
        assert not consistent(old, old_root, len(rows), old_root, proof)
        if proof:
            assert not consistent(old, old_root, len(rows), root, proof[:-1])


@given(entries, st.data())
def test_roots_of_spans_do_not_depend_on_how_the_leaves_are_cut(
    rows: list[bytes], data: st.DataObject
) -> None:
    leaves = leaf_hashes(rows)
    index = data.draw(st.integers(0, len(rows) - 1))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(rows)))) | {0, len(rows)})
    chunks = [leaves[a:b] for a, b in pairwise(cuts)]
    spans = inclusion_spans(index, len(rows))
    assert span_roots(spans, chunks) == [root_of(leaves[a:b]) for a, b in spans]
    old = data.draw(st.integers(1, len(rows)))
    spans = consistency_spans(old, len(rows))
    assert span_roots(spans, chunks) == consistency_proof(old, leaves)


def test_there_is_no_proof_for_what_is_not_there() -> None:
    leaves = leaf_hashes([b"a", b"b"])
    with pytest.raises(ValueError, match="no row 2"):
        inclusion_proof(2, leaves)
    with pytest.raises(ValueError, match="none that begin with 3"):
        consistency_proof(3, leaves)
    with pytest.raises(ValueError, match="frontier"):
        Frontier(3, leaves[:1])

"""Whatever is done to the log behind its back is found."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from guanlan.core.audit import store
from guanlan.core.audit.checkpoints import BadNote, Checkpointer, Verifier, read_notes
from guanlan.core.audit.proofs import prove_consistency, prove_inclusion
from guanlan.core.audit.rows import decode, encode
from guanlan.core.audit.tree import (
    Frontier,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    root_of,
)
from guanlan.core.audit.verifying import verify
from tests.core.audit.world import World, row, world

SIGNED: Final = (9, 10, 31, 44)  # rows that checkpoints speak of
ALL: Final = 60
A_FEW_ROWS: Final = 900  # bytes


@pytest.fixture
def log(tmp_path: Path) -> World:
    """Forty rows, signed for after the twentieth and at the end."""
    made = world(tmp_path)
    made.write(20)
    made.sign()
    made.write(20)
    made.sign()
    made.store.close()
    return made


def test_an_honest_log_holds(log: World) -> None:
    proof = log.verify()
    assert proof.ok
    assert (proof.rows, proof.covered, proof.torn_bytes) == (40, 40, 0)
    assert proof.checkpoints >= 2
    frontier = Frontier()
    frontier.extend(leaf_hashes(log.rows.read_bytes().splitlines()))
    assert proof.root == frontier.root().hex()


def test_an_edited_row_is_found(log: World) -> None:
    log.tamper(lambda lines: [line.replace(b'"ann"', b'"bob"') for line in lines])
    assert "changed after it was signed for" in log.verify().fault


def test_a_deleted_row_is_found(log: World) -> None:
    log.tamper(lambda lines: lines[:7] + lines[8:])
    assert log.verify().fault == "row 7 is damaged, missing or out of order"


def test_a_truncated_tail_is_found(log: World) -> None:
    log.tamper(lambda lines: lines[:33])
    assert log.verify().fault == "7 rows are gone: a checkpoint speaks of 40, there are 33"


def test_two_rows_that_changed_places_are_found(log: World) -> None:
    log.tamper(lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]])
    assert "row 4 is damaged, missing or out of order" in log.verify().fault


def test_a_log_written_anew_from_a_deletion_on_is_found(log: World) -> None:
    """Rows renumbered after one was taken out: each line is well-formed, the whole is not."""

    def anew(lines: list[bytes]) -> list[bytes]:
        kept = [decode(line) for number, line in enumerate(lines) if number != 7]
        kept.append(kept[-1])
        return [encode(structs.replace(row, i=index)) for index, row in enumerate(kept)]

    log.tamper(anew)
    assert "changed after it was signed for" in log.verify().fault


def test_a_forged_checkpoint_is_found(log: World, tmp_path: Path) -> None:
    log.tamper(lambda lines: [line.replace(b'"ann"', b'"bob"') for line in lines])
    forger = Checkpointer(tmp_path / "other keys", log.checkpointer.file)
    forger.file.unlink()
    frontier = Frontier()
    frontier.extend(leaf_hashes(log.rows.read_bytes().splitlines()))
    assert forger.grown(frontier, 1, at_once=True)
    assert "was not signed by this key" in log.verify().fault


def test_an_edited_checkpoint_is_found(log: World) -> None:
    file = log.checkpointer.file
    file.write_text(file.read_text("utf-8").replace("\n40\n", "\n39\n"), "utf-8")
    assert "was not signed by this key" in log.verify().fault
    file.write_text("no note\n", "utf-8")
    assert "is no signed checkpoint" in log.verify().fault


def test_another_key_verifies_nothing(log: World, tmp_path: Path) -> None:
    other = Checkpointer(tmp_path / "other keys", tmp_path / "none").signer.public
    proof = verify(log.folder / "audit", log.checkpointer.file, other)
    assert "was not signed by this key" in proof.fault
    for bad in ("", "a+b", "a+00000000+AAAA", other.replace("+", "+0", 1)):
        with pytest.raises(BadNote):
            Verifier(bad)


def test_a_checkpoint_is_a_note_as_others_read_it(log: World) -> None:
    """Origin, size, root; a blank line; a dash, the name and base64 of id and signature."""
    text = log.checkpointer.file.read_text("utf-8")
    first = text.split("\n\n\N{EM DASH} ")[0].split("\n")
    assert first[0] == log.checkpointer.signer.name
    assert first[1].isdecimal()
    assert re.fullmatch(r"[A-Za-z0-9+/]{43}=", first[2])
    assert len(read_notes(log.checkpointer.file)) >= 2


@pytest.mark.parametrize("kept", [1, 30, 60, 100, 150, 200])
def test_a_note_that_was_broken_off_spoils_no_other(log: World, kept: int) -> None:
    """The machine stops while a checkpoint is being written; the next one is read as ever."""
    file = log.checkpointer.file
    whole = file.read_bytes()
    before = len(read_notes(file))
    last = whole.rstrip(b"\n").rfind(b"\n\n" + log.checkpointer.signer.name.encode()) + 2
    file.write_bytes(whole + whole[last : last + kept])
    again = world(log.folder)
    again.write(3)
    again.sign()
    again.store.close()
    assert file.read_bytes().startswith(whole)
    assert len(read_notes(file)) > before
    assert again.verify().ok


def test_what_no_broken_write_left_behind_is_not_cut_off(log: World) -> None:
    with log.checkpointer.file.open("ab") as file:
        file.write(b"forged " * 200)
    again = world(log.folder)
    again.write(1)
    again.sign()
    again.store.close()
    assert again.verify().fault.startswith("checkpoint 4")


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 40), (17, 40), (39, 40), (12, 33)])
def test_a_row_is_proven_from_the_file(log: World, index: int, size: int) -> None:
    leaves = leaf_hashes(log.rows.read_bytes().splitlines()[:size])
    proof = prove_inclusion(log.folder / "audit", index, size)
    assert proof.holds(root_of(leaves).hex())
    assert leaf_hash(proof.row.encode()) == leaves[index]
    assert proof.path == [node.hex() for node in inclusion_proof(index, leaves)]


@pytest.mark.parametrize(("old", "new"), [(1, 1), (1, 40), (20, 40), (13, 29), (40, 40)])
def test_growth_is_proven_from_the_file(log: World, old: int, new: int) -> None:
    leaves = leaf_hashes(log.rows.read_bytes().splitlines())
    proof = prove_consistency(log.folder / "audit", old, new)
    assert proof.holds(root_of(leaves[:new]).hex())
    assert proof.old_root == root_of(leaves[:old]).hex()
    assert not proof.holds(root_of(leaves[:-1] if new == 40 else leaves).hex())


def test_nothing_is_proven_of_rows_that_are_not_there(log: World) -> None:
    with pytest.raises(ValueError, match="no row 40 among 40"):
        prove_inclusion(log.folder / "audit", 40)
    with pytest.raises(ValueError, match="40 rows, not 41"):
        prove_consistency(log.folder / "audit", 1, 41)


def test_a_log_that_was_never_there_holds_nothing(tmp_path: Path) -> None:
    proof = world(tmp_path).verify()
    assert proof.ok
    assert proof.rows == 0


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Sixty rows, undone ones and gaps among them, the last sixteen not signed for."""
    made = world(tmp_path_factory.mktemp("mixed"), grown=False)
    for number in range(ALL):
        written = row("audit.gap" if number % 11 == 5 else "key.revoke", number)
        undone = number % 7 == 3
        made.store.append(structs.replace(written, outcome="undone" if undone else "done"))
        if number + 1 in SIGNED:
            made.sign()
    made.store.close()
    return made


@pytest.mark.parametrize("chunk", [1, A_FEW_ROWS, store.CHUNK])
def test_what_is_told_of_a_log_does_not_depend_on_how_it_is_read(
    mixed: World, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(store, "CHUNK", chunk)
    proof = mixed.verify()
    lines = mixed.rows.read_bytes().splitlines()
    assert proof.ok
    assert (proof.rows, proof.covered, proof.checkpoints) == (ALL, SIGNED[-1], len(SIGNED))
    assert (proof.undone, proof.gaps) == (9, 5)
    assert (proof.first_time, proof.last_time) == (decode(lines[0]).t, decode(lines[-1]).t)
    assert proof.root == root_of(leaf_hashes(lines)).hex()


def _deleted(lines: list[bytes], at: int) -> tuple[list[bytes], str]:
    return [*lines[:at], *lines[at + 1 :]], f"row {at} is damaged, missing or out of order"


def _doubled(lines: list[bytes], at: int) -> tuple[list[bytes], str]:
    told = f"row {at + 1} is damaged, missing or out of order"
    return [*lines[: at + 1], *lines[at:]], told


def _changed_places(lines: list[bytes], at: int) -> tuple[list[bytes], str]:
    told = f"row {at} is damaged, missing or out of order"
    return [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]], told


def _overwritten(lines: list[bytes], at: int) -> tuple[list[bytes], str]:
    told = f"row {at} is damaged, missing or out of order"
    return [*lines[:at], b"x" * len(lines[at]), *lines[at + 1 :]], told


def _edited(lines: list[bytes], at: int) -> tuple[list[bytes], str]:
    said = next((size for size in SIGNED if size > at), 0)
    told = f"a row among the first {said} was changed after it was signed for" if said else ""
    return [*lines[:at], lines[at].replace(b'"ann"', b'"bob"'), *lines[at + 1 :]], told


def _cut_off(lines: list[bytes], at: int) -> tuple[list[bytes], str]:
    said = next((size for size in SIGNED if size > at), 0)
    told = f"{said - at} rows are gone: a checkpoint speaks of {said}, there are {at}"
    return lines[:at], told if said else ""


Tampering = Callable[[list[bytes], int], tuple[list[bytes], str]]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([_deleted, _doubled, _changed_places, _overwritten, _edited, _cut_off]),
    st.integers(0, ALL - 2),
    st.sampled_from([1, A_FEW_ROWS, store.CHUNK]),
)
def test_the_first_row_that_is_wrong_is_named_wherever_it_stands(
    mixed: World, tampering: Tampering, at: int, chunk: int
) -> None:
    """Signed for or not, at the end of a chunk or within one."""
    before = mixed.rows.read_bytes()
    lines, told = tampering(before.splitlines(), at)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "CHUNK", chunk)
        mixed.rows.write_bytes(b"".join(line + b"\n" for line in lines))
        try:
            assert mixed.verify().fault == told
        finally:
            mixed.rows.write_bytes(before)

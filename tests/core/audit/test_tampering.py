"""Whatever is done to the log behind its back is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec import structs

from guanlan.core.audit.checkpoints import BadNote, Checkpointer, Verifier, read_notes
from guanlan.core.audit.rows import decode, encode
from guanlan.core.audit.tree import Frontier, leaf_hashes
from guanlan.core.audit.verifying import verify
from tests.core.audit.world import World, world


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


def test_a_log_that_was_never_there_holds_nothing(tmp_path: Path) -> None:
    proof = world(tmp_path).verify()
    assert proof.ok
    assert proof.rows == 0

"""The key ring: what it keeps, what it refuses, what survives."""

from __future__ import annotations

import multiprocessing
import stat
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.core.sealing import ring as rings
from guanlan.core.sealing.ciphers import AES, SM, key_of
from guanlan.core.sealing.errors import KeysUnusable, Unopened
from guanlan.core.sealing.providers import KeyFile
from guanlan.core.sealing.ring import Keyring


def opened(folder: Path, algorithm: str = AES) -> Keyring:
    return Keyring(folder, KeyFile(folder / "master.key"), algorithm)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return opened(tmp_path_factory.mktemp("ring") / "keys")


@given(st.binary(max_size=300), st.binary(max_size=40))
@settings(max_examples=60)
def test_what_is_sealed_comes_back_and_nothing_else_opens(
    ring: Keyring, plain: bytes, bound: bytes
) -> None:
    blob = ring.seal("field", plain, bound)
    assert ring.open("field", blob, bound) == plain
    with pytest.raises(Unopened):
        ring.open("field", blob, bound + b"x")
    with pytest.raises(Unopened):
        ring.open("log", blob, bound)
    for at in (0, 1, 5, 6, 18, len(blob) - 1):
        broken = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
        with pytest.raises(Unopened):
            ring.open("field", broken, bound)
    with pytest.raises(Unopened):
        ring.open("field", blob[:-1], bound)
    with pytest.raises(Unopened):
        ring.open("field", plain[:9], bound)


def test_no_nonce_comes_twice(ring: Keyring) -> None:
    nonces = {ring.seal("field", b"", b"")[6:18] for _ in range(20_000)}
    assert len(nonces) == 20_000


def test_files_are_for_their_owner_only(folder: Path) -> None:
    opened(folder).current("field")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


@pytest.mark.parametrize("name", ["", "master.key", "ring.json"])
def test_what_others_may_read_is_refused(folder: Path, name: str) -> None:
    opened(folder).current("field")
    (folder / name).chmod(0o750 if not name else 0o640)
    with pytest.raises(KeysUnusable, match="others than its owner may read it; chmod"):
        opened(folder).check()


def test_a_wrong_key_file_is_one_sentence_and_nothing_is_written(
    folder: Path, tmp_path: Path
) -> None:
    blob = opened(folder).seal("field", b"x", b"")
    other = opened(tmp_path / "other")
    other.current("field")
    own = (folder / "master.key").read_bytes()
    (folder / "master.key").write_bytes((tmp_path / "other" / "master.key").read_bytes())
    before = (folder / "ring.json").read_bytes()
    wrong = opened(folder)
    for attempt in (
        wrong.check,
        lambda: wrong.seal("field", b"y", b""),
        lambda: wrong.new_key("log"),
        lambda: wrong.open("field", blob, b""),
    ):
        with pytest.raises(KeysUnusable, match="not the key file these keys were wrapped with"):
            attempt()
    assert (folder / "ring.json").read_bytes() == before
    (folder / "master.key").unlink()
    with pytest.raises(KeysUnusable, match="the key file is missing; restore it"):
        opened(folder).check()
    assert not (folder / "master.key").exists()
    (folder / "master.key").touch(0o600)
    (folder / "master.key").write_bytes(b"rubbish")
    with pytest.raises(KeysUnusable, match="damaged or another's"):
        opened(folder).check()
    (folder / "master.key").write_bytes(own)
    assert opened(folder).open("field", blob, b"") == b"x"


def test_a_new_key_seals_and_the_old_one_opens(folder: Path) -> None:
    ring = opened(folder)
    old = ring.seal("field", b"old", b"")
    made = ring.new_key("field")
    new = ring.seal("field", b"new", b"")
    assert key_of(new) == made.id != key_of(old)
    again = opened(folder)
    assert again.open("field", old, b"") == b"old"
    with pytest.raises(ValueError, match="in use"):
        again.destroy(made.id)
    again.destroy(key_of(old) or 0)
    with pytest.raises(Unopened, match="its key is not here"):
        opened(folder).open("field", old, b"")
    assert opened(folder).open("field", new, b"") == b"new"


def test_another_process_hears_of_a_new_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = opened(folder), opened(folder)
    one.seal("field", b"", b"")
    blob = other.seal("field", b"", b"")
    made = other.new_key("field")
    fresh = other.seal("field", b"z", b"")
    assert one.open("field", fresh, b"") == b"z"
    now = rings.monotonic() + rings.REFRESH + 1
    monkeypatch.setattr(rings, "monotonic", lambda: now)
    assert key_of(one.seal("field", b"", b"")) == made.id
    assert one.open("field", blob, b"") == b""


def test_the_budget_of_a_key_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rings, "BLOCK", 3)
    monkeypatch.setattr(rings, "BUDGET", 6)
    ring = opened(folder)
    ids = [key_of(ring.seal("field", b"", b"")) for _ in range(13)]
    assert ids == [1] * 6 + [2] * 6 + [3]
    assert all(key.used <= 6 for key in ring.all_keys())
    # A process that starts anew never goes on in a block of another.
    assert key_of(opened(folder).seal("field", b"", b"")) == 3
    assert [key.used for key in ring.all_keys()] == [6, 6, 6]


def test_algorithms_live_side_by_side(folder: Path) -> None:
    blob = opened(folder).seal("field", b"aes", b"")
    sm = opened(folder, SM)
    assert sm.open("field", blob, b"") == b"aes"
    sm.new_key("field")
    made = sm.seal("field", b"sm4", b"")
    assert made[1] == 2
    assert opened(folder).open("field", made, b"") == b"sm4"


def test_the_master_key_changes_and_every_data_key_goes_along(folder: Path) -> None:
    ring = opened(folder)
    blob = ring.seal("field", b"x", b"")
    wrapped = ring.wrap("log", b"k" * 32)
    before = (folder / "master.key").read_text()
    assert ring.rotate_master() == 2
    assert (folder / "master.key").read_text() != before
    assert len((folder / "master.key").read_text().splitlines()) == 1
    again = opened(folder)
    assert again.open("field", blob, b"") == b"x"
    assert again.unwrap("log", wrapped) == b"k" * 32


def test_keys_cannot_change_places(folder: Path) -> None:
    ring = opened(folder)
    ring.current("field")
    ring.current("log")
    path = folder / "ring.json"
    told = msgspec.json.decode(path.read_bytes())
    first, second = told["keys"]
    first["wrapped"], second["wrapped"] = second["wrapped"], first["wrapped"]
    path.write_bytes(msgspec.json.encode(told))
    with pytest.raises(KeysUnusable, match="not what it says it is"):
        opened(folder).check()


def test_no_key_stands_plain_in_the_ring(folder: Path) -> None:
    ring = opened(folder)
    key = ring.current("field")
    raw = ring.secret(key)
    text = (folder / "ring.json").read_bytes()
    assert raw not in text
    assert raw.hex().encode() not in text
    assert isinstance(key.created, datetime)


def _make(folder: Path) -> None:
    ring = opened(folder)
    for _ in range(5):
        ring.new_key("backup")


def test_processes_that_make_keys_at_once_lose_none(folder: Path) -> None:
    spawn = multiprocessing.get_context("fork")
    workers = [spawn.Process(target=_make, args=(folder,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [w.exitcode for w in workers] == [0, 0, 0]
    keys = opened(folder).all_keys()
    assert [key.id for key in keys] == list(range(1, 16))
    assert sum(key.retired is None for key in keys) == 1

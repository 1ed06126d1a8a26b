"""A new key for attachments: their own keys are sealed with it, their bytes stay readable."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from guanlan.core.sealing import Keyring, inventory, keyring, rotating
from guanlan.core.sealing.files import sealed_files
from guanlan.core.sealing.inventory import taken
from guanlan.web.discussion import storing

pytestmark = pytest.mark.django_db
PLAIN = [b"", b"short", b"x" * (storing.PIECE * 2 + 1)]


@pytest.fixture(autouse=True)
def ring(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    """Files alone are moved, with keys of this test."""
    settings.DATA = tmp_path
    settings.KEYS_DIRECTORY = tmp_path / "keys"
    settings.LOG_DIRECTORY = tmp_path / "log"
    for module in (rotating, inventory):
        monkeypatch.setattr(module, "sealed_models", list)
    return keyring()


@pytest.fixture
def stored() -> list[str]:
    return [kept(plain) for plain in PLAIN]


def kept(plain: bytes) -> str:
    writer = storing.Writer()
    writer.write(plain)
    writer.finish()
    writer.keep()
    return writer.stored


def whole(stored: list[str]) -> bool:
    return [b"".join(storing.opened(name)) for name in stored] == PLAIN


def test_old_files_stay_readable_and_move(ring: Keyring, stored: list[str]) -> None:
    old = ring.current("attachment").id
    assert rotating.waiting() == 0
    made = rotating.rotate("attachment").id
    assert whole(stored)
    assert rotating.waiting() == rotating.uses(old) == 3
    with pytest.raises(rotating.InUse, match="3 values need it"):
        rotating.destroy(old)
    told: list[int] = []
    assert rotating.reencrypt(told.append) == (0, 0, 0, 3)
    assert sum(told) == 3
    assert rotating.waiting() == rotating.uses(old) == 0
    assert rotating.uses(made) == 3
    rotating.destroy(old)
    assert whole(stored)
    assert not list((storing.folder() / "incoming").iterdir())


def test_the_inventory_counts_them(stored: list[str]) -> None:
    rotating.rotate("attachment")
    kept(b"new")
    (line,) = [line for line in taken().lines if line.kind == "file"]
    assert (line.place, line.values, line.current) == ("attachments/*", 4, 1)


class Killed(BaseException):
    pass


def test_a_run_that_is_killed_is_simply_run_again(
    stored: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rotating.rotate("attachment")
    true = shutil.copyfileobj
    copied: list[int] = []

    def dying(*given: Any) -> None:
        if copied:
            raise Killed
        copied.append(1)
        true(*given)

    monkeypatch.setattr(shutil, "copyfileobj", dying)
    with pytest.raises(Killed):
        rotating.reencrypt(lambda n: None)
    assert whole(stored)
    assert rotating.waiting() == 2
    monkeypatch.setattr(shutil, "copyfileobj", true)
    assert rotating.reencrypt(lambda n: None).files == 2
    assert whole(stored)


def test_a_file_removed_while_it_is_copied_stays_removed(
    stored: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rotating.rotate("attachment")
    true = shutil.copyfileobj

    def removing(*given: Any) -> None:
        true(*given)
        for name in stored:
            storing.forget(name)

    monkeypatch.setattr(shutil, "copyfileobj", removing)
    rotating.reencrypt(lambda n: None)
    (files,) = sealed_files()
    assert list(files.each()) == []


def test_what_does_not_open_is_left_and_its_key_kept(ring: Keyring, stored: list[str]) -> None:
    old = ring.current("attachment").id
    path = storing.path_of(stored[1])
    blob = bytearray(path.read_bytes())
    blob[40] ^= 1  # within its sealed key
    path.write_bytes(blob)
    rotating.rotate("attachment")
    assert rotating.reencrypt(lambda n: None) == (0, 1, 0, 2)
    assert path.read_bytes() == blob
    with pytest.raises(rotating.InUse):
        rotating.destroy(old)

"""An instance from its backup: all of it, proven, or nothing at all."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import Any, Final

from guanlan import __version__
from guanlan.core.sealing.errors import KeysUnusable
from guanlan.core.sealing.providers import MASTER, KeyFile
from guanlan.core.sealing.ring import Keyring
from guanlan.engine.log import verify
from guanlan.site.run.archive import BackupError, Contents, Told, fingerprint, unpack
from guanlan.site.run.proving import check_roots, check_seal
from guanlan.site.start import platform_module

POSTGRESQL: Final = "postgresql"  # as `guanlan.site.run.backup` has it


def restore(archive: Path, keys: Path, data: Path, told: Told) -> Contents:
    """Make the directory `data`, which must be absent or empty. Raises BackupError, OSError.

    A database that is PostgreSQL goes into the empty one that the settings name.
    """
    data = data.absolute()
    if data.is_symlink() or (data.exists() and (not data.is_dir() or any(data.iterdir()))):
        raise BackupError(f"{data}: expected a directory that is empty or not there yet")
    data.parent.mkdir(parents=True, exist_ok=True)
    fresh = data.with_name(f".{data.name}.restoring-{secrets.token_hex(4)}")
    fresh.mkdir(mode=0o700)
    try:
        contents = unpack(archive, "data", fresh, __version__, told)
        held = _add_keys(archive, keys, fresh, contents, told)
        ring = _ring(fresh)
        try:
            ring.check()
        except KeysUnusable:
            raise BackupError(f"{keys}: its keys do not belong together") from None
        check_seal(archive, ring, contents)
        check_seal(keys, ring, held)
        (fresh / "log").mkdir(exist_ok=True, mode=0o700)
        if contents.roots.log_position is not None and not verify(fresh / "log").ok:
            raise BackupError(f"{archive}: the event log in it is damaged")
        check_roots(archive, fresh, ring, contents.roots)
        if contents.database == POSTGRESQL:
            _platform(fresh, "guanlan.site.run.tables").load(archive, fresh, told)
        _sync(fresh)
        os.replace(fresh, data)  # takes the place of an empty directory
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return contents


def _add_keys(archive: Path, keys: Path, fresh: Path, contents: Contents, told: Told) -> Contents:
    held = unpack(keys, "keys", fresh, __version__, told)
    lacking = set(contents.keys) - set(held.keys)
    if held.ring != contents.ring or held.secret != contents.secret or lacking:
        raise BackupError(f"{keys}: these are not the keys of {archive}")
    if fingerprint((fresh / "secret.key").read_bytes()) != contents.secret:
        raise BackupError(f"{keys}: these are not the keys of {archive}")
    return held


def _ring(fresh: Path) -> Keyring:
    folder = fresh / "keys"
    if (folder / MASTER).exists():
        return Keyring(folder, KeyFile(folder / MASTER), "aes-256-gcm")
    ring: Keyring = _platform(fresh, "guanlan.core.sealing.installation").keyring()
    return ring


def _platform(fresh: Path, name: str) -> Any:
    """A module that needs settings, which are then those of the directory that is made."""
    os.environ["GUANLAN_DATA"] = str(fresh)
    return platform_module(name)


def _sync(folder: Path) -> None:
    for place, _folders, _files in os.walk(folder):
        descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""An instance from its backup: all of it, proven, or nothing at all."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import Final

from guanlan import __version__
from guanlan.core.sealing.errors import KeysUnusable, Unopened
from guanlan.core.sealing.providers import MASTER, KeyFile
from guanlan.core.sealing.ring import Keyring
from guanlan.engine.log import verify
from guanlan.engine.log.sealing import wrapped_keys
from guanlan.site.run.archive import BackupError, Contents, Told, fingerprint, unpack

BY_RING: Final = b"\x02"  # as `guanlan.core.event_log` has it


def restore(archive: Path, keys: Path, data: Path, told: Told) -> Contents:
    """Make the directory `data`, which must be absent or empty. Raises BackupError, OSError."""
    data = data.absolute()
    if data.is_symlink() or (data.exists() and (not data.is_dir() or any(data.iterdir()))):
        raise BackupError(f"{data}: expected a directory that is empty or not there yet")
    data.parent.mkdir(parents=True, exist_ok=True)
    fresh = data.with_name(f".{data.name}.restoring-{secrets.token_hex(4)}")
    fresh.mkdir(mode=0o700)
    try:
        contents = unpack(archive, "data", fresh, __version__, told)
        _add_keys(archive, keys, fresh, contents, told)
        _check_log(archive, keys, fresh, contents)
        _sync(fresh)
        os.replace(fresh, data)  # takes the place of an empty directory
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return contents


def _add_keys(archive: Path, keys: Path, fresh: Path, contents: Contents, told: Told) -> None:
    held = unpack(keys, "keys", fresh, __version__, told)
    lacking = set(contents.keys) - set(held.keys)
    if held.ring != contents.ring or held.secret != contents.secret or lacking:
        raise BackupError(f"{keys}: these are not the keys of {archive}")
    if fingerprint((fresh / "secret.key").read_bytes()) != contents.secret:
        raise BackupError(f"{keys}: these are not the keys of {archive}")
    folder = fresh / "keys"
    if (folder / MASTER).exists():
        try:
            Keyring(folder, KeyFile(folder / MASTER), "aes-256-gcm").check()
        except KeysUnusable:
            raise BackupError(f"{keys}: its keys do not belong together") from None


def _check_log(archive: Path, keys: Path, fresh: Path, contents: Contents) -> None:
    if contents.log_position is None:
        return
    report = verify(fresh / "log")
    if not report.ok:
        raise BackupError(f"{archive}: the event log in it is damaged")
    folder = fresh / "keys"
    if not (folder / MASTER).exists():
        return  # a key service keeps the master key; the start will ask it
    ring = Keyring(folder, KeyFile(folder / MASTER), "aes-256-gcm")
    for wrapped in wrapped_keys(fresh / "log"):
        try:
            if wrapped[:1] == BY_RING:
                ring.unwrap("log", wrapped[1:])
        except (Unopened, KeysUnusable):
            raise BackupError(f"{keys}: does not open the event log of {archive}") from None


def _sync(folder: Path) -> None:
    for place, _folders, _files in os.walk(folder):
        descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""A copy of the whole instance while it runs, and the keys of it in a file of their own.

The order makes it consistent: the database first, then what it points into. The event log is
copied up to the position that was durable then, so it holds at least every event the database
knows, and the database follows it again after a restore; the same holds for the audit log and
for attachments. What can be made anew (compiled kernels, the queue of nudges) is left out.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import struct
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from django.conf import settings
from msgspec import Struct

from guanlan import __version__
from guanlan.core.audit import record
from guanlan.core.sealing import keyring
from guanlan.engine.log import LogReader
from guanlan.engine.log.mark import MARK_NAME
from guanlan.engine.log.sealing import KEYS_NAME, key_numbers
from guanlan.engine.log.segment import segments
from guanlan.site.config import DECLARED, FILE_NAME
from guanlan.site.run.archive import (
    FORMAT,
    BackupError,
    Contents,
    Head,
    Kind,
    Packer,
    Told,
    fingerprint,
)

LAST: Final = "last-backup.json"
SECRET: Final = "secret.key"  # noqa: S105 - a file's name
DATABASE: Final = "db.sqlite3"
# Folders that are copied as they are; of a file that grows, as much as there was.
FOLDERS: Final = ("audit", "checkpoints", "attachments")
PASSING: Final = ("incoming", "lock", "LOCK")


class LastBackup(Struct, frozen=True):
    """What is remembered of the newest backup."""

    at: datetime
    bytes: int
    keys: bool


def back_up(out: Path, keys: Path | None, *, database: bool = True, told: Told) -> Contents:
    """Write the instance to `out` and, where named, its keys to `keys`.

    Each file appears under its name only when it is whole. Raises BackupError, OSError.
    """
    data = Path(settings.DATA)
    for path in (out, keys):
        if path is not None and path.exists():
            raise BackupError(f"{path}: is there already; name a file that is not")
    if keys is not None and keys.resolve() == out.resolve():
        raise BackupError(f"{keys}: expected another file than that of the data")
    if database and settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
        raise BackupError(
            "the database is PostgreSQL: take it with pg_dump first, then back up the rest with"
            " --without-database"
        )
    with _whole(out) as file:
        packer = Packer(file, _head("data"), told)
        if database:
            with _copied(Path(str(settings.DATABASES["default"]["NAME"])), out.parent) as copy:
                packer.add(DATABASE, copy)
        position = _add_log(packer, Path(settings.LOG_DIRECTORY))
        audit = _add_folders(packer, data)
        if (data / FILE_NAME).is_file() and not _settings_secret(data / FILE_NAME):
            packer.add(FILE_NAME, data / FILE_NAME)
        contents = _contents(packer, position, audit, DATABASE if database else "")
        packer.close(contents)
    size = out.stat().st_size
    if keys is not None:
        with _whole(keys) as file:
            packer = Packer(file, _head("keys"), told)
            packer.add(SECRET, data / SECRET)
            for path in sorted(Path(settings.KEYS_DIRECTORY).iterdir()):
                if path.is_file() and not path.name.startswith("."):
                    packer.add(f"keys/{path.name}", path)
            if (data / FILE_NAME).is_file() and _settings_secret(data / FILE_NAME):
                packer.add(FILE_NAME, data / FILE_NAME)
            packer.close(_contents(packer, None, None, ""))
    last = LastBackup(datetime.now(UTC), size, keys is not None)
    (data / LAST).write_bytes(msgspec.json.encode(last))
    record("instance.backup", ("core.instance", ""), detail={"bytes": size, "keys": bool(keys)})
    return contents


def last_backup() -> LastBackup | None:
    """The newest backup made of this instance, as far as it remembers."""
    try:
        return msgspec.json.decode((Path(settings.DATA) / LAST).read_bytes(), type=LastBackup)
    except (OSError, msgspec.DecodeError):
        return None


def _head(kind: Kind) -> Head:
    return Head(FORMAT, kind, __version__, datetime.now(UTC).isoformat(timespec="seconds"))


def _contents(packer: Packer, position: int | None, audit: int | None, database: str) -> Contents:
    ring = keyring()
    live = [key.id for key in ring.all_keys() if key.wrapped]
    secret = fingerprint((Path(settings.DATA) / SECRET).read_bytes())
    return Contents(packer.files, ring.identity, live, secret, position, audit, database)


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """A file that gets its name when all of it is on the disk."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def _copied(database: Path, folder: Path) -> Iterator[Path]:
    """The database as it was at one moment, in one file, while others write to it."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".guanlan-backup-") as place:
        copy = Path(place) / DATABASE
        with closing(sqlite3.connect(database)) as there, closing(sqlite3.connect(copy)) as here:
            there.backup(here)
            here.execute("PRAGMA journal_mode=DELETE")
        yield copy


def _add_log(packer: Packer, directory: Path) -> int | None:
    """Everything that was durable when this was called; None where nothing was recorded."""
    if not directory.is_dir() or not segments(directory):
        return None
    with closing(LogReader(directory)) as reader:
        position = reader.committed
    for segment in segments(directory):
        if segment.base < position:
            there = segment.path.stat().st_size
            packer.add(f"log/{segment.name}", segment.path, min(there, position - segment.base))
    for number in key_numbers(directory):
        name = f"{number:010d}.key"
        packer.add(f"log/{KEYS_NAME}/{name}", directory / KEYS_NAME / name)
    packer.add_bytes(f"log/{MARK_NAME}", struct.pack("=q", position))
    return position


def _add_folders(packer: Packer, data: Path) -> int | None:
    """Audit log, its checkpoints, attachments; the bytes of the audit log's rows."""
    named = getattr(settings, "CHECKPOINTS", None)
    audit = None
    for folder in FOLDERS:
        root = named if folder == "checkpoints" and named is not None else data / folder
        # Rows last: what tells of them must not be newer than they are.
        found = sorted(root.rglob("*"), key=lambda path: (path.suffix == ".ndjson", str(path)))
        for path in found:
            name = path.relative_to(root).as_posix()
            if not path.is_file() or name.partition("/")[0] in PASSING or path.is_symlink():
                continue
            size = _whole_lines(path) if path.suffix == ".ndjson" else None
            if folder == "audit" and size is not None:
                audit = (audit or 0) + size
            try:
                packer.add(f"{folder}/{name}", path, size)
            except FileNotFoundError:  # an attachment that was removed meanwhile
                continue
    return audit


def _whole_lines(path: Path) -> int:
    """The bytes of a file up to its last whole line."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            begin = max(0, end - 65536)
            file.seek(begin)
            at = file.read(end - begin).rfind(b"\n")
            if at >= 0:
                return begin + at + 1
            end = begin
    return 0


def _settings_secret(path: Path) -> bool:
    """Whether the settings file holds a secret: then it belongs to the keys."""
    text = path.read_text("utf-8", "replace")
    return any(setting.secret and setting.name in text for setting in DECLARED)

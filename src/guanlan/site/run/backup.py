"""A copy of the whole instance while it runs, and the keys of it in a file of their own.

The order makes it consistent: the database first, then what it points into. The event log is
copied up to the position that was durable then, so it holds at least every event the database
knows, and the database follows it again after a restore; the same holds for the audit log and
for attachments. Checkpoints come before the rows they speak of. What can be made anew (compiled
kernels, the queue of nudges) is left out.

The list of an archive names the roots of both logs, and is sealed by the key ring.
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
from msgspec import Struct, structs

from guanlan import __version__
from guanlan.core.audit import open_log, record
from guanlan.core.audit.checkpoints import FILE
from guanlan.core.audit.store import ROWS
from guanlan.core.event_log import log_keys
from guanlan.core.sealing import keyring
from guanlan.engine.log import LogReader, log_root
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
    Roots,
    Told,
    fingerprint,
)
from guanlan.site.run.proving import audit_head, newest_note, seal
from guanlan.site.run.tables import dump

LAST: Final = "last-backup.json"
SECRET: Final = "secret.key"  # noqa: S105 - a file's name
DATABASE: Final = "db.sqlite3"
POSTGRESQL: Final = "postgresql"
# Folders that are copied as they are; of a file that grows, as much as there was.
FOLDERS: Final = ("checkpoints", "audit", "attachments")
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
    with _whole(out) as file:
        packer = Packer(file, _head("data"), told)
        held = _add_database(packer, out.parent) if database else ""
        # Signed now, so that a signature speaks of what is copied.
        log = open_log()
        log.store.checkpoint(lambda f, clock: log.checkpointer.grown(f, clock, at_once=True))
        roots = _add_log(packer, Path(settings.LOG_DIRECTORY))
        roots = _add_folders(packer, data, roots)
        if (data / FILE_NAME).is_file() and not _settings_secret(data / FILE_NAME):
            packer.add(FILE_NAME, data / FILE_NAME)
        contents = _contents(packer, roots, held)
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
            packer.close(_contents(packer, Roots(), ""))
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


def _contents(packer: Packer, roots: Roots, database: str) -> Contents:
    ring = keyring()
    live = [key.id for key in ring.all_keys() if key.wrapped]
    secret = fingerprint((Path(settings.DATA) / SECRET).read_bytes())
    contents = Contents(packer.files, ring.identity, live, secret, roots, database)
    return structs.replace(contents, seal=seal(ring, contents))


def _add_database(packer: Packer, folder: Path) -> str:
    """The database as it is at one moment; what it is."""
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
        dump(packer, folder)
        return POSTGRESQL
    with _copied(Path(str(settings.DATABASES["default"]["NAME"])), folder) as copy:
        packer.add(DATABASE, copy)
    return DATABASE


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


def _add_log(packer: Packer, directory: Path) -> Roots:
    """Everything that was durable when this was called; none where nothing was recorded."""
    if not directory.is_dir() or not segments(directory):
        return Roots()
    with closing(LogReader(directory, log_keys())) as reader:
        position = reader.committed
        root = log_root(reader.frames(0, position))
    for segment in segments(directory):
        if segment.base < position:
            there = segment.path.stat().st_size
            packer.add(f"log/{segment.name}", segment.path, min(there, position - segment.base))
    for number in key_numbers(directory):
        name = f"{number:010d}.key"
        packer.add(f"log/{KEYS_NAME}/{name}", directory / KEYS_NAME / name)
    packer.add_bytes(f"log/{MARK_NAME}", struct.pack("=q", position))
    return Roots(log_position=position, log=root)


def _add_folders(packer: Packer, data: Path, roots: Roots) -> Roots:
    """Checkpoints, audit log, attachments; `roots` with those of the audit log."""
    named = getattr(settings, "CHECKPOINTS", None)
    for folder in FOLDERS:
        root = named if folder == "checkpoints" and named is not None else data / folder
        # Rows last: what tells of them must not be newer than they are.
        found = sorted(root.rglob("*"), key=lambda path: (path.suffix == ".ndjson", str(path)))
        for path in found:
            name = path.relative_to(root).as_posix()
            if not path.is_file() or name.partition("/")[0] in PASSING or path.is_symlink():
                continue
            size = _whole_lines(path) if path.suffix == ".ndjson" else None
            if folder == "checkpoints" and name == FILE:
                size = path.stat().st_size
                roots = structs.replace(roots, checkpoint=newest_note(path, size))
            try:
                packer.add(f"{folder}/{name}", path, size)
            except FileNotFoundError:  # an attachment that was removed meanwhile
                continue
            if folder == "audit" and name == ROWS:
                rows, tree = audit_head(root, size)
                roots = structs.replace(roots, audit_rows=rows, audit_bytes=size or 0, audit=tree)
    return roots


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

"""The form of a backup: a tar file whose first member says what it is and whose last one lists,
with size and SHA-256, everything between. So what is cut short, altered or added is noticed."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Final, Literal

import msgspec
from msgspec import Struct, structs

FORMAT: Final = 2
HEAD: Final = "guanlan-backup.json"
LIST: Final = "contents.json"
CHUNK: Final = 1 << 20
_SMALL: Final = 64 << 20  # bytes of the head or the list at most
_PART: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")

Kind = Literal["data", "keys"]
Told = Callable[[int], None]


class BackupError(Exception):
    """A backup cannot be made or restored: one sentence."""


class Head(Struct, frozen=True):
    """The first member."""

    format: int
    kind: Kind
    version: str
    made: str


class Entry(Struct, frozen=True):
    """A file of the archive."""

    name: str
    size: int
    sha256: str


class Roots(Struct, frozen=True):
    """What the instance said when it was copied, to compare a restored one with. Of the event
    log: the position up to which it was durable, and its root. Of the audit log: rows, bytes,
    the tree's root and the newest signed checkpoint."""

    log_position: int | None = None
    log: str = ""
    audit_rows: int = 0
    audit_bytes: int = 0
    audit: str = ""
    checkpoint: str = ""

    def told(self) -> list[str]:
        """The roots, for people."""
        lines = [f"audit log: {self.audit_rows:,} rows, root {self.audit}"]
        if self.log_position is not None:
            lines.append(f"event log: {self.log_position:,} bytes, state root {self.log}")
        return lines


class Contents(Struct, frozen=True):
    """The last member. `ring` and `keys` name the key ring and its live keys, `secret` is a
    fingerprint of secret.key. `seal` is the digest of all the rest, sealed by the ring: whoever
    has the archive and not the keys cannot alter it."""

    files: list[Entry]
    ring: str
    keys: list[int]
    secret: str
    roots: Roots = Roots()
    database: str = ""
    seal: str = ""

    def digest(self) -> bytes:
        """Of everything but the seal."""
        return hashlib.sha256(msgspec.json.encode(structs.replace(self, seal=""))).digest()


class Packer:
    """Writes an archive."""

    def __init__(self, file: BinaryIO, head: Head, told: Told) -> None:
        self._tar = tarfile.TarFile(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)
        self._told = told
        self.files: list[Entry] = []
        self._put(HEAD, msgspec.json.encode(head))

    def add(self, name: str, path: Path, size: int | None = None) -> None:
        """Add a file, or its first `size` bytes: it may grow meanwhile. Raises OSError."""
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size if size is None else size
            limited = _Limited(file, size, self._told)
            self._tar.addfile(_member(name, size), limited)
        self.files.append(Entry(name, size, limited.hash.hexdigest()))

    def add_bytes(self, name: str, content: bytes) -> None:
        """Add a file made of these bytes."""
        self._put(name, content)
        self.files.append(Entry(name, len(content), hashlib.sha256(content).hexdigest()))

    def close(self, contents: Contents) -> None:
        """Write the list, which makes the archive whole."""
        self._put(LIST, msgspec.json.encode(contents))
        self._tar.close()

    def _put(self, name: str, content: bytes) -> None:
        self._tar.addfile(_member(name, len(content)), io.BytesIO(content))


class _Limited(io.RawIOBase):
    """The first bytes of a file, hashed while they are read."""

    def __init__(self, file: BinaryIO, size: int, told: Told) -> None:
        self._file = file
        self._left = size
        self._told = told
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Never more than is left."""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._file.read(wanted)
        self._left -= len(data)
        self.hash.update(data)
        self._told(len(data))
        return data


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def unpack(archive: Path, kind: Kind, folder: Path, version: str, told: Told) -> Contents:
    """Unpack a whole archive into `folder`, proving every byte. Raises BackupError, OSError."""
    seen: dict[str, Entry] = {}
    contents: Contents | None = None
    with _readable(archive), tarfile.open(archive, "r|") as tar:
        for number, member in enumerate(tar):
            file = tar.extractfile(member) if member.isreg() else None
            if file is None or contents is not None:
                raise BackupError(f"{archive}: holds something that no backup holds; it is refused")
            if number == 0:
                _check_head(archive, member, file, kind, version)
            elif member.name == LIST:
                contents = msgspec.json.decode(file.read(_SMALL), type=Contents)
            else:
                if not is_path_safe(member.name) or member.name in seen:
                    raise BackupError(f"{archive}: holds a file under a name that is refused")
                seen[member.name] = _put_down(member, file, folder / member.name, told)
    if contents is None:
        raise BackupError(f"{archive}: is cut short; take another backup")
    if {entry.name: entry for entry in contents.files} != seen:
        raise BackupError(f"{archive}: was altered or damaged since it was made")
    return contents


def fingerprint(secret: bytes) -> str:
    """By what one secret.key is told from another; tells nothing of it."""
    return hashlib.blake2b(secret.strip(), person=b"guanlan-backup").hexdigest()[:16]


def is_path_safe(name: str) -> bool:
    """Whether a member's name leads nowhere but below the folder it is unpacked into."""
    return len(name) < 400 and all(_PART.fullmatch(part) for part in name.split("/"))


@contextmanager
def _readable(archive: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except (tarfile.TarError, EOFError, msgspec.DecodeError, UnicodeDecodeError):
        raise BackupError(f"{archive}: is no backup of Guanlan, or is cut short") from None


def _check_head(
    archive: Path, member: tarfile.TarInfo, file: IO[bytes], kind: Kind,
    version: str,
) -> None:  # fmt: skip
    if member.name != HEAD:
        raise BackupError(f"{archive}: is no backup of Guanlan")
    head = msgspec.json.decode(file.read(_SMALL), type=Head)
    if head.format != FORMAT or _number(head.version) > _number(version):
        raise BackupError(
            f"{archive}: was made by Guanlan {head.version}, this is {version};"
            " restore it with that version or a later one"
        )
    if head.kind != kind:
        wanted = "the keys (--keys)" if kind == "keys" else "the data"
        raise BackupError(f"{archive}: expected the archive of {wanted}, and it is the other one")


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _put_down(member: tarfile.TarInfo, file: IO[bytes], path: Path, told: Told) -> Entry:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        while data := file.read(CHUNK):
            out.write(data)
            digest.update(data)
            size += len(data)
            told(len(data))
        out.flush()
        os.fsync(descriptor)
    return Entry(member.name, size, digest.hexdigest())

"""Files under DATA/attachments: encrypted in pieces as they arrive, under random names.

Layout: `GLA1`, the length (2 bytes) and the bytes of the file's own key as the installation's key
ring sealed it for the purpose `attachment`, a nonce prefix of 7 bytes, then pieces of 64 KiB of
plain bytes, each AES-256-GCM with the nonce prefix ‖ counter (4 bytes) ‖ last (1 byte). So a piece
that is altered, moved, left out or cut off at the end fails to open (the STREAM construction of
Hoang, Reyhanitabar, Rogaway and Vizár, 2015). The sealed key is bound to the file's random name:
a file under another's name does not open either.

A new key of the ring moves a file by sealing its own key anew: the pieces stay as they are, in a
copy that takes the file's place whole.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from guanlan.core.sealing import Unopened, keyring, tell_unreadable
from guanlan.core.sealing.ciphers import key_of
from guanlan.core.sealing.files import keep_files
from guanlan.core.sealing.ring import Purpose

MAGIC: Final = b"GLA1"
PURPOSE: Final[Purpose] = "attachment"
PIECE: Final = 64 << 10
TAG: Final = 16
PREFIX: Final = 7
ABANDONED: Final = 24 * 3600  # seconds after which a half-written file is swept away
_STORED: Final = re.compile(r"[0-9a-f]{32}")


class Unreadable(Exception):
    """The stored bytes are missing, altered, or sealed with another key."""


def folder() -> Path:
    return Path(settings.DATA) / "attachments"


def path_of(stored: str) -> Path:
    """Where the file lies. Raises Unreadable for a name that is none of ours."""
    if not _STORED.fullmatch(stored):
        raise Unreadable
    return folder() / stored[:2] / stored


def _nonce(prefix: bytes, counter: int, last: bool) -> bytes:
    return prefix + counter.to_bytes(4, "big") + bytes([last])


class Writer:
    """Takes plain bytes as they come, keeps at most one piece of them in memory.

    The file stands under its name only after `keep`; anything else leaves nothing behind.
    """

    def __init__(self) -> None:
        self.stored = secrets.token_hex(16)
        self.size = 0
        self._hash = hashlib.sha256()
        key = AESGCM.generate_key(256)
        sealed = keyring().seal(PURPOSE, key, self.stored.encode())
        self._cipher = AESGCM(key)
        self._prefix = os.urandom(PREFIX)
        self._counter = 0
        self._waiting = bytearray()
        incoming = folder() / "incoming"
        incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = incoming / self.stored
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file: BinaryIO = os.fdopen(descriptor, "wb")
        self._file.write(_head(sealed) + self._prefix)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, plain: bytes) -> None:
        """Add plain bytes. OSError where the disk does not take them."""
        self.size += len(plain)
        self._hash.update(plain)
        self._waiting += plain
        while len(self._waiting) > PIECE:  # the last piece is known only at the end
            self._seal(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]

    def _seal(self, plain: bytes, *, last: bool) -> None:
        nonce = _nonce(self._prefix, self._counter, last)
        self._file.write(self._cipher.encrypt(nonce, plain, None))
        self._counter += 1

    def finish(self) -> None:
        """Write what is left; afterwards the file can be read, but has not its name yet."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def read(self) -> Iterator[bytes]:
        """The plain bytes of the finished file, before it is kept."""
        return _opened(self._path, self.stored)

    def keep(self) -> None:
        """Give the finished file its name."""
        target = path_of(self.stored)
        target.parent.mkdir(exist_ok=True, mode=0o700)
        self._path.replace(target)

    def discard(self) -> None:
        """Leave nothing behind."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def opened(stored: str) -> Iterator[bytes]:
    """The plain bytes of a kept file, piece by piece, each proven before it is given.

    Raises Unreadable, also in the middle: what was given until then is what was stored.
    """
    try:
        yield from _opened(path_of(stored), stored)
    except Unreadable:
        why = "its bytes are missing, altered or sealed with another key"
        tell_unreadable("attachments.bytes", stored, why)
        raise


def _opened(path: Path, stored: str) -> Iterator[bytes]:
    try:
        file = path.open("rb")
    except OSError:
        raise Unreadable from None
    with file:
        try:
            cipher = AESGCM(keyring().open(PURPOSE, _sealed_key(file), stored.encode()))
        except (Unopened, ValueError):
            raise Unreadable from None
        prefix = file.read(PREFIX)
        sealed, counter = file.read(PIECE + TAG), 0
        while True:
            following = file.read(PIECE + TAG)
            try:
                plain = cipher.decrypt(_nonce(prefix, counter, not following), sealed, None)
            except (InvalidTag, ValueError):
                raise Unreadable from None
            yield plain
            if not following:
                return
            sealed, counter = following, counter + 1


def _head(sealed: bytes) -> bytes:
    return MAGIC + len(sealed).to_bytes(2, "big") + sealed


def _sealed_key(file: BinaryIO) -> bytes:
    """The file's own key, sealed, as it stands in the head. Raises Unreadable."""
    head = file.read(len(MAGIC) + 2)
    if head[: len(MAGIC)] != MAGIC:
        raise Unreadable
    return file.read(int.from_bytes(head[len(MAGIC) :], "big"))


def forget(stored: str) -> None:
    """Remove the bytes; nothing happens where they are gone."""
    with _locked():
        path_of(stored).unlink(missing_ok=True)


@contextmanager
def _locked() -> Iterator[None]:
    """Within, no file is removed or takes another's place, whichever process wants to."""
    lock = folder().with_name(".attachments.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class Kept:
    """The files, to those who count keys and move what they seal."""

    place: Final = "attachments"
    purpose: Final[Purpose] = PURPOSE

    def each(self) -> Iterator[tuple[str, int | None]]:
        """Each file, with the key of the ring that its own is sealed with."""
        for path in folder().glob("[0-9a-f][0-9a-f]/*"):
            try:
                with path.open("rb") as file:
                    yield path.name, key_of(_sealed_key(file))
            except FileNotFoundError:  # removed meanwhile
                continue
            except (OSError, Unreadable):
                yield path.name, None

    def opens(self, name: str) -> bool:
        """Whether the ring opens the file's own key."""
        try:
            with path_of(name).open("rb") as file:
                keyring().open(PURPOSE, _sealed_key(file), name.encode())
        except (OSError, Unreadable, Unopened):
            return False
        return True

    def move(self, name: str) -> bool:
        """Seal the file's own key under the current one; false where it does not open."""
        fresh = folder() / "incoming" / f"{name}.{secrets.token_hex(4)}"
        fresh.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with path_of(name).open("rb") as file:
                key = keyring().open(PURPOSE, _sealed_key(file), name.encode())
                descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as copy:
                    copy.write(_head(keyring().seal(PURPOSE, key, name.encode())))
                    shutil.copyfileobj(file, copy, PIECE)
                    copy.flush()
                    os.fsync(descriptor)
            with _locked():
                if path_of(name).exists():
                    fresh.replace(path_of(name))
        except FileNotFoundError:
            return True
        except (Unreadable, Unopened):
            return False
        finally:
            fresh.unlink(missing_ok=True)
        return True


keep_files(Kept())


def sweep(now: float | None = None) -> int:
    """Remove what was begun and never kept; how many."""
    before = (now if now is not None else time.time()) - ABANDONED
    swept = 0
    for path in (folder() / "incoming").glob("*"):
        try:
            if path.stat().st_mtime < before:
                path.unlink()
                swept += 1
        except FileNotFoundError:  # kept, or discarded, while we looked
            continue
    return swept


def long_kept(now: float | None = None) -> Iterator[str]:
    """The names of files that were kept more than a day ago."""
    before = (now if now is not None else time.time()) - ABANDONED
    for path in folder().glob("[0-9a-f][0-9a-f]/*"):
        try:
            if _STORED.fullmatch(path.name) and path.stat().st_mtime < before:
                yield path.name
        except FileNotFoundError:  # removed meanwhile
            continue


def set_aside(stored: str) -> None:
    """Put a kept file among those that were begun: unless it is put back it is swept in a day."""
    aside = folder() / "incoming" / stored
    aside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(), suppress(FileNotFoundError):
        os.utime(path_of(stored))
        path_of(stored).replace(aside)


def begun() -> list[str]:
    """The names of files that were begun, or set aside."""
    names = [path.name for path in (folder() / "incoming").glob("*")]
    return [name for name in names if _STORED.fullmatch(name)]


def put_back(stored: str) -> None:
    """Give a file that was set aside its name again."""
    with _locked(), suppress(FileNotFoundError):
        if not path_of(stored).exists():
            path_of(stored).parent.mkdir(exist_ok=True, mode=0o700)
            (folder() / "incoming" / stored).replace(path_of(stored))

"""The data keys that a log's frames are sealed with, each in a file of its own.

Every opening for writing draws a new key, and a frame's nonce is its global byte position.
Within one opening no position is written twice; after it the key is never used to seal again.
So no nonce can repeat under a key, even where a torn tail is overwritten at the same positions.

A key lies in `keys/<10-digit number>.key`, wrapped by a key that is kept elsewhere: "GUANLANK",
CRC-32 of what follows, the number, then the wrapped bytes. Inside are number, position of the
opening and key, so a file under another's name does not open. Whoever loses these files has
lost the log; they belong to every copy of it.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, Protocol
from zlib import crc32

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guanlan.engine.log.errors import LogSealed
from guanlan.engine.log.segment import sync_directory

KEYS_NAME: Final = "keys"
KEY_BYTES: Final = 32
TAG: Final = 16
NEVER: Final = 2**63 - 1

_NAME: Final = re.compile(r"\d{10}\.key")
_MAGIC: Final = b"GUANLANK"
_HEAD: Final = struct.Struct("<8sII")
_INNER: Final = struct.Struct("<Iq")


class KeyWrap(Protocol):
    """What keeps data keys safe: chance and the wrapping key come from outside."""

    def draw(self) -> bytes:
        """Thirty-two fresh random bytes."""

    def wrap(self, key: bytes) -> bytes:
        """`key`, so that it may lie on a disk."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """What `wrap` was given. Raises ValueError, saying why, when it cannot."""


class Seal(NamedTuple):
    """What frames are sealed with: the key's number and its cipher."""

    number: int
    encrypt: Callable[[bytes, bytes, bytes], bytes]


class Seals:
    """The data keys of one log. Keys are read when they are first met, so that a reader
    follows a writer that was opened after it."""

    def __init__(self, directory: Path, wrap: KeyWrap | None) -> None:
        self._directory = directory / KEYS_NAME
        self._log = directory
        self._wrap = wrap
        self._ciphers: dict[int, AESGCM] = {}
        self.plain_until = NEVER
        """A frame at this position or behind it must be sealed; see `look`."""

    def look(self) -> None:
        """Learn from where on frames must be sealed: from the opening that drew the first key.

        Without it, whoever can write the files could put a frame of his own, not sealed, in
        the place of one that is. Raises LogSealed when the first key cannot be opened.
        """
        if self.plain_until != NEVER or self._wrap is None:
            return
        if key_numbers(self._log):
            self.plain_until, _ = self._open(1)

    def open(self, number: int, nonce: bytes, text: memoryview, head: bytes) -> bytes | None:
        """The sealed bytes of a frame, or None when they or their head were altered.

        Raises LogSealed when the key is missing or cannot be opened.
        """
        cipher = self._ciphers.get(number)
        if cipher is None:
            cipher = self._ciphers[number] = AESGCM(self._open(number)[1])
        try:
            return cipher.decrypt(nonce, text, head)
        except InvalidTag:
            return None

    def check(self, used: int) -> None:
        """Raises LogSealed when the log is sealed and the wrap at hand does not open its keys,
        so that no sealed log goes on unsealed, or under a wrapping key of its own.

        `used` is the highest number met in the log, 0 for none: where that key's file is gone
        its number must not be given to another.
        """
        numbers = key_numbers(self._log)
        if used or numbers:
            self._open(max(used, *numbers) if numbers else used)
            self.look()

    def begin(self, position: int) -> Seal | None:
        """Draw a key for what is written from `position` on; None without a wrap.

        The key is durable when this returns. Raises OSError.
        """
        if self._wrap is None:
            return None
        numbers = key_numbers(self._log)
        number = numbers[-1] + 1 if numbers else 1
        key = self._wrap.draw()
        if len(key) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes, not {len(key)}")
        if not self._directory.is_dir():
            self._directory.mkdir(mode=0o700)
            sync_directory(self._log)
        self._store(number, self._wrap.wrap(_INNER.pack(number, position) + key))
        self.plain_until = min(self.plain_until, position)
        cipher = self._ciphers[number] = AESGCM(key)
        return Seal(number, cipher.encrypt)

    def rewrap(self) -> int:
        """Wrap every key anew, under the wrapping key now current; the number of keys.

        Each file is replaced as a whole, so this may be interrupted and repeated, and run while
        the log is written and read. Raises LogSealed before the first key that does not open.
        """
        assert self._wrap is not None
        numbers = key_numbers(self._log)
        for number in numbers:
            position, key = self._open(number)
            self._store(number, self._wrap.wrap(_INNER.pack(number, position) + key))
        return len(numbers)

    def _path(self, number: int) -> Path:
        return self._directory / f"{number:010d}.key"

    def _open(self, number: int) -> tuple[int, bytes]:
        """Position and bytes of a key."""
        path = self._path(number)
        where = f"event log {self._log} is sealed"
        if self._wrap is None:
            raise LogSealed(f"{where} and no key was given")
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise LogSealed(f"{where} and {path} is missing: restore it from a backup") from None
        magic, crc, named = _HEAD.unpack(content[: _HEAD.size].ljust(_HEAD.size, b"\0"))
        if magic != _MAGIC or crc != crc32(content[12:]):
            raise LogSealed(f"{where} and {path} is damaged: restore it from a backup")
        try:
            inner = self._wrap.unwrap(content[_HEAD.size :])
        except ValueError as error:
            raise LogSealed(f"{where} and {path} cannot be opened: {error}") from None
        if len(inner) != _INNER.size + KEY_BYTES:
            raise LogSealed(f"{where} and {path} holds no key of it")
        own, position = _INNER.unpack_from(inner)
        if own != number or named != number:
            raise LogSealed(f"{where} and {path} is the file of another key")
        return position, inner[_INNER.size :]

    def _store(self, number: int, wrapped: bytes) -> None:
        path = self._path(number)
        rest = struct.pack("<I", number) + wrapped
        fresh = path.with_suffix(f".{os.getpid()}.new")
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(_MAGIC + struct.pack("<I", crc32(rest)) + rest)
            file.flush()
            os.fsync(fd)
        os.replace(fresh, path)
        sync_directory(self._directory)


def wrapped_keys(directory: Path) -> list[bytes]:
    """The data keys of a log as they lie there, wrapped; nothing of them is proven."""
    found = [directory / KEYS_NAME / f"{number:010d}.key" for number in key_numbers(directory)]
    return [path.read_bytes()[_HEAD.size :] for path in found]


def key_numbers(directory: Path) -> list[int]:
    """The numbers of a log's keys, in order; a log that was never sealed has none."""
    try:
        names = os.listdir(directory / KEYS_NAME)
    except FileNotFoundError:
        return []
    return sorted(int(name[:10]) for name in names if _NAME.fullmatch(name))

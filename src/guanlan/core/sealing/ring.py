"""The key ring: data keys by purpose, each wrapped by the provider's master key.

    ring = keyring()
    blob = ring.seal("log", data, b"what it is bound to")   # with the current key of the purpose
    data = ring.open("log", blob, b"what it is bound to")   # with the key the blob names
    ring.current("field").id                                # which key is current
    ring.new_key("field")                                   # from now on another one is

`ring.wrap("log", key)` and `ring.unwrap("log", wrapped)` do the same for the data keys of
others. The ring is one file, `DATA/keys/ring.json`, replaced as a whole; it holds no key that
is not wrapped. Other processes see a change within REFRESH seconds, and at once when they meet
a key they do not know. Beside the folder stands the ring's name, `DATA/keys.id`: where the
folder is lost or another's this is seen, and no new ring is made over what is sealed already.

Nonces are random, so a key may seal only so many values (NIST SP 800-38D: 2^32). Each process
takes its share of the budget in blocks that are written down before they are used; at BUDGET,
half of that number, a new key is made by itself.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Final, Literal, get_args

import msgspec
from cryptography.exceptions import InvalidTag
from msgspec import Struct, field
from msgspec.structs import replace

from guanlan.core.sealing.ciphers import ALGORITHMS, HEAD, NONCE, Aead, head_of
from guanlan.core.sealing.errors import KeysUnusable, Unopened
from guanlan.core.sealing.providers import Provider, private, write_private

Purpose = Literal["field", "index", "log", "backup", "attachment"]
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)
RING: Final = "ring.json"
MARK: Final = ".id"
BUDGET: Final = 1 << 31
BLOCK: Final = 1 << 16
REFRESH: Final = 5.0

TEXT: Final = HEAD + NONCE
PUT_BACK: Final = "put back the folder {} that belongs to it, from the backup of the keys"
Crypt = Callable[[bytes, bytes, bytes | None], bytes]

urandom = os.urandom
monotonic = time.monotonic


class DataKey(Struct, frozen=True, omit_defaults=True):
    """A data key as it is kept. `used` counts values sealed, in blocks taken beforehand;
    `wrapped` is empty once it is destroyed."""

    id: int
    purpose: Purpose
    algorithm: str
    created: datetime
    wrapped: str
    used: int = 0
    retired: datetime | None = None
    destroyed: datetime | None = None


class Ring(Struct, frozen=True):
    """The file."""

    ring: str
    keys: tuple[DataKey, ...] = ()
    version: int = 1


class _Pen:
    """What a purpose is sealed with at present, in this process."""

    __slots__ = ("encrypt", "head", "left", "until")

    def __init__(self, head: bytes, encrypt: Crypt, left: int, until: float) -> None:
        self.head = head
        self.encrypt = encrypt
        self.left = left
        self.until = until


class _Opened(Struct):
    purpose: str
    cipher: Aead
    raw: bytes = field(default=b"")


class Keyring:
    """The data keys of one installation. `algorithm` is that of keys made from now on."""

    def __init__(self, folder: Path, provider: Provider, algorithm: str) -> None:
        self.provider = provider
        self.algorithm = algorithm
        self._path = folder / RING
        self._mark = folder.with_name(f"{folder.name}{MARK}")
        self._lock = RLock()
        self._pens: dict[str, _Pen] = {}
        self._ciphers: dict[int, _Opened] = {}
        self._decrypts: dict[tuple[str, bytes], Crypt] = {}
        self._ring: Ring | None = None
        self._seen: tuple[int, int] = (0, 0)
        os.register_at_fork(after_in_child=self._forked)

    # Hot path: one call a value.

    def seal(self, purpose: Purpose, plain: bytes, bound: bytes) -> bytes:
        """`plain` under the purpose's current key, bound to `bound`."""
        pen = self._pens.get(purpose)
        if pen is None or pen.left <= 0 or pen.until < monotonic():
            pen = self._dip(purpose)
        pen.left -= 1
        nonce = urandom(NONCE)
        head = pen.head
        return head + nonce + pen.encrypt(nonce, plain, head + bound)

    def open(self, purpose: Purpose, blob: bytes, bound: bytes) -> bytes:
        """What was sealed. Raises Unopened where it was altered or moved, or its key is gone;
        KeysUnusable where the master key cannot be used."""
        head = blob[:HEAD]
        decrypt = self._decrypts.get((purpose, head))
        if decrypt is None:
            decrypt = self._decrypting(purpose, head)
        try:
            return decrypt(blob[HEAD:TEXT], blob[TEXT:], head + bound)
        except (InvalidTag, ValueError):
            raise Unopened("it was altered or moved") from None

    def wrap(self, purpose: Purpose, key: bytes) -> bytes:
        """A data key of somebody else, so that it may lie on a disk."""
        return self.seal(purpose, key, b"wrapped key")

    def unwrap(self, purpose: Purpose, wrapped: bytes) -> bytes:
        """What `wrap` was given. Raises Unopened."""
        return self.open(purpose, wrapped, b"wrapped key")

    # Keys.

    def all_keys(self) -> tuple[DataKey, ...]:
        """All keys, oldest first; nothing of them is secret."""
        return self._read().keys

    @property
    def identity(self) -> str:
        """By what one ring is told from another's."""
        return self._read().ring

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def begun(self) -> bool:
        """Whether there is a ring yet; the first use of any makes it."""
        return self._path.exists()

    def current(self, purpose: Purpose) -> DataKey:
        """The key that new values are sealed with; made where there is none yet."""
        found = _current(self._read(), purpose)
        return found if found is not None else self.new_key(purpose)

    def key(self, number: int) -> DataKey | None:
        """The key of this id."""
        return next((key for key in self._read().keys if key.id == number), None)

    def secret(self, key: DataKey) -> bytes:
        """The bytes of a key, to derive others from. Raises Unopened, KeysUnusable."""
        return self._unwrapped(key.id).raw

    def new_key(self, purpose: Purpose) -> DataKey:
        """Make the key that is current from now on; the one before it only opens."""
        if purpose not in PURPOSES:
            raise ValueError(f"purpose {purpose}: expected one of {', '.join(PURPOSES)}")
        with self._writing() as ring:
            known = _current(ring, purpose)
            # With another's master key nothing is written: what it wraps would be lost.
            for key in [key for key in ring.keys if key.wrapped][-1:]:
                self._unwrap(ring, key)
            number = max((key.id for key in ring.keys), default=0) + 1
            now = datetime.now(UTC)
            raw = secrets.token_bytes(ALGORITHMS[self.algorithm].key_bytes)
            inner = _inner(ring.ring, number, purpose, self.algorithm)
            wrapped = self.provider.wrap(inner + raw)
            made = DataKey(number, purpose, self.algorithm, now, wrapped)
            kept = [replace(k, retired=now) if k is known else k for k in ring.keys]
            self._write(replace(ring, keys=(*kept, made)))
        self._pens.pop(purpose, None)
        return made

    def destroy(self, number: int) -> DataKey:
        """Forget a key for good: what is still sealed with it can never be opened again.

        Raises ValueError for the current key of a purpose and for one that is not there.
        """
        with self._writing() as ring:
            key = next((k for k in ring.keys if k.id == number and not k.destroyed), None)
            if key is None:
                raise ValueError(f"key {number}: there is no such key")
            if key.retired is None:
                raise ValueError(f"key {number}: it is in use; make a new one first")
            gone = replace(key, wrapped="", destroyed=datetime.now(UTC))
            self._write(replace(ring, keys=tuple(gone if k is key else k for k in ring.keys)))
        self._ciphers.pop(number, None)
        self._decrypts.clear()
        return gone

    def rotate_master(self) -> int:
        """A new master key, and every data key wrapped by it; how many."""
        with self._writing() as ring:
            self.provider.rotate()
            fresh = [
                replace(key, wrapped=self.provider.wrap(self.provider.unwrap(key.wrapped)))
                if key.wrapped
                else key
                for key in ring.keys
            ]
            self._write(replace(ring, keys=tuple(fresh)))
            self.provider.settle()
        return sum(1 for key in fresh if key.wrapped)

    def check(self) -> None:
        """Open every key that is not destroyed. Raises KeysUnusable with one sentence."""
        for key in self._read().keys:
            if key.wrapped:
                self._unwrap(self._read(), key)

    # Inside.

    def _dip(self, purpose: Purpose) -> _Pen:
        with self._lock:
            pen = self._pens.get(purpose)
            if pen is not None and pen.left > 0:
                key = _current(self._read(), purpose)
                if key is not None and pen.head == head_of(key.algorithm, key.id):
                    pen.until = monotonic() + REFRESH
                    return pen
            key = self.current(purpose)
            if key.used + BLOCK > BUDGET:
                key = self.new_key(purpose)
            self._unwrapped(key.id)  # before anything is written
            with self._writing() as ring:
                now = _current(ring, purpose) or key
                taken = replace(now, used=now.used + BLOCK)
                self._write(replace(ring, keys=tuple(taken if k is now else k for k in ring.keys)))
            cipher = self._unwrapped(now.id).cipher
            head = head_of(now.algorithm, now.id)
            pen = _Pen(head, cipher.encrypt, BLOCK, monotonic() + REFRESH)
            self._pens[purpose] = pen
            return pen

    def _decrypting(self, purpose: str, head: bytes) -> Crypt:
        opened = self._unwrapped(int.from_bytes(head[2:], "big"))
        key = self.key(int.from_bytes(head[2:], "big"))
        if key is None or opened.purpose != purpose or head != head_of(key.algorithm, key.id):
            raise Unopened("it was altered or moved")
        self._decrypts[purpose, head] = opened.cipher.decrypt
        return opened.cipher.decrypt

    def _unwrapped(self, number: int) -> _Opened:
        with self._lock:
            found = self._ciphers.get(number)
            if found is not None:
                return found
            ring = self._read()
            key = next((k for k in ring.keys if k.id == number), None)
            if key is None or not key.wrapped:
                raise Unopened("its key is not here")
            raw = self._unwrap(ring, key)
            cipher = ALGORITHMS[key.algorithm].begin(raw)
            found = self._ciphers[number] = _Opened(key.purpose, cipher, raw)
            return found

    def _unwrap(self, ring: Ring, key: DataKey) -> bytes:
        inner = _inner(ring.ring, key.id, key.purpose, key.algorithm)
        plain = self.provider.unwrap(key.wrapped)
        if not plain.startswith(inner) or key.algorithm not in ALGORITHMS:
            raise KeysUnusable(f"{self._path}: key {key.id} is not what it says it is")
        return plain[len(inner) :]

    def _read(self) -> Ring:
        try:
            state = self._path.stat()
        except FileNotFoundError:
            return self._begin()
        seen = (state.st_mtime_ns, state.st_ino)
        if self._ring is None or seen != self._seen:
            private(self._path.parent)
            private(self._path)
            try:
                ring = msgspec.json.decode(self._path.read_bytes(), type=Ring)
            except (msgspec.DecodeError, OSError):
                raise KeysUnusable(
                    f"{self._path}: expected a readable key ring; restore it from a backup"
                ) from None
            self._compare(ring)
            self._ring, self._seen = ring, seen
        return self._ring

    def _compare(self, ring: Ring) -> None:
        """Raises KeysUnusable where this is not the ring that was here before."""
        known = self._marked()
        if not known:
            write_private(self._mark, f"{ring.ring}\n".encode())
        elif known != ring.ring:
            raise KeysUnusable(
                f"{self._path}: this is key ring {ring.ring}, and the data here is sealed with"
                f" ring {known}; {PUT_BACK.format(self._path.parent)}"
            )

    def _marked(self) -> str:
        try:
            return self._mark.read_text("ascii").strip()
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError):
            raise KeysUnusable(f"{self._mark}: expected the name of the key ring") from None

    def _begin(self) -> Ring:
        """The first start of an installation."""
        known = self._marked()
        if known:
            raise KeysUnusable(
                f"{self._path}: the key ring is missing, and the data here is sealed with it"
                f" (ring {known}); {PUT_BACK.format(self._path.parent)}"
            )
        with self._locked():
            if self._path.exists():
                return self._read()
            self.provider.make()
            self._write(Ring(secrets.token_hex(8)))
            return self._read()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        folder = self._path.parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        private(folder)
        with self._lock:
            descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)

    @contextmanager
    def _writing(self) -> Iterator[Ring]:
        self._read()
        with self._locked():
            yield self._read()

    def _write(self, ring: Ring) -> None:
        write_private(self._path, msgspec.json.encode(ring))
        self._ring = None

    def _forked(self) -> None:
        # Two processes must not use up one block; a lock held while forking stays held.
        self._pens = {}
        self._lock = RLock()


def _current(ring: Ring, purpose: str) -> DataKey | None:
    return next((k for k in ring.keys if k.purpose == purpose and k.retired is None), None)


def _inner(ring: str, number: int, purpose: str, algorithm: str) -> bytes:
    """What is wrapped together with a key, so that keys cannot change places."""
    return f"{ring} {number} {purpose} {algorithm}\n".encode()

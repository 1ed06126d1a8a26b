"""API keys: who calls, and what the policy lets the key do.

Only SHA-256 digests are held. A token is looked up by its digest, so the time of a
look-up says nothing about how much of a wrong token was right.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from hashlib import sha256
from time import monotonic, time
from typing import Final, Protocol

from msgspec import Struct

from guanlan.core.access import ANONYMOUS, Subject, subject_of_key
from guanlan.site.door.rights import Need, rights_of

log = logging.getLogger("guanlan.door")


class Key(Struct, frozen=True):
    """A key as the door knows it: its public id, and what the policy lets it do."""

    id: str
    subject: Subject
    rights: frozenset[Need]


def judge(identity: str, scopes: frozenset[str]) -> Key:
    """A key with the policy's verdict on it."""
    subject = subject_of_key(identity, scopes)
    return Key(identity, subject, rights_of(subject))


NOBODY: Final = Key("", ANONYMOUS, frozenset())


class KeyRecord(Protocol):
    """One key as the loader returns it; `sha256` is the digest of the whole token. From `until`
    on (seconds since 1970-01-01 UTC) it is refused."""

    @property
    def id(self) -> str: ...

    @property
    def sha256(self) -> bytes: ...

    @property
    def scopes(self) -> frozenset[str]: ...

    @property
    def until(self) -> float: ...


class KeyRing:
    """The live keys, re-read by `watch`; a key missing from the newest list is refused.

    If the list cannot be read the last one stays in force (nobody can revoke a key in a
    database that cannot be reached) and `age` grows, which `/metrics` shows. A key whose time is
    over is refused even then.
    """

    def __init__(self, load: Callable[[], Iterable[KeyRecord]]) -> None:
        self._load = load
        self._keys: dict[bytes, Key] = {}
        self._judged: dict[tuple[str, frozenset[str]], Key] = {}
        self._until: dict[bytes, float] = {}
        self._ended: frozenset[bytes] = frozenset()
        self._loaded = monotonic()

    @property
    def age(self) -> float:
        """Seconds since the list was last read."""
        return monotonic() - self._loaded

    def __len__(self) -> int:
        return len(self._keys)

    def reload(self) -> None:
        """Read the list now."""
        records = list(self._load())
        named = {bytes(r.sha256): (r.id, frozenset(r.scopes)) for r in records}
        self._judged = {one: self._judged.get(one) or judge(*one) for one in named.values()}
        self._keys = {digest: self._judged[one] for digest, one in named.items()}
        self._until = {bytes(r.sha256): r.until for r in records}
        self._loaded = monotonic()
        self.end()

    def end(self) -> None:
        """Refuse from now on the keys whose time is over."""
        now = time()
        self._ended = frozenset(digest for digest, until in self._until.items() if until <= now)
        self._keys = {digest: k for digest, k in self._keys.items() if digest not in self._ended}

    def check(self, token: str | bytes) -> Key | None:
        """The key of `token`, or None."""
        if isinstance(token, str):
            token = token.encode()
        return self._keys.get(sha256(token).digest())

    def check_header(self, header: bytes | None) -> Key | None:
        """The key of an `Authorization: Bearer ...` header's value, or None."""
        if header is None or header[:7].lower() != b"bearer ":
            return None
        return self._keys.get(sha256(header[7:]).digest())

    def has_ended(self, header: bytes | None) -> bool:
        """Whether the header's value is that of a key whose time is over."""
        return header is not None and sha256(header[7:]).digest() in self._ended

    async def watch(self, seconds: float) -> None:
        """Re-read the list each `seconds` for ever, in a worker thread."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await asyncio.to_thread(self.reload)
            except Exception:
                log.exception("the API keys could not be read; the last list stays in force")
                self.end()

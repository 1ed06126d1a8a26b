"""API keys: who calls, and what the policy lets the key do.

Only SHA-256 digests are held. A token is looked up by its digest, so the time of a
look-up says nothing about how much of a wrong token was right.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from hashlib import sha256
from time import monotonic
from typing import Final, Protocol

from msgspec import Struct

from guanlan.core.access import ANONYMOUS, TABLE, Subject, subject_of_key
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
    """One live key as the loader returns it; `sha256` is the digest of the whole token."""

    @property
    def id(self) -> str: ...

    @property
    def sha256(self) -> bytes: ...

    @property
    def scopes(self) -> frozenset[str]: ...


class KeyRing:
    """The live keys, re-read by `watch`; a key missing from the newest list is refused.

    If the list cannot be read the last one stays in force (nobody can revoke a key in a
    database that cannot be reached) and `age` grows, which `/metrics` shows.
    """

    def __init__(self, load: Callable[[], Iterable[KeyRecord]]) -> None:
        self._load = load
        self._keys: dict[bytes, Key] = {}
        self._judged: dict[tuple[str, frozenset[str]], Key] = {}
        self._rules = 0  # of the policy by which they were judged
        self._loaded = monotonic()

    @property
    def age(self) -> float:
        """Seconds since the list was last read."""
        return monotonic() - self._loaded

    def __len__(self) -> int:
        return len(self._keys)

    def reload(self) -> None:
        """Read the list now."""
        if self._rules != len(TABLE.rules):
            self._judged, self._rules = {}, len(TABLE.rules)
        read = [(bytes(r.sha256), (r.id, frozenset(r.scopes))) for r in self._load()]
        self._judged = {named: self._judged.get(named) or judge(*named) for _digest, named in read}
        self._keys = {digest: self._judged[named] for digest, named in read}
        self._loaded = monotonic()

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

    async def watch(self, seconds: float) -> None:
        """Re-read the list each `seconds` for ever, in a worker thread."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await asyncio.to_thread(self.reload)
            except Exception:
                log.exception("the API keys could not be read; the last list stays in force")

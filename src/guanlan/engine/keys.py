"""Keyed 64-bit names for the values that state is kept by.

Whoever attacks chooses device names and addresses, so an unkeyed hash would let them aim at
collisions. Keys are BLAKE2b-64 under the deployment's secret; ten million keys collide with
a probability of about three in a million.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

CACHE_ENTRIES = 1 << 17


def hasher(secret: bytes, kind: str) -> Callable[[str], int]:
    """A function from text to a non-zero signed 64-bit key, its own for each `kind`.

    Recent keys are remembered, for the same customers and devices come again and again.
    """
    start = blake2b(kind.encode() + b"\0", key=secret[:64], digest_size=8)
    known: dict[str, int] = {}

    def key(text: str) -> int:
        found = known.get(text)
        if found is not None:
            return found
        state = start.copy()
        state.update(text.encode("utf-8", "surrogatepass"))
        value = int.from_bytes(state.digest(), "little", signed=True) or 1
        if len(known) >= CACHE_ENTRIES:
            known.clear()
        known[text] = value
        return value

    return key


def identifier(secret: bytes) -> Callable[[str], int]:
    """Like `hasher`, without the memory: an event id is seldom seen twice."""
    start = blake2b(b"event\0", key=secret[:64], digest_size=8)

    def key(text: str) -> int:
        state = start.copy()
        state.update(text.encode("utf-8", "surrogatepass"))
        return int.from_bytes(state.digest(), "little", signed=True) or 1

    return key

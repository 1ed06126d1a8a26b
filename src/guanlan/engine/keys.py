"""Keyed 64-bit names for the values that state is kept by.

Whoever attacks chooses device names and addresses, so an unkeyed hash would let them aim at
collisions. Keys are BLAKE2b-64 under the deployment's secret; ten million keys collide with
a probability of about three in a million.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

CACHE_ENTRIES = 1 << 17


class Hasher:
    """A function from text to a non-zero signed 64-bit key, its own for each `kind`.

    Recent keys are remembered, for the same customers and devices come again and again:
    generated code asks `known` first and calls only when that has nothing.
    """

    def __init__(self, secret: bytes, kind: str) -> None:
        self._start = blake2b(kind.encode() + b"\0", key=secret[:64], digest_size=8)
        self._known: dict[str, int] = {}
        self.known = self._known.get

    def __call__(self, text: str) -> int:
        found = self._known.get(text)
        if found is not None:
            return found
        state = self._start.copy()
        state.update(text.encode("utf-8", "surrogatepass"))
        value = int.from_bytes(state.digest(), "little", signed=True) or 1
        if len(self._known) >= CACHE_ENTRIES:
            self._known.clear()
        self._known[text] = value
        return value


def identifier(secret: bytes) -> Callable[[str], int]:
    """Like `Hasher`, without the memory: an event id is seldom seen twice."""
    start = blake2b(b"event\0", key=secret[:64], digest_size=8)

    def key(text: str) -> int:
        state = start.copy()
        state.update(text.encode("utf-8", "surrogatepass"))
        return int.from_bytes(state.digest(), "little", signed=True) or 1

    return key

"""Requests as data: what both clients send, and when they try again."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec

JSON = "application/json"
NDJSON = "application/x-ndjson"
LOOK_UP = "/v1/entities/look-up"
RETRYABLE = frozenset({408, 429, 502, 503, 504})

Event = Mapping[str, Any]


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """When to try again: `attempts` in all, waits doubling from `first` to `longest`.

    A wait is drawn evenly between half of it and all of it, so that many callers do not
    come back in step. `Retry-After` of an answer is obeyed, up to `patience` seconds.
    """

    attempts: int = 5
    first: float = 0.1
    longest: float = 5.0
    patience: float = 30.0

    def wait(self, attempt: int, told: str | None, draw: Callable[[], float]) -> float:
        """Seconds before attempt number `attempt + 1` (0 was the first)."""
        wait = min(self.longest, self.first * float(2**attempt)) * (0.5 + draw() / 2)
        if told is not None and told.isdigit():
            # Later than told is fine, earlier is not; the draw spreads the callers.
            wait = min(self.patience, float(told)) + wait * 0.2
        return wait


def new_event_id() -> str:
    """A fresh id: UUID version 7 (RFC 9562), so that ids sort by time of making.

    >>> len(new_event_id())
    36
    """
    value = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return str(UUID(int=value))


def encode_event(event: Event) -> tuple[str, bytes]:
    """(id, body) of `event`; an id is made if it has none. The body is made once, so that
    a retry is byte for byte the same event."""
    if "id" in event:
        return str(event["id"]), msgspec.json.encode(event)
    name = new_event_id()
    return name, msgspec.json.encode({"id": name, **event})


def parts(events: Iterable[Event], lines: int, size: int) -> Iterator[list[tuple[str, bytes]]]:
    """`events` encoded, in parts of at most `lines` events and about `size` bytes."""
    part: list[tuple[str, bytes]] = []
    total = 0
    for event in events:
        name, body = encode_event(event)
        if part and (len(part) >= lines or total + len(body) > size):
            yield part
            part, total = [], 0
        part.append((name, body))
        total += len(body) + 1
    if part:
        yield part


def decision_path(event_id: str) -> str:
    return f"/v1/decisions/{quote(event_id, safe='')}"


def look_up(kind: str, key: str) -> bytes:
    """The body that asks for an entity: its key may be a number that no log may keep."""
    return msgspec.json.encode({"kind": kind, "key": key})


draw = random.random

"""An engine small enough to see through, and the pieces around it that tests share."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

TOKEN = "gl_aaaaaaaa_" + "x" * 43
READER = "gl_bbbbbbbb_" + "y" * 43
ALL_SCOPES = frozenset("events:write decisions:read entities:read lists:write metrics:read".split())


@dataclass(frozen=True)
class Record:
    id: str
    sha256: bytes
    scopes: frozenset[str]


def record(token: str, scopes: frozenset[str] = ALL_SCOPES) -> Record:
    return Record(token[3:11], sha256(token.encode()).digest(), scopes)


def load_keys() -> list[Record]:
    return [record(TOKEN), record(READER, frozenset({"decisions:read"}))]


@dataclass(frozen=True)
class FakeAnswer:
    status: int
    body: bytes
    seq: int = 0
    duplicate: bool = False


def error(status: int, code: str, message: str) -> FakeAnswer:
    return FakeAnswer(status, msgspec.json.encode({"error": {"code": code, "message": message}}))


class FakeEngine:
    """Approves everything; the same id again gets the same answer.

    `gate` cleared makes commits wait; `broken` makes the next commit fail; events whose
    type is "boom" make `decide` raise.
    """

    def __init__(self) -> None:
        self.state = "ready"
        self.seq = 0
        self.events: dict[str, tuple[bytes, bytes]] = {}
        self.lists: dict[str, dict[str, dict[str, Any]]] = {"mule_payees": {}}
        self.durable = 0
        self.commits = 0
        self.largest = 0
        self.gate = threading.Event()
        self.gate.set()
        self.broken = False

    @property
    def stats(self) -> Mapping[str, float]:
        return {"events": self.seq, "memory_bytes": 4096}

    def decide(self, bodies: Sequence[bytes]) -> list[FakeAnswer]:
        self.largest = max(self.largest, len(bodies))
        return [self._decide(body) for body in bodies]

    def _decide(self, body: bytes) -> FakeAnswer:
        try:
            event = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return error(400, "malformed", "the body is not JSON")
        if not isinstance(event, dict) or not isinstance(event.get("id"), str):
            return error(422, "invalid_event", "id: a text is expected")
        if not isinstance(event.get("type"), str):
            return error(422, "invalid_event", "type: a text is expected")
        if event["type"] == "boom":
            raise KeyError(event["id"])
        known = self.events.get(event["id"])
        if known is not None:
            if known[0] != body:
                return error(409, "conflict", "another event with this id has been decided")
            return FakeAnswer(200, known[1], duplicate=True)
        self.seq += 1
        answer = msgspec.json.encode(
            {"event_id": event["id"], "seq": self.seq, "type": event["type"], "clock":
             "2026-11-23T09:00:00.000000Z", "outcome": "approve", "score": 0, "actions": [],
             "reasons": [], "lists": [], "unknown": [], "degraded": False, "scenario": "fake",
             "version": "0" * 12}
        )  # fmt: skip
        self.events[event["id"]] = (body, answer)
        return FakeAnswer(200, answer, self.seq)

    def commit(self) -> None:
        self.gate.wait(10)
        if self.broken:
            self.state = "failed"
            raise OSError(28, "No space left on device")
        self.durable = self.seq
        self.commits += 1

    def decision(self, event_id: str) -> object | None:
        assert self.durable == self.seq, "a read saw what is not durable"
        known = self.events.get(event_id)
        return None if known is None else {"decision": msgspec.Raw(known[1])}

    def entity(self, kind: str, key: str) -> object | None:
        return {"kind": kind, "key": key} if kind == "user" else None

    def set_list_entry(
        self, name: str, key: str, *, reason: str, author: str, expires: int | None, remove: bool
    ) -> None:
        entries = self.lists[name]
        if remove:
            del entries[key]
        else:
            entries[key] = {"reason": reason, "author": author, "expires": expires}

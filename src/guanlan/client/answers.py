"""What Guanlan answers, as typed structs. Members it adds later are ignored."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from guanlan.client.errors import Refused, refusal


class Reason(msgspec.Struct, frozen=True):
    """A rule that hit."""

    rule: str
    score: int = 0
    outcome: str | None = None
    severity: str = "info"


class ListHit(msgspec.Struct, frozen=True):
    """A list that holds one of the event's entities."""

    list: str
    kind: str
    role: str


class RestrictionHit(msgspec.Struct, frozen=True):
    """A restriction that asked for an outcome; of a limit, which of its bounds was reached."""

    id: str
    effect: str
    role: str
    outcome: str
    reached: str | None = None


class Decision(msgspec.Struct, frozen=True):
    """The decision on one event. `outcome` says what to do, `actions` how."""

    event_id: str
    seq: int
    type: str
    clock: dt.datetime
    outcome: str
    score: int
    actions: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    lists: tuple[ListHit, ...] = ()
    unknown: tuple[str, ...] = ()
    degraded: bool = False
    restrictions: tuple[RestrictionHit, ...] = ()
    scenario: str = ""
    version: str = ""


class Explained(msgspec.Struct, frozen=True):
    """A decision and how it came about; `details` is everything the answer holds."""

    decision: Decision
    details: dict[str, Any]


class _Line(msgspec.Struct):
    status: int
    decision: Decision | None = None
    error: dict[str, Any] | None = None


class _Problem(msgspec.Struct):
    error: dict[str, Any]


_problem = msgspec.json.Decoder(_Problem)
_decision = msgspec.json.Decoder(Decision)
_line = msgspec.json.Decoder(_Line)
_any = msgspec.json.Decoder(dict[str, Any])


def parse_decision(body: bytes) -> Decision:
    return _decision.decode(body)


def parse_explained(body: bytes) -> Explained:
    details = _any.decode(body)
    return Explained(msgspec.convert(details["decision"], Decision), details)


def parse_object(body: bytes) -> dict[str, Any]:
    return _any.decode(body)


def parse_error(status: int, body: bytes) -> Refused:
    """The typed error of an answer that is not 200, whoever wrote it (also a proxy)."""
    try:
        return _error(status, _problem.decode(body).error)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return refusal(status, "http", f"status {status}")


def parse_line(line: bytes) -> Decision | Refused:
    """One line of a batch's answer."""
    found = _line.decode(line)
    if found.decision is not None:
        return found.decision
    return _error(found.status, found.error or {})


def _error(status: int, error: dict[str, Any]) -> Refused:
    field = error.get("field")
    return refusal(
        status,
        str(error.get("code", "http")),
        str(error.get("message", f"status {status}")),
        None if field is None else str(field),
    )

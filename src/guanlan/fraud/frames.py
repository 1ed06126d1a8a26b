"""Event frames of the log as typed records.

The frame's sections are: row, feature slots, the event's JSON as received, the decision's
JSON, and sixteen bytes of arrival time and decide latency.
"""

from __future__ import annotations

import datetime as dt
import struct
from typing import Any, Final

import msgspec
from msgspec import Struct

from guanlan.engine.log import EVENT, Frame
from guanlan.engine.restrictions import amount_field
from guanlan.engine.scenario.model import Feature, Scenario

ROW: Final = 0
SLOTS: Final = 1
EVENT_JSON: Final = 2
DECISION_JSON: Final = 3
TIMES: Final = 4

_TIMES: Final = struct.Struct("<qI4x")
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_TELLS_NO_VALUE: Final = frozenset({"count", "distinct", "since_first", "since_last"})


class WireEvent(Struct, gc=False):
    """An event as its caller sent it."""

    id: str
    type: str
    time: int | str | None = None
    entities: dict[str, str | None] = {}
    fields: dict[str, Any] = {}


class Reason(Struct, gc=False):
    """A rule that hit; `on_unknown` is set when it counted although it could not be judged."""

    rule: str
    score: int = 0
    outcome: str | None = None
    severity: str = "info"
    on_unknown: str | None = None


class Listed(Struct, gc=False):
    """A list that held one of the event's entities."""

    list: str
    kind: str
    role: str
    instead_of: str | None = None


class RestrictedBy(Struct, gc=False):
    """A restriction that asked for an outcome; of a limit, which of its bounds was reached."""

    id: str
    effect: str
    role: str
    outcome: str
    reached: str | None = None
    instead_of: str | None = None


class WireDecision(Struct, gc=False):
    """A decision as it was answered."""

    event_id: str
    seq: int
    type: str
    clock: str
    outcome: str
    score: int
    actions: list[str] = []
    reasons: list[Reason] = []
    lists: list[Listed] = []
    unknown: list[str] = []
    degraded: bool = False
    restrictions: list[RestrictedBy] = []
    scenario: str = ""
    version: str = ""


class Record(Struct, gc=False):
    """One event frame, decoded. Times in microseconds, latency too."""

    frame: Frame
    event: WireEvent
    decision: WireDecision
    arrival: int
    latency_us: int


_events: Final = msgspec.json.Decoder(WireEvent)
_decisions: Final = msgspec.json.Decoder(WireDecision)


def record(frame: Frame) -> Record:
    """The record of an event frame. Raises ValueError for a frame of another kind."""
    if frame.kind != EVENT:
        raise ValueError(f"frame at position {frame.position} is no event")
    sections = frame.sections
    arrival, latency = _TIMES.unpack(sections[TIMES])
    return Record(
        frame,
        _events.decode(sections[EVENT_JSON]),
        _decisions.decode(sections[DECISION_JSON]),
        arrival,
        latency,
    )


def microseconds(time: int | str | None) -> int | None:
    """Microseconds since 1970 of a wire time: integer milliseconds or RFC 3339 text."""
    if time is None:
        return None
    if isinstance(time, int):
        return time * 1000
    try:
        moment = dt.datetime.fromisoformat(time)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return (moment - _EPOCH) // _MICROSECOND


class Layout:
    """What a reader of wire events needs to know of a scenario: kinds, levels, the amount."""

    def __init__(self, scenario: Scenario | None) -> None:
        self.currency = scenario.currency if scenario else ""
        self._kinds: dict[tuple[str, str], str] = {}
        self._amounts: dict[str, tuple[str, int]] = {}
        self._levels: dict[str, int] = {}
        self._features: dict[str, int] = {}
        if scenario is None:
            return
        self._levels = {kind.name: kind.level for kind in scenario.entities}
        for event in scenario.events:
            for role in event.roles:
                self._kinds[event.name, role.name] = role.kind
            amount = amount_field(event)
            if amount is not None:
                self._amounts[event.name] = (amount.name, amount.level)
        self._features = {one.name: _feature_level(one, scenario) for one in scenario.features}

    def kind(self, event_type: str, role: str) -> str:
        """The kind of entity in a role; an unknown role is taken as a kind of its own."""
        return self._kinds.get((event_type, role), role)

    def level(self, kind: str) -> int:
        """The data level of a kind; an unknown one counts as the most sensitive."""
        return self._levels.get(kind, 4)

    def feature_level(self, name: str) -> int:
        """The data level of a feature's value; an unknown one counts as the most sensitive."""
        return self._features.get(name, 4)

    def amount(self, event: WireEvent) -> int | None:
        """The event's amount in minor units, None when it has none."""
        name, _level = self._amounts.get(event.type, (None, 0))
        value = event.fields.get(name) if name is not None else None
        if isinstance(value, dict):
            value = value.get("value")
        return value if isinstance(value, int) else None

    def amount_level(self, event_type: str) -> int:
        """The data level its scenario gives the amount of such events."""
        return self._amounts.get(event_type, ("", 4))[1]


def _feature_level(feature: Feature, scenario: Scenario) -> int:
    """That of the field it is made of, where it may give one of its values or a sum of them;
    how often and how long ago says none."""
    if feature.of is None or feature.agg in _TELLS_NO_VALUE:
        return 2
    levels = [
        field.level
        for event in scenario.events
        if event.name in feature.on
        for field in event.fields
        if field.name == feature.of
    ]
    return max(levels, default=4)

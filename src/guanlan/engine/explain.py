"""Why a decision is what it is: every rule with its state, every feature with its value."""

from __future__ import annotations

import struct
from typing import Any, Literal

import msgspec
from msgspec import Struct

from guanlan.engine.history import Epoch
from guanlan.engine.log import Frame
from guanlan.engine.scenario.model import Rule

RuleState = Literal["hit", "no_hit", "unknown"]
META = struct.Struct("<qII")
"""Section 4 of an event frame: arrival µs, decide latency µs, reserved."""


class RuleExecution(Struct, frozen=True):
    """One rule of the event's type and what it said."""

    rule: Rule
    state: RuleState
    counted: bool  # a hit, or an unknown that `on_unknown` made count


class Explanation(Struct, frozen=True):
    """A recorded decision with everything it was made of. Times in microseconds."""

    seq: int
    position: int
    clock: int
    arrival: int
    latency_us: int
    event: dict[str, Any]
    decision: dict[str, Any]
    features: dict[str, int | float | bool | None]  # None = unknown; stored units
    warming: tuple[str, ...]
    rules: tuple[RuleExecution, ...]
    program: str  # digest
    state: str  # digest of the scenario whose features the state held


def explain(frame: Frame, epoch: Epoch) -> Explanation:
    """Everything about the decision in an event frame recorded in `epoch`."""
    _, slots, event_bytes, decision_bytes, meta = frame.sections
    event = msgspec.json.decode(event_bytes)
    decision = msgspec.json.decode(decision_bytes)
    shape = epoch.shape
    type_index = shape.type_index[event["type"]]
    values = struct.unpack(f"<{len(slots) // 8}q", slots)
    held = shape.decode(type_index, values)
    roles = next(
        {r.name for r in e.roles} for e in epoch.scenario.events if e.name == event["type"]
    )
    features = {
        feature.name: None if feature.name in epoch.warming else held[feature.name]
        for feature in epoch.scenario.features
        if roles.issuperset(feature.lookup)
    }
    counted = {reason["rule"] for reason in decision["reasons"]}
    unknown = set(decision["unknown"])
    arrival, latency, _ = META.unpack(meta)
    return Explanation(
        seq=frame.seq,
        position=frame.position,
        clock=frame.clock,
        arrival=arrival,
        latency_us=latency,
        event=event,
        decision=decision,
        features=features,
        warming=tuple(sorted(epoch.warming)),
        rules=tuple(
            RuleExecution(
                rule,
                "unknown" if rule.id in unknown else "hit" if rule.id in counted else "no_hit",
                rule.id in counted,
            )
            for rule in epoch.scenario.rules
            if event["type"] in rule.on
        ),
        program=epoch.scenario.digest,
        state=epoch.state.digest,
    )

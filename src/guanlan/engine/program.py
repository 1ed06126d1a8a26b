"""A scenario made ready to run: decoder, row filling, rules and policy of each event type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from guanlan.engine.event import Codec, check_time, microseconds
from guanlan.engine.judge import Encoder, Judge
from guanlan.engine.kernel import Shape
from guanlan.engine.rows import Fill, Keys, build_fill, env_of
from guanlan.engine.scenario import canonical, from_canonical
from guanlan.engine.scenario.model import EventType, Scenario

NOTHING_WARMING: frozenset[str] = frozenset()


class Activation(Struct, frozen=True):
    """The control frame that says which program decides from here on.

    `state` is the digest of the scenario whose features the kernel holds; it differs from
    `program` while new features are warming, and those are unknown until they are not.
    """

    program: str
    state: str
    warming: tuple[str, ...] = ()


class TypeProgram:
    """Everything needed to decide events of one type."""

    def __init__(
        self,
        scenario: Scenario,
        shape: Shape,
        event: EventType,
        fill: Fill,
        warming: frozenset[str],
    ) -> None:
        self.event = event
        self.index = shape.type_index[event.name]
        self.width = shape.width[self.index]
        self.env = env_of(scenario, shape, event, warming)
        self.fill = fill
        self.judge = Judge(scenario, event.name, self.env)
        self.encode = Encoder(scenario, event.name, self.judge.rules)


class Program:
    """One version of a scenario, compiled. Immutable; replaced as a whole.

    `state` is the scenario whose shape the kernel runs (the scenario itself unless features
    are warming); both have the same event types. Of the program `before`, on the same state,
    everything that new rules leave as it was is taken over.
    """

    shape: Shape
    codec: Codec
    types: list[TypeProgram]

    def __init__(
        self,
        scenario: Scenario,
        keys: Keys,
        state: Scenario | None = None,
        before: Program | None = None,
    ) -> None:
        self.scenario = scenario
        self.state = state or scenario
        on_same_state = before is not None and before.state is self.state
        self.shape = before.shape if before and on_same_state else Shape(self.state)
        self.warming = warming_features(scenario, self.state)
        fills: list[Fill]
        if before and on_same_state and before.scenario.events == scenario.events:
            self.codec = before.codec
            fills = [kind.fill for kind in before.types]
        else:
            self.codec = Codec(scenario)
            fills = [build_fill(scenario, self.shape, event, keys) for event in scenario.events]
        self.types = [
            TypeProgram(scenario, self.shape, event, fill, self.warming)
            for event, fill in zip(scenario.events, fills, strict=True)
        ]
        self.by_wire = {wire: self.types[index] for wire, index in self.codec.type_index.items()}

    @property
    def digest(self) -> str:
        return self.scenario.digest

    def activation(self) -> tuple[bytes, bytes, bytes]:
        """Sections of the control frame that records this program."""
        head = Activation(self.digest, self.state.digest, tuple(sorted(self.warming)))
        return (
            msgspec.json.encode(head),
            canonical(self.scenario),
            b"" if self.state.digest == self.digest else canonical(self.state),
        )


def read_activation(sections: Sequence[bytes]) -> tuple[Activation, Scenario, Scenario]:
    """The activation, its scenario, and the scenario whose shape the state has."""
    head = msgspec.json.decode(sections[0], type=Activation)
    scenario = from_canonical(sections[1])
    return head, scenario, from_canonical(sections[2]) if sections[2] else scenario


def warming_features(scenario: Scenario, state: Scenario) -> frozenset[str]:
    """Features of `scenario` that a kernel with the shape of `state` does not hold."""
    if state is scenario:
        return NOTHING_WARMING
    held = {feature.name: meaning(feature) for feature in state.features}
    return frozenset(f.name for f in scenario.features if held.get(f.name) != meaning(f))


def meaning(feature: Any) -> tuple[Any, ...]:
    """What a feature remembers, without its title."""
    return (
        feature.on, feature.by, feature.lookup, feature.agg, feature.of, feature.where,
        feature.window,
    )  # fmt: skip


def same_events(a: Scenario, b: Scenario) -> bool:
    """Whether rows of one scenario fit the other: same event types, roles and fields, and
    the same zone and currency, which filters may use."""
    return _layout(a) == _layout(b)


def _layout(scenario: Scenario) -> list[tuple[Any, ...]]:
    return [(scenario.timezone, scenario.currency)] + [
        (
            event.name,
            tuple((r.name, r.kind, r.required) for r in event.roles),
            tuple((f.name, f.type, f.required, f.decimals) for f in event.fields),
        )
        for event in scenario.events
    ]


def event_time(event: Any, arrival: int) -> int:
    """The event's own time in microseconds, checked; `arrival` where it gives none."""
    if event.time is None:
        return arrival
    time = microseconds(event.time)
    check_time(time, arrival)
    return time

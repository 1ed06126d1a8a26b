"""What the kernel remembers and computes for a scenario: columns, series, slots, decoding.

A `Shape` is the contract between the normaliser (which fills int64 rows), the kernel (which
turns rows into int64 slots) and the rules (which read slots as typed values). It is pure
arithmetic on a `Scenario`; building one takes well under a millisecond a feature.

Row, one int64 per column:

    0 id hash (keyed, non-zero; 0 = the event has no id and is never a duplicate)
    1 clock, microseconds, |clock| < 2**60, never smaller than in the row before
    2 event type index
    3 .. match words: bit `series.bit` of column `series.word` = the event enters the series
    .. one key column per distinct tuple of roles that is written or looked up; 0 = absent
    .. one value column per field in use; 0 where absent (an event without the value does not
       enter a series that needs it)

Bounds (kept by the normaliser, relied on by the kernel, which never wraps within them):
|value| <= MAX_VALUE = 10**14 where sum, avg or stddev reads it and < 2**62 elsewhere; what one
window of one key holds must keep |sum| < 2**63 (92,000 events of the largest value) and, for
stddev, the sum of squares < 2**111 (260,000 of them); windows are shorter than 2**60 us.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal

from msgspec import Struct

from guanlan.engine.scenario.model import Aggregate, EventType, Feature, Field, Scenario

SHAPE_VERSION: Final = 1
UNKNOWN: Final = -(2**63)
ID, CLOCK, TYPE, FIRST_WORD = 0, 1, 2, 3
BITS_PER_WORD: Final = 62
MAX_VALUE: Final = 10**14
LOAD_GLOBALS: Final[dict[str, object]] = {"_sqrt": math.sqrt}
"""Names that the expressions of `Shape.load_source` need among the globals."""

EARLIER_ONLY: Final = frozenset({"since_first", "since_last", "is_new", "last"})
Value = int | float | bool | None
Result = Literal["int", "number", "bool", "duration", "time", "money"]

_MASK = 2**64 - 1
_SLOTS: Final[dict[Aggregate, int]] = {"avg": 2, "stddev": 4}


class KeyColumn(Struct, frozen=True):
    """The 64-bit key of a tuple of roles: a role's hash, or `mix` over the hashes in order."""

    roles: tuple[str, ...]
    column: int


class ValueColumn(Struct, frozen=True):
    """A field's stored value, or with `hashed` the keyed non-zero hash of a field or role.

    `distinct` always reads a hashed column, also of a number: the sender of events chooses
    values, and must not be able to choose where they land in a table.
    """

    name: str
    hashed: bool
    column: int


class Series(Struct, frozen=True):
    """The events that some features share: which enter, and under which key they are kept.

    An event enters iff its type is in `on`, `where` is true (not unknown), every role of `by`
    is present and, if `of` is given, that field or role is present.
    """

    index: int
    on: tuple[str, ...]
    where: str | None
    by: tuple[str, ...]
    of: str | None
    column: int  # key column of `by`
    word: int  # column of the match word
    bit: int


class FeaturePlan(Struct, frozen=True):
    """How one feature is computed: from which series, under which key, in which window."""

    name: str
    agg: Aggregate
    series: int
    column: int  # key column of `lookup`
    lookup: tuple[str, ...]
    window: int | None
    value: int | None  # value column of `of`
    of_type: str | None  # field type of `of`
    scale: int  # stored units in one unit: 10**decimals of a number, else 1


class Shape:
    """The plan of a scenario. All attributes are read-only.

    Raises ValueError when `of` has two types or scales in the event types of one feature.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.types: tuple[str, ...] = tuple(e.name for e in scenario.events)
        self.type_index: dict[str, int] = {name: i for i, name in enumerate(self.types)}
        self.events: tuple[EventType, ...] = scenario.events
        by_name = {e.name: e for e in scenario.events}
        wanted = [_series_key(f, by_name) for f in scenario.features]
        distinct_series = list(dict.fromkeys(wanted))
        self.words: int = -(-len(distinct_series) // BITS_PER_WORD)
        tuples = dict.fromkeys([f.by for f in scenario.features])
        tuples.update(dict.fromkeys(f.lookup for f in scenario.features))
        first = FIRST_WORD + self.words
        self.keys: tuple[KeyColumn, ...] = tuple(
            KeyColumn(roles, first + i) for i, roles in enumerate(tuples)
        )
        self.key_column: dict[tuple[str, ...], int] = {k.roles: k.column for k in self.keys}
        first += len(self.keys)
        pairs = dict.fromkeys((f.of, f.agg == "distinct") for f in scenario.features if f.of)
        self.values: tuple[ValueColumn, ...] = tuple(
            ValueColumn(name, hashed, first + i) for i, (name, hashed) in enumerate(pairs)
        )
        self.row_width: int = first + len(self.values)
        self.series: tuple[Series, ...] = tuple(
            Series(
                index=i,
                on=on,
                where=where,
                by=by,
                of=of,
                column=self.key_column[by],
                word=FIRST_WORD + i // BITS_PER_WORD,
                bit=i % BITS_PER_WORD,
            )
            for i, (on, where, by, of) in enumerate(distinct_series)
        )
        value_column = {(v.name, v.hashed): v.column for v in self.values}
        series_index = {key: i for i, key in enumerate(distinct_series)}
        self.features: tuple[FeaturePlan, ...] = tuple(
            _plan(f, series_index[key], self.key_column[f.lookup], value_column, by_name)
            for f, key in zip(scenario.features, wanted, strict=True)
        )
        self._feature = {f.name: f for f in self.features}
        self._plan_types()
        self._plan_slots()
        self.digest: str = _digest(scenario)

    def _plan_types(self) -> None:
        declared = [frozenset(_declared(e)) for e in self.events]
        roles = [frozenset(r.name for r in e.roles) for e in self.events]
        # Per event type: what the normaliser has to fill, the rest of the row stays 0.
        self.type_keys: tuple[tuple[KeyColumn, ...], ...] = tuple(
            tuple(k for k in self.keys if names.issuperset(k.roles)) for names in roles
        )
        self.type_values: tuple[tuple[ValueColumn, ...], ...] = tuple(
            tuple(v for v in self.values if v.name in names) for names in declared
        )
        self.type_series: tuple[tuple[Series, ...], ...] = tuple(
            tuple(
                s
                for s in self.series
                if e.name in s.on and names.issuperset(s.by) and (not s.of or s.of in seen)
            )
            for e, names, seen in zip(self.events, roles, declared, strict=True)
        )

    def _plan_slots(self) -> None:
        slots: list[dict[str, tuple[int, int]]] = []
        width: list[int] = []
        for columns in self.type_keys:
            at, table = 1, {}
            for column in columns:  # one run of slots per key: an absent key is one fill
                for f in self.features:
                    if f.column == column.column:
                        size = _SLOTS.get(f.agg, 1)
                        table[f.name] = (at, size)
                        at += size
            slots.append(table)
            width.append(at)
        self.slots: tuple[dict[str, tuple[int, int]], ...] = tuple(slots)
        self.width: tuple[int, ...] = tuple(width)
        self.out_width: int = max(width, default=1)
        self._names = tuple(tuple(table) for table in slots)
        self._decoders = tuple(self._decoder(i) for i in range(len(slots)))

    def _decoder(self, type_index: int) -> Callable[[Sequence[int]], tuple[Value, ...]]:
        loads = [self.load_source(type_index, name, "o") for name in self._names[type_index]]
        body = "".join(f"{load}, " for load in loads)
        # Only numbers of the plan are in this source; names of the scenario never are.
        made: Callable[[Sequence[int]], tuple[Value, ...]] = eval(  # noqa: S307
            f"lambda o: ({body})", dict(LOAD_GLOBALS)
        )
        return made

    def feature(self, name: str) -> FeaturePlan:
        """The plan of a feature. KeyError for a name the scenario does not have."""
        return self._feature[name]

    def mix(self, a: int, b: int) -> int:
        """The key of a pair from the keys of its parts (int64, order matters, never 0).

        For three and more: mix(mix(a, b), c). If a part is absent (0) the tuple is absent:
        the caller writes 0 and does not call.
        """
        x = a * 0x9E3779B97F4A7C15 & _MASK
        x = ((x ^ (x >> 29)) + b) * 0xBF58476D1CE4E5B9 & _MASK
        x ^= x >> 32
        return (x - 2**64 if x >= 2**63 else x) or 1

    def key(self, parts: Iterable[int]) -> int:
        """The key of a tuple of roles from the keys of its parts; 0 if one is absent."""
        key = 0
        for n, part in enumerate(parts):
            if part == 0:
                return 0
            key = self.mix(key, part) if n else part
        return key

    def optional(self, type_index: int, feature: str) -> bool:
        """Whether the feature may be unknown in events of this type."""
        plan = self._feature[feature]
        if plan.agg not in ("count", "sum", "distinct", "is_new"):
            return True
        required = {r.name for r in self.events[type_index].roles if r.required}
        return not required.issuperset(plan.lookup)

    def load_source(self, type_index: int, feature: str, out_name: str) -> str:
        """A Python expression for the decoded value, read from the int list `out_name`.

        The list holds the slots of one event, slot 0 included. Needs `LOAD_GLOBALS`.
        KeyError if the event type does not compute the feature.
        """
        plan = self._feature[feature]
        at = self.slots[type_index][feature][0]
        o = [f"{out_name}[{at + i}]" for i in range(4)]
        scale = f" / {plan.scale}" if plan.of_type == "number" else ""
        if plan.agg == "avg":
            by = f" * {plan.scale}" if plan.scale != 1 else ""
            return f"({o[0]} / ({o[1]}{by}) if {o[1]} else None)"
        if plan.agg == "stddev":
            # n * Q - S * S is exact: Python integers, Q = H * 2**48 + L.
            by = f" * {plan.scale}" if plan.scale != 1 else ""
            square = f"{o[0]} * ({o[2]} * {2**48} + {o[3]}) - {o[1]} * {o[1]}"
            return f"(_sqrt({square}) / ({o[0]}{by}) if {o[0]} else None)"
        value = o[0]
        if plan.agg == "is_new" or (plan.of_type == "bool" and plan.agg in ("min", "max", "last")):
            value = f"{value} == 1"
        elif plan.agg in ("sum", "min", "max", "last"):
            value += scale
        if self.optional(type_index, feature):
            return f"(None if {o[0]} == {UNKNOWN} else {value})"
        return f"({value})" if value != o[0] else value

    def decode(self, type_index: int, slots: Sequence[int]) -> dict[str, Value]:
        """Feature values by name from the slots of one event (slot 0 included).

        Units: money minor units (averages and deviations of money are floats of minor
        units), numbers divided by 10**decimals, durations and times microseconds.
        avg = sum / n; stddev is of the population, sqrt(n * sum(v**2) - sum(v)**2) / n with
        an exact integer under the root. None = unknown.
        """
        names = self._names[type_index]
        return dict(zip(names, self._decoders[type_index](slots), strict=True))


def _declared(event: EventType) -> list[str]:
    return [r.name for r in event.roles] + [f.name for f in event.fields]


def _required(event: EventType) -> list[str]:
    names = [r.name for r in event.roles if r.required]
    return names + [f.name for f in event.fields if f.required]


_SeriesKey = tuple[tuple[str, ...], str | None, tuple[str, ...], str | None]


def _series_key(feature: Feature, events: dict[str, EventType]) -> _SeriesKey:
    on = tuple(sorted(set(feature.on)))
    where = feature.where.strip() if feature.where and feature.where.strip() else None
    needs = feature.of and any(feature.of not in _required(events[name]) for name in on)
    return on, where, feature.by, feature.of if needs else None


def _plan(
    feature: Feature,
    series: int,
    column: int,
    values: dict[tuple[str, bool], int],
    events: dict[str, EventType],
) -> FeaturePlan:
    of_type, scale, value = None, 1, None
    if feature.of is not None:
        value = values[(feature.of, feature.agg == "distinct")]
    if feature.of is not None and feature.agg != "distinct":
        found = {_type_and_scale(f) for n in feature.on for f in events[n].fields
                 if f.name == feature.of}  # fmt: skip
        if len(found) != 1:
            raise ValueError(
                f"feature {feature.name}: {feature.of} must be a field of one type and one "
                f"number of decimals in the events {', '.join(feature.on)}"
            )
        of_type, scale = found.pop()
    return FeaturePlan(
        name=feature.name,
        agg=feature.agg,
        series=series,
        column=column,
        lookup=feature.lookup,
        window=feature.window,
        value=value,
        of_type=of_type,
        scale=scale,
    )


def _type_and_scale(field: Field) -> tuple[str, int]:
    return field.type, 10**field.decimals if field.type == "number" else 1


def _digest(scenario: Scenario) -> str:
    """Of all that decides what the state holds, and nothing else (titles, rules, lists ...)."""
    events = [
        [
            e.name,
            [[r.name, r.kind, r.required] for r in e.roles],
            [[f.name, f.type, f.required, f.decimals] for f in e.fields],
        ]
        for e in scenario.events
    ]
    features = [
        [f.name, f.on, f.by, f.lookup, f.agg, f.of, f.where, f.window] for f in scenario.features
    ]
    # A filter may ask for the hour or for an amount of money.
    zone = [scenario.timezone, scenario.currency] if any(f.where for f in scenario.features) else []
    text = json.dumps([SHAPE_VERSION, zone, events, features], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()

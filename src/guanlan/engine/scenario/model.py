"""The nouns of a scenario file, as immutable typed structs.

A scenario says which events exist, what is remembered about them (features), which lists
apply, which rules judge them and which outcome follows. Everything here is plain data:
loading and checking live in `loader`, expressions stay source text until
`guanlan.engine.language` parses them.

Units: times and durations are microseconds, money is whole minor units of one currency.
"""

from __future__ import annotations

import enum
from typing import Literal

from msgspec import Struct

FORMAT_VERSION = 1

FieldType = Literal["money", "int", "number", "bool", "string", "time"]
Aggregate = Literal[
    "count", "sum", "avg", "min", "max", "distinct", "stddev",
    "since_first", "since_last", "is_new", "last",
]  # fmt: skip
ListKind = Literal["allow", "watch", "block", "immutable_block"]
Severity = Literal["info", "low", "medium", "high", "critical"]
OnUnknown = Literal["no_hit", "hit", "review"]


class Outcome(enum.IntEnum):
    """What Guanlan asks the caller to do, mildest first. The numbers are stored in logs."""

    approve = 0
    monitor = 1
    review = 2
    challenge = 3
    limit = 4
    hold = 5
    decline = 6


class Text(Struct, frozen=True, rename={"zh_hant": "zh-Hant"}, forbid_unknown_fields=True):
    """A title or a reason in the languages of the console."""

    en: str
    zh: str
    zh_hant: str = ""

    def get(self, lang: str) -> str:
        """The text for `lang` ("en", "zh-Hans", "zh-Hant"); zh-Hant falls back to zh."""
        if lang.lower().startswith("zh"):
            return (self.zh_hant or self.zh) if "hant" in lang.lower() else self.zh
        return self.en


class EntityKind(Struct, frozen=True):
    """A kind of thing that events speak of: user, device, ip, card, payee ..."""

    name: str
    title: Text
    level: int  # data level 1 (public) .. 4 (sensitive); 3 and above is masked on screens


class EntityRole(Struct, frozen=True):
    """The part an entity plays in an event type: `payee` may be of kind `user`.

    Without a title of its own it is called by its kind.
    """

    name: str
    kind: str
    required: bool
    title: Text | None = None


class Field(Struct, frozen=True):
    """A typed value of an event."""

    name: str
    type: FieldType
    title: Text
    level: int
    required: bool = False
    decimals: int = 0  # of a `number`: stored as round(value * 10**decimals), 0..6
    minimum: int | None = None  # in stored units; of money 0 unless `negative: true`
    maximum: int | None = None
    values: tuple[str, ...] = ()  # of a `string`: the only values allowed, if any
    max_length: int = 256  # of a `string`, in characters


class EventType(Struct, frozen=True):
    """What a caller may post: its entities by role, its fields by name."""

    name: str
    title: Text
    roles: tuple[EntityRole, ...]
    fields: tuple[Field, ...]
    capability: str | None = None  # what it uses that a restriction may take away


class Feature(Struct, frozen=True):
    """A windowed aggregate over the earlier events (and, for most aggregates, this one).

    `by` names the roles whose values key the aggregate when an event is *remembered*;
    `lookup` names the roles that key it when it is *read* (same kinds, default `by`).
    So "sum received by this sender in a day" is by=(payee,), lookup=(user,).
    """

    name: str
    title: Text
    on: tuple[str, ...]
    by: tuple[str, ...]
    lookup: tuple[str, ...]
    agg: Aggregate
    of: str | None = None  # field, or for `distinct` also a role
    where: str | None = None
    window: int | None = None  # microseconds; None = ever


class ListEntry(Struct, frozen=True):
    key: str
    reason: str
    author: str
    expires: int | None = None  # microseconds since 1970-01-01 UTC


class ListSpec(Struct, frozen=True):
    """A list of entities of one kind; an entity in it acts on the outcome by `kind`."""

    name: str
    title: Text
    kind: ListKind
    entity: str
    outcome: Outcome  # of watch and block lists; allow and immutable_block fix their own
    entries: tuple[ListEntry, ...] = ()


class Technique(Struct, frozen=True):
    """A technique of the MITRE Fight Fraud Framework, e.g. T1110.004 of initial-access."""

    technique: str
    tactic: str


class Rule(Struct, frozen=True):
    id: str
    title: Text
    on: tuple[str, ...]
    when: str
    reason: Text
    severity: Severity
    score: int = 0
    outcome: Outcome | None = None  # forced outcome of a hit
    on_unknown: OnUnknown = "no_hit"
    f3: tuple[Technique, ...] = ()
    tags: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()


class Band(Struct, frozen=True):
    """From this total score upwards, at least this outcome."""

    score: int
    outcome: Outcome
    actions: tuple[str, ...] = ()


class Policy(Struct, frozen=True):
    bands: tuple[Band, ...]  # ascending by score
    fallback: Outcome  # when something needed for the decision failed


class Scenario(Struct, frozen=True):
    name: str
    title: Text
    currency: str  # ISO 4217 code of every money field
    timezone: str  # IANA name, used by hour() and weekday()
    entities: tuple[EntityKind, ...]
    events: tuple[EventType, ...]
    features: tuple[Feature, ...]
    lists: tuple[ListSpec, ...]
    rules: tuple[Rule, ...]
    policy: Policy
    digest: str = ""  # hex SHA-256 of the canonical form, without this field

"""Random scenarios that make sense, as model structs (for properties of the canonical form)."""

from __future__ import annotations

from hypothesis import strategies as st

from guanlan.engine.scenario.label import label_event
from guanlan.engine.scenario.model import (
    Band,
    EntityKind,
    EntityRole,
    EventType,
    Feature,
    Field,
    FieldType,
    ListEntry,
    ListSpec,
    Outcome,
    Policy,
    Rule,
    Scenario,
    Technique,
    Text,
)

words = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=20)
plain = Text(en="thing", zh="事物")
texts = st.just(plain) | st.builds(Text, en=words, zh=words, zh_hant=words)
outcomes = st.sampled_from(list(Outcome))
KINDS: tuple[FieldType, ...] = ("money", "int", "number", "bool", "string", "time")
HOUR = 3_600_000_000


def _distinct(prefix: str, most: int) -> st.SearchStrategy[list[str]]:
    """Names that clash with nothing: each sort of name has its prefix."""
    numbers = st.lists(st.integers(0, 99), min_size=1, max_size=most, unique=True)
    return numbers.map(lambda drawn: [f"{prefix}{number}" for number in drawn])


@st.composite
def fields(draw: st.DrawFn, name: str) -> Field:
    kind = draw(st.sampled_from(KINDS))
    numeric = kind in ("money", "int", "number")
    return Field(
        name=name,
        type=kind,
        title=draw(texts),
        level=draw(st.integers(1, 4)),
        required=draw(st.booleans()),
        decimals=draw(st.integers(0, 6)) if kind == "number" else 0,
        minimum=draw(st.none() | st.integers(0, 10)) if numeric else None,
        maximum=draw(st.none() | st.integers(10, 10**15)) if numeric else None,
        values=tuple(draw(st.lists(words, max_size=3, unique=True))) if kind == "string" else (),
    )


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """A scenario with expressions that parse; not all of its checks are meant to pass."""
    kinds = draw(_distinct("k_", 3))
    entities = tuple(EntityKind(kind, draw(texts), draw(st.integers(1, 4))) for kind in kinds)
    events = []
    for name in draw(_distinct("e_", 3)):
        roles = [EntityRole(kind, kind, draw(st.booleans())) for kind in kinds]
        own = [draw(fields(one)) for one in draw(_distinct("f_", 4))]
        events.append(EventType(name, draw(texts), tuple(roles), tuple(own)))
    types = [event.name for event in events]
    features = tuple(
        Feature(
            name=name,
            title=draw(texts),
            on=tuple(draw(st.lists(st.sampled_from(types), min_size=1, unique=True))),
            by=(kinds[0],),
            lookup=(draw(st.sampled_from(kinds)),),
            agg=draw(st.sampled_from(["count", "is_new", "since_last"])),
            where=draw(st.none() | st.just('event_type == "x"  or not known( time )')),
            window=draw(st.none() | st.integers(1, 48).map(lambda n: n * HOUR)),
        )
        for name in draw(_distinct("x_", 4))
    )
    rules = tuple(
        Rule(
            id=name,
            title=draw(texts),
            on=tuple(draw(st.lists(st.sampled_from(types), min_size=1, unique=True))),
            when=f"{draw(st.sampled_from(kinds))} == {draw(st.integers(0, 99))}",
            reason=draw(texts),
            severity=draw(st.sampled_from(["info", "high"])),
            score=draw(st.integers(-1000, 1000)),
            outcome=draw(st.none() | outcomes),
            f3=tuple(Technique("F1047", "monetization") for _ in range(draw(st.integers(0, 1)))),
            tags=tuple(draw(_distinct("t_", 2))),
        )
        for name in draw(_distinct("r.n", 3))
    )
    lists = tuple(
        ListSpec(
            name,
            draw(texts),
            draw(st.sampled_from(["allow", "watch", "block", "immutable_block"])),
            kinds[0],
            draw(outcomes),
            tuple(ListEntry(key, "why", "me", draw(st.none() | st.integers(0, 2**53)))
                  for key in draw(st.lists(words, max_size=2, unique=True))),
        )
        for name in draw(_distinct("l_", 2))
    )  # fmt: skip
    scores = sorted(draw(st.sets(st.integers(1, 500), max_size=3)))
    bands = tuple(Band(score, draw(outcomes), ("otp",)) for score in scores)
    return Scenario(
        "world",
        draw(texts),
        draw(st.sampled_from(["CNY", "HKD", "JPY"])),
        "Asia/Shanghai",
        entities,
        (*events, label_event(entities, events)),
        features,
        lists,
        rules,
        Policy(bands, draw(outcomes)),
    )

"""Brute force: every feature of every event by a scan of all earlier events.

Written from the semantics, not from the kernel, and slow on purpose. Events are plain dicts:

    {"id": "e1", "type": "transfer", "clock": 1_000_000,            # microseconds
     "entities": {"user": "u1"}, "fields": {"amount": 1200, "lat": 31.2304}}

in order of arrival, with clocks that never go back. A role or field that is absent (or None)
is unknown. `id` may be missing; a second event of the same id is no event, and gets what the
first one got.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from guanlan.engine.scenario.model import EventType, Feature, Scenario

Event = Mapping[str, Any]
Where = Callable[[str, Event], bool | None]
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_TEST = re.compile(r"(\w+) *(==|!=|<=|>=|<|>) *(.+)")


def simple_where(source: str, event: Event) -> bool | None:
    """`name op constant [and name op constant ...]` over fields; anything unknown = unknown."""
    results: list[bool | None] = []
    for part in source.split(" and "):
        found = _TEST.fullmatch(part.strip())
        assert found, f"simple_where cannot read {part!r}; pass another `where`"
        name, op, text = found.groups()
        constant = {"true": True, "false": False}.get(text.strip())
        right: Any = text.strip("\"' ") if text[0] in "\"'" else constant
        right = float(text) if right is None else right
        left = event.get("fields", {}).get(name)
        if left is None:
            results.append(None)
            continue
        results.append(_OPERATORS[op](left, right))
    if False in results:
        return False
    return None if None in results else True


def oracle_features(
    scenario: Scenario, events: Sequence[Event], where: Where = simple_where
) -> list[dict[str, Any]]:
    """Per event the features its type computes; None = unknown."""
    types = {e.name: e for e in scenario.events}
    history: list[Event] = []
    answers: list[dict[str, Any]] = []
    first: dict[str, dict[str, Any]] = {}
    clock = -(2**62)
    for event in events:
        assert event["clock"] >= clock, "the clock of arrival never goes back"
        clock = event["clock"]
        if event.get("id") in first:
            answers.append(first[event["id"]])
            continue
        roles = {r.name for r in types[event["type"]].roles}
        answer = {
            f.name: _feature(f, types, history, event, where)
            for f in scenario.features
            if roles.issuperset(f.lookup)
        }
        history.append(event)
        answers.append(answer)
        if event.get("id") is not None:
            first[event["id"]] = answer
    return answers


def _key(
    type_: EventType, event: Event, roles: Sequence[str]
) -> tuple[tuple[str, str], ...] | None:
    kinds = {r.name: r.kind for r in type_.roles}
    values = [event.get("entities", {}).get(role) for role in roles]
    if any(v is None for v in values) or any(role not in kinds for role in roles):
        return None
    return tuple((kinds[role], str(v)) for role, v in zip(roles, values, strict=True))


def _stored(type_: EventType, event: Event, name: str | None) -> Any:
    """The value in stored units; of a role its kind and value; None if absent."""
    role = next((r for r in type_.roles if r.name == name), None)
    if role is not None:
        value = event.get("entities", {}).get(name)
        return None if value is None else (role.kind, value)
    field = next((f for f in type_.fields if f.name == name), None)
    value = event.get("fields", {}).get(name)
    if field is None or value is None:
        return None
    return round(value * 10**field.decimals) if field.type == "number" else value


def _feature(
    f: Feature,
    types: Mapping[str, EventType],
    history: Sequence[Event],
    event: Event,
    where: Where,
) -> Any:
    now = event["clock"]
    key = _key(types[event["type"]], event, f.lookup)
    if key is None:
        return None
    earlier_only = f.agg in ("since_first", "since_last", "is_new", "last")
    seen: list[tuple[int, Any]] = []
    for e in history if earlier_only else [*history, event]:
        if (
            e["type"] in f.on
            and (f.window is None or now - f.window < e["clock"] <= now)
            and _key(types[e["type"]], e, f.by) == key
            and (f.where is None or where(f.where, e) is True)
        ):
            value = _stored(types[e["type"]], e, f.of)
            if f.of is None or value is not None:
                seen.append((e["clock"], value))
    field = next((x for n in f.on for x in types[n].fields if x.name == f.of), None)
    return _aggregate(f.agg, now, seen, field.type if field else "", field.decimals if field else 0)


def _aggregate(agg: str, now: int, seen: list[tuple[int, Any]], of: str, decimals: int) -> Any:
    values = [value for _, value in seen]
    scale = 10**decimals if of == "number" else 1
    n = len(values)
    if agg == "count":
        return n
    if agg == "distinct":
        return len(set(values))
    if agg == "is_new":
        return n == 0
    if agg == "sum":
        return sum(values) / scale if of == "number" else sum(values)
    if n == 0:
        return None
    if agg == "since_first":
        return now - seen[0][0]
    if agg == "since_last":
        return now - seen[-1][0]
    if agg == "avg":
        return sum(values) / (n * scale)
    if agg == "stddev":
        deviation = sum((n * v - sum(values)) ** 2 for v in values)  # n**3 times the variance
        assert deviation % n == 0
        return math.sqrt(deviation // n) / (n * scale)
    value = values[-1] if agg == "last" else min(values) if agg == "min" else max(values)
    return value / scale if of == "number" else value

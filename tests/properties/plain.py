"""Features one at a time: for each its own dictionary of deques, nothing shared, nothing hashed.

Written from the semantics. Slower than the kernel and faster than the oracle (which scans all
earlier events), so that traffic of a size at which tables and rings grow can be checked event
by event. Events are dicts as the oracle takes them, in order of arrival.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any

from guanlan.engine.scenario.model import Feature, Field, Scenario

Event = Mapping[str, Any]
Where = Callable[[str, Event], bool | None]
EARLIER = ("since_first", "since_last", "is_new", "last")


class Kept:
    """The entries of one key of one feature that are in its window, and what they add up to."""

    def __init__(self) -> None:
        self.entries: deque[tuple[int, Any]] = deque()
        self.n = 0
        self.sum = 0
        self.squares = 0
        self.values: Counter[Any] = Counter()
        self.sorted: list[int] = []
        self.first: int | None = None
        self.last: tuple[int, Any] = (0, None)


class Plain:
    """The features of a scenario; `event` answers with those its type computes."""

    def __init__(self, scenario: Scenario, where: Where) -> None:
        self._where = where
        self._roles = {e.name: {r.name: r.kind for r in e.roles} for e in scenario.events}
        self._fields = {e.name: {f.name: f for f in e.fields} for e in scenario.events}
        self._features = [(f, self._field(f)) for f in scenario.features]
        self._kept: dict[str, dict[Any, Kept]] = {f.name: {} for f in scenario.features}
        self._answers: dict[Any, dict[str, Any]] = {}

    def _field(self, f: Feature) -> Field | None:
        return self._fields[f.on[0]].get(f.of or "")

    def event(self, event: Event) -> dict[str, Any]:
        """Feature values of the event; a second event of the same id is no event."""
        if event.get("id") in self._answers:
            return self._answers[event["id"]]
        name, now = event["type"], event["clock"]
        answer: dict[str, Any] = {}
        for f, field in self._features:
            computed = all(role in self._roles[name] for role in f.lookup)
            kept, key = self._kept[f.name], self._key(event, f.lookup)
            if computed and f.agg in EARLIER:
                answer[f.name] = None if key is None else self._early(f, field, kept.get(key), now)
            if name in f.on:
                self._enter(f, field, event, kept)
            if computed and f.agg not in EARLIER:
                answer[f.name] = None if key is None else self._late(f, field, kept.get(key), now)
        if event.get("id") is not None:
            self._answers[event["id"]] = answer
        return answer

    def _key(self, event: Event, roles: tuple[str, ...]) -> Any:
        kinds = self._roles[event["type"]]
        key = tuple((kinds.get(role), event["entities"].get(role)) for role in roles)
        return None if any(kind is None or name is None for kind, name in key) else key

    def _enter(self, f: Feature, field: Field | None, event: Event, kept: dict[Any, Kept]) -> None:
        key = self._key(event, f.by)
        if key is None or (f.where is not None and self._where(f.where, event) is not True):
            return
        value: Any = None
        if f.of is not None:
            value = event["fields"].get(f.of, event["entities"].get(f.of))
            if value is None:
                return
            if field is not None and field.type == "number":
                value = round(value * 10**field.decimals)
        k = kept.setdefault(key, Kept())
        k.n += 1
        k.first = event["clock"] if k.first is None else k.first
        k.last = event["clock"], value
        if f.window is not None and f.agg not in ("since_last", "is_new", "last"):
            k.entries.append((event["clock"], value))
        if f.agg in ("sum", "avg", "stddev"):
            k.sum += value
            k.squares += value * value
        elif f.agg == "distinct":
            k.values[value] += 1
        elif f.agg in ("min", "max"):
            insort(k.sorted, value)

    @staticmethod
    def _expire(f: Feature, k: Kept, now: int) -> None:
        assert f.window is not None
        while k.entries and k.entries[0][0] <= now - f.window:
            _, value = k.entries.popleft()
            k.n -= 1
            if f.agg in ("sum", "avg", "stddev"):
                k.sum -= value
                k.squares -= value * value
            elif f.agg == "distinct":
                k.values[value] -= 1
                if not k.values[value]:
                    del k.values[value]
            elif f.agg in ("min", "max"):
                del k.sorted[bisect_left(k.sorted, value)]

    def _early(self, f: Feature, field: Field | None, k: Kept | None, now: int) -> Any:
        last = None if k is None else k.last[0]
        if last is not None and f.window is not None and last <= now - f.window:
            last = None
        if f.agg == "is_new":
            return last is None
        if last is None or k is None:
            return None
        if f.agg == "since_last":
            return now - last
        if f.agg == "last":
            return _units(k.last[1], field)
        if f.window is None:
            assert k.first is not None
            return now - k.first
        self._expire(f, k, now)
        return now - k.entries[0][0]

    def _late(self, f: Feature, field: Field | None, k: Kept | None, now: int) -> Any:
        k = k or Kept()
        if f.window is not None:
            self._expire(f, k, now)
        if f.agg == "count":
            return k.n
        if f.agg == "distinct":
            return len(k.values)
        if f.agg == "sum":
            return _units(k.sum, field)
        if k.n == 0:
            return None
        scale = 10**field.decimals if field is not None and field.type == "number" else 1
        if f.agg == "avg":
            return k.sum / (k.n * scale)
        if f.agg == "stddev":
            return math.sqrt(k.n * k.squares - k.sum * k.sum) / (k.n * scale)
        return _units(k.sorted[-1 if f.agg == "max" else 0], field)


def _units(value: Any, field: Field | None) -> Any:
    return value / 10**field.decimals if field is not None and field.type == "number" else value

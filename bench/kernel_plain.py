"""The same features in plain Python, made as well as Python allows: the kernel's opponent.

Per event type one generated function without loops over features; state of a key is one flat
list; events of a series are parallel lists shared by all windows, each with a tail index and
running sums; distinct values by a dict of latest index; extremes by monotone deques; no object
per event, and the garbage collector is off while it is measured.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from guanlan.engine.kernel import UNKNOWN, FeaturePlan, Series, Shape

_COMPACT = 512
Decide = Callable[[Sequence[int]], list[int]]


class _State:
    """Positions in the list that is the state of one key of one series."""

    def __init__(self, shape: Shape, series: Series) -> None:
        self.series = series
        self.features = [f for f in shape.features if f.series == series.index]
        self.initial: list[str] = ["0", "None", "None"]  # count, first, last
        bounded = [f for f in self.features if f.window is not None and f.agg != "is_new"]
        self.windows = sorted({f.window for f in bounded if f.window is not None})
        self.sums = list(dict.fromkeys(
            (f.window, f.value) for f in bounded if f.agg in ("sum", "avg", "stddev")))  # fmt: skip
        self.squares = [(f.window, f.value) for f in bounded if f.agg == "stddev"]
        self.extremes = [(f.window, f.value, f.agg) for f in bounded if f.agg in ("max", "min")]
        self.distinct = [(f.window, f.value) for f in bounded if f.agg == "distinct"]
        self.values = list(dict.fromkeys(v for _, v in self.sums + self.distinct))
        self.at: dict[object, int] = {}
        if self.windows:
            self._add("times", "[]")
            for w in self.windows:
                self._add(("tail", w), "0")
            for v in self.values:
                self._add(("list", v), "[]")
            for pair in self.sums:
                self._add(("sum", pair), "0")
            for pair in self.squares:
                self._add(("square", pair), "0")
            for triple in self.extremes:
                self._add(("deque", triple), "deque()")
            for v in dict.fromkeys(v for _, v in self.distinct):
                self._add(("latest", v), "{}")
            for pair in self.distinct:
                self._add(("distinct", pair), "0")

    def _add(self, name: object, initial: str) -> None:
        self.at[name] = len(self.initial)
        self.initial.append(initial)

    def advance(self) -> list[str]:
        """Source that moves every tail; `s` is the state, `t` the clock."""
        out = [f"T = s[{self.at['times']}]"]
        for w in self.windows:
            tail = self.at["tail", w]
            out += [f"i = s[{tail}]", f"if i < len(T) and T[i] <= t - {w}:"]
            mine = [v for x, v in self.sums if x == w]
            dist = [v for x, v in self.distinct if x == w]
            for v in dict.fromkeys(mine + dist):
                out.append(f"    V{v} = s[{self.at['list', v]}]")
            for v in dist:
                out.append(f"    L{v} = s[{self.at['latest', v]}]")
            out.append("    n = len(T)")
            out.append(f"    while i < n and T[i] <= t - {w}:")
            for v in mine:
                out.append(f"        s[{self.at['sum', (w, v)]}] -= V{v}[i]")
            for x, v in self.squares:
                if x == w:
                    out.append(f"        s[{self.at['square', (w, v)]}] -= V{v}[i] * V{v}[i]")
            for v in dist:
                out.append(f"        if L{v}[V{v}[i]] == s[0] - n + i:")
                out.append(f"            s[{self.at['distinct', (w, v)]}] -= 1")
            out += ["        i += 1", f"    s[{tail}] = i"]
        longest = self.at["tail", self.windows[-1]]
        out.append(f"if s[{longest}] > {_COMPACT} and 2 * s[{longest}] > len(T):")
        out.append(f"    i = s[{longest}]")
        out.append("    del T[:i]")
        out += [f"    del s[{self.at['list', v]}][:i]" for v in self.values]
        out += [f"    s[{self.at['tail', w]}] -= i" for w in self.windows]
        return out

    def insert(self) -> list[str]:
        """Source that enters the event `row`; s[0] is the absolute index of the next entry."""
        out = ["if s[0] == 0:", "    s[1] = t", "s[2] = t"]
        if self.windows:
            out.append(f"s[{self.at['times']}].append(t)")
            out += [f"s[{self.at['list', v]}].append(row[{v}])" for v in self.values]
            out += [f"s[{self.at['sum', (w, v)]}] += row[{v}]" for w, v in self.sums]
            out += [f"s[{self.at['square', (w, v)]}] += row[{v}] * row[{v}]"
                    for w, v in self.squares]  # fmt: skip
            for w, v, agg in self.extremes:
                out += [
                    f"d = s[{self.at['deque', (w, v, agg)]}]",
                    f"while d and d[-1][1] {'<' if agg == 'max' else '>'}= row[{v}]:",
                    "    d.pop()",
                    f"d.append((t, row[{v}]))",
                ]
            for v in dict.fromkeys(v for _, v in self.distinct):
                out.append(f"L = s[{self.at['latest', v]}]")
                out.append(f"was = L.get(row[{v}], -1)")
                out.append(f"L[row[{v}]] = s[0]")
                out.append(f"base = s[0] + 1 - len(s[{self.at['times']}])")
                for w, x in self.distinct:
                    if x == v:
                        out.append(f"if was < s[{self.at['tail', w]}] + base:")
                        out.append(f"    s[{self.at['distinct', (w, v)]}] += 1")
        out.append("s[0] += 1")
        return out

    def read(self, f: FeaturePlan) -> list[str]:
        """Expressions of the slots of a windowed feature."""
        size = f"len(T) - s[{self.at['tail', f.window]}]"
        pair = (f.window, f.value)
        match f.agg:
            case "count":
                return [size]
            case "sum":
                return [f"s[{self.at['sum', pair]}]"]
            case "avg":
                return [f"s[{self.at['sum', pair]}]", size]
            case "distinct":
                return [f"s[{self.at['distinct', pair]}]"]
            case "stddev":
                square = f"s[{self.at['square', pair]}]"
                return [size, f"s[{self.at['sum', pair]}]", f"{square} >> 48",
                        f"{square} & {2**48 - 1}"]  # fmt: skip
            case "max" | "min":
                return [
                    f"oldest(s[{self.at['deque', (f.window, f.value, f.agg)]}], t - {f.window})"
                ]
        raise ValueError(f"the opponent has no {f.agg}")


def _oldest(d: deque[tuple[int, int]], limit: int) -> int:
    while d and d[0][0] <= limit:
        d.popleft()
    return d[0][1] if d else UNKNOWN


def _early(f: FeaturePlan) -> str:
    if f.window is not None:
        raise ValueError("the opponent has no windows for features of earlier events")
    return {
        "since_last": f"t - s[2] if s[0] else {UNKNOWN}",
        "since_first": f"t - s[1] if s[0] else {UNKNOWN}",
        "is_new": "0 if s[0] else 1",
    }[f.agg]


def engine(shape: Shape) -> Decide:
    """A function from a row (a list of ints) to the slots of the event, slot 0 included."""
    states = [_State(shape, s) for s in shape.series]
    scope: dict[str, object] = {"deque": deque, "oldest": _oldest, "ids": {}}
    body: list[str] = []
    for i, state in enumerate(states):
        scope[f"t{i}"] = {}
        body.append(f"def new{i}():\n    return [{', '.join(state.initial)}]")
    body += ["\n".join(_event(shape, states, index)) for index in range(len(shape.types))]
    names = ", ".join(f"event{i}" for i in range(len(shape.types)))
    body.append(
        f"kinds = [{names}]\n"
        "def decide(row):\n"
        "    seen = ids.get(row[0])\n"
        "    if seen is not None:\n"
        "        return [seen]\n"
        "    ids[row[0]] = len(ids)\n"
        "    return kinds[row[2]](row)\n"
    )
    exec("\n".join(body), scope)
    made: Decide = scope["decide"]  # type: ignore[assignment]
    return made


def _event(shape: Shape, states: list[_State], index: int) -> list[str]:
    out = [f"def event{index}(row):", "    t = row[1]"]
    slots: list[tuple[int, str]] = [(0, "-1")]
    for state in states:
        s = state.series
        mine = [f for f in state.features if f.name in shape.slots[index]]
        writes = s in shape.type_series[index]
        if not mine and not writes:
            continue
        out.append(f"    s = t{s.index}.get(row[{s.column}])")
        out.append("    if s is None:")
        out.append(f"        s = t{s.index}[row[{s.column}]] = new{s.index}()")
        for f in mine:
            if f.agg in ("since_last", "since_first", "is_new"):
                start = shape.slots[index][f.name][0]
                out.append(f"    o{start} = {_early(f)}")
                slots.append((start, f"o{start}"))
        if writes:
            out.append(f"    if row[{s.word}] >> {s.bit} & 1:")
            out += [f"        {line}" for line in state.insert()]
        late = [f for f in mine if f.agg not in ("since_last", "since_first", "is_new")]
        if state.windows:
            out += [f"    {line}" for line in state.advance()]
        for f in late:
            start = shape.slots[index][f.name][0]
            for i, expression in enumerate(state.read(f)):
                out.append(f"    o{start + i} = {expression}")
                slots.append((start + i, f"o{start + i}"))
    slots.sort()
    out.append(f"    return [{', '.join(text for _, text in slots)}]")
    return out

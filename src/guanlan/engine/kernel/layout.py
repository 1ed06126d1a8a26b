"""Where everything lives: header words of the arena and the words of one key's state.

Keys of the same kinds share a group: one table, and per key one block of words that holds the
state of every series of the group. All-zero words are the state of a key never seen, so a
fresh block needs no initialising; that is why times are stored with a bias (see `BIAS`).
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from guanlan.engine.kernel import primitives
from guanlan.engine.kernel.shape import EARLIER_ONLY, UNKNOWN, FeaturePlan, Shape

BIAS: Final = 2**61
"""Windows keep time - BIAS (negative; 0 = empty, never expires), `first` and `last` keep
time + BIAS (positive; 0 = never, older than any window)."""

FIRST_SIZE: Final = 64  # slots of a new table


class Queue(Struct):
    """A monotone queue over one value: where it is and the longest window it serves."""

    value: int
    sign: int
    at: int
    window: int
    most: int  # header word, see primitives.enlarge


class Window(Struct):
    """The words of one bounded window: oldest time, tail index, running sums."""

    length: int
    time: int
    tail: int
    sums: dict[int, int]  # value column -> word
    squares: dict[int, int]  # value column -> word of H, L follows
    distinct: dict[int, int]  # value column -> word


class SeriesState(Struct):
    """The words of one series in the block of a key. -1 = not kept."""

    index: int
    group: int
    features: list[FeaturePlan]
    values: list[int]  # value columns that enter, in argument order
    count: int = -1
    first: int = -1
    last: int = -1
    last_values: dict[int, int] = {}
    sums: dict[int, int] = {}
    squares: dict[int, int] = {}
    extremes: dict[tuple[int, int], int] = {}  # (value column, sign) -> word
    distinct: dict[int, int] = {}
    pairs: dict[int, int] = {}  # value column -> header address of its table
    recent: dict[int, int] = {}  # value column -> word of the value seen last, its index follows
    ring: int = -1
    stride: int = 0
    fields: dict[int, int] = {}  # value column -> position in a ring entry
    flags: int = -1  # position of the word of "latest of its value" bits
    bits: dict[int, int] = {}
    windows: list[Window] = []
    queues: list[Queue] = []
    most: int = -1


class Layout:
    """All addresses of a shape's arena, and the header it starts with."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        kinds = {e.name: {r.name: r.kind for r in e.roles} for e in shape.events}
        names: dict[tuple[str, ...], int] = {}
        self.group: list[int] = []  # of a series
        for s in shape.series:
            on = next((n for n in s.on if all(r in kinds[n] for r in s.by)), None)
            name = s.by if on is None else tuple(kinds[on][r] for r in s.by)
            self.group.append(names.setdefault(name, len(names)))
        self.groups = len(names)
        self.row_words = [0] * self.groups
        self._tables = 1 + self.groups
        self._mosts: list[int] = []  # strides of first blocks
        self.states = [self._state(i) for i in range(len(shape.series))]
        self._place()

    def table(self, group: int) -> int:
        """Header address of the table of a group; table 0 holds the event ids."""
        return primitives.TABLES + 4 * (1 + group)

    def align(self, group: int) -> int:
        """Mask of the start of a key's block: cache lines matter, except to tiny blocks."""
        return 7 if self.row_words[group] >= 6 else 0

    def free(self, stride: int) -> int:
        """Header address of the free lists of a stride."""
        return self._free_base + primitives.FREE_LISTS * self._strides.index(stride)

    def _state(self, index: int) -> SeriesState:
        shape, group = self.shape, self.group[index]
        words = _Cursor(self.row_words[group])
        features = [f for f in shape.features if f.series == index]
        s = SeriesState(index, group, features, [])
        s.values = list(dict.fromkeys(f.value for f in features if f.value is not None))
        if any(f.agg not in ("since_last", "is_new", "last") for f in features):
            s.count = words()
        if any(f.agg == "since_first" and f.window is None for f in features):
            s.first = words()
        if any(f.agg in ("since_last", "is_new", "last") for f in features):
            s.last = words()
        s.last_values = {v: words() for v in _of(features, "last")}
        ever = [f for f in features if f.window is None]
        s.sums = {v: words() for v in _of(ever, "sum", "avg", "stddev")}
        s.squares = {v: words(2) for v in _of(ever, "stddev")}
        for agg, sign in (("max", 1), ("min", -1)):
            s.extremes.update({(v, sign): words() for v in _of(ever, agg)})
        s.distinct = {v: words() for v in _of(ever, "distinct")}
        for v in _of(features, "distinct"):
            s.pairs[v] = primitives.TABLES + 4 * self._tables
            self._tables += 1
            s.recent[v] = words(2)
        bounded = [
            f
            for f in features
            if f.window is not None and (f.agg not in EARLIER_ONLY or f.agg == "since_first")
        ]
        if bounded:
            self._ring(s, bounded, words)
        self.row_words[group] = words.at
        return s

    def _ring(self, s: SeriesState, bounded: list[FeaturePlan], words: _Cursor) -> None:
        s.ring, s.stride = words(), 1
        s.most = self._most(0)
        for v in _of(bounded, "sum", "avg", "stddev", "min", "max"):
            s.fields[v] = s.stride
            s.stride += 1
        for v in _of(bounded, "distinct"):
            s.flags = s.stride
            s.bits[v] = 1 << len(s.bits)
        s.stride += s.flags >= 0
        self._mosts[s.most] = s.stride
        for length in sorted({f.window for f in bounded if f.window is not None}):
            at = [f for f in bounded if f.window == length]
            s.windows.append(
                Window(
                    length=length,
                    time=words(),
                    tail=words(),
                    sums={v: words() for v in _of(at, "sum", "avg", "stddev")},
                    squares={v: words(2) for v in _of(at, "stddev")},
                    distinct={v: words() for v in _of(at, "distinct")},
                )
            )
        for agg, sign in (("max", 1), ("min", -1)):
            for v in _of(bounded, agg):
                longest = max(f.window or 0 for f in bounded if f.agg == agg and f.value == v)
                s.queues.append(Queue(v, sign, words(3), longest, self._most(1)))

    def _most(self, stride: int) -> int:
        self._mosts.append(stride)
        return len(self._mosts) - 1

    def _place(self) -> None:
        shape = self.shape
        self.tables = self._tables
        at = primitives.TABLES + 4 * self._tables
        self._strides = sorted({1, 2} | {s.stride for s in self.states if s.ring >= 0})
        self._free_base = at
        at += primitives.FREE_LISTS * len(self._strides)
        for state in self.states:
            state.most += at
            for queue in state.queues:
                queue.most += at
        self._most_base = at
        at += len(self._mosts)
        self.never: dict[int, int] = {}  # key column -> slots of a key never seen
        self.absent: dict[int, int] = {}  # key column -> slots of an absent key
        self.features: dict[int, list[FeaturePlan]] = {}
        for k in shape.keys:
            found = [f for f in shape.features if f.column == k.column]
            width = sum(len(_never(f)) for f in found)
            self.features[k.column] = found
            self.never[k.column], self.absent[k.column] = at, at + width
            at += 2 * width
        self.header_words = at
        by_columns: dict[int, set[int]] = {}
        for s in shape.series:
            by_columns.setdefault(self.group[s.index], set()).add(s.column)
        self.margin = 1 + max((len(c) for c in by_columns.values()), default=1)
        # A state of one word lives in the table itself, where one column of an event at most can
        # touch it: a second one might move the table under the first one's address.
        self.inline: list[bool] = [
            words == 1 and self._columns_of_one_event(g) == 1
            for g, words in enumerate(self.row_words)
        ]
        self._rows_need = sum((self.row_words[g] + 7) * len(c) for g, c in by_columns.items())

    def _columns_of_one_event(self, group: int) -> int:
        shape, used = self.shape, [{-1}]
        for keys, series in zip(shape.type_keys, shape.type_series, strict=True):
            columns = {k.column for k in keys}
            used.append({s.column for s in series if self.group[s.index] == group})
            used[-1] |= {
                f.column
                for f in shape.features
                if f.column in columns and self.group[f.series] == group
            }
        return max(len(columns) for columns in used)

    def header(self, arena_words: int) -> list[int]:
        """The first words of an empty arena, its tables included."""
        tables = 2 * FIRST_SIZE * self.tables
        first = self.header_words + -self.header_words % 8
        words = [0] * self.header_words
        for k in self.shape.keys:
            never: list[int] = []
            absent: list[int] = []
            for f in self.features[k.column]:
                never += _never(f)
                absent += _absent(f)
            words[self.never[k.column] : self.never[k.column] + len(never)] = never
            words[self.absent[k.column] : self.absent[k.column] + len(absent)] = absent
        words[self._most_base : self._most_base + len(self._mosts)] = self._mosts
        need = self._rows_need + sum(self._mosts)
        words[primitives.TOP] = first + tables
        words[primitives.LIMIT] = arena_words
        words[primitives.NEED] = need
        words[primitives.WORST] = need + 2 * tables + 8 * self.tables
        for i in range(self.tables):
            at = primitives.TABLES + 4 * i
            words[at] = first + 2 * FIRST_SIZE * i
            words[at + 1] = FIRST_SIZE - 1
            words[at + 3] = FIRST_SIZE * 5 >> 3
        return words


class _Cursor:
    """Hands out consecutive words."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self, n: int = 1) -> int:
        self.at += n
        return self.at - n


def _of(features: list[FeaturePlan], *aggs: str) -> list[int]:
    return list(dict.fromkeys(f.value for f in features if f.agg in aggs and f.value is not None))


def _never(f: FeaturePlan) -> list[int]:
    """Slots when the key is present and nothing was ever kept under it."""
    if f.agg in ("avg", "stddev"):
        return [0] * (2 if f.agg == "avg" else 4)
    if f.agg in ("count", "sum", "distinct"):
        return [0]
    return [1] if f.agg == "is_new" else [UNKNOWN]


def _absent(f: FeaturePlan) -> list[int]:
    """Slots when a role of the lookup is absent; n = 0 already says unknown."""
    return _never(f) if f.agg in ("avg", "stddev") else [UNKNOWN]

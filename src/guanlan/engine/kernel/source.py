"""Writes the kernel of a scenario as Python source that runs as it stands or under numba.

The source contains only numbers of the layout; no name or text of a scenario gets into it.
Per series there is an insert and an expire function, per key column an early read (earlier
events only) and a read, per event type a function that calls them in the order that the
semantics ask for: early reads, inserts, reads.
"""

from __future__ import annotations

import inspect
from typing import Final

from guanlan.engine.kernel import primitives
from guanlan.engine.kernel.layout import BIAS, Layout, SeriesState, Window
from guanlan.engine.kernel.shape import EARLIER_ONLY, TYPE, UNKNOWN, FeaturePlan

# Read when this package is imported: a later look would find the files as they are then, and
# an upgrade under a running process would mix two versions in one program.
_PRIMITIVES: Final = tuple(inspect.getsource(f) for f in primitives.ALL)

# Blocks stand at multiples of their size; this odd factor spreads them over a table. Address
# times factor stays below 2**63 for any arena up to 2**34 words.
_SPREAD: Final = 461_845_907

_HALF: Final = 2**24 - 1
_LOW: Final = 2**48 - 1

PLAIN: Final = """
def copy(A, start, O, to, n):
    O[to:to + n] = A[start:start + n]
"""
_FAST: Final = """
from numba import njit

inner = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)

@inner
def copy(A, start, O, to, n):
    for i in range(n):
        O[to + i] = A[start + i]
"""
SIGNATURE: Final = "int64(int64[::1], int64[::1], int64[::1], int64)"


def plain_source(layout: Layout) -> str:
    """Source for the interpreter: `run(A, R, O, n)` on memoryviews of int64."""
    return _module(layout, PLAIN, "", "")


def jit_source(layout: Layout) -> str:
    """The same program as a numba module, compiled (or loaded from its cache) at import."""
    return _module(
        layout, _FAST, "@inner\n", f'@njit("{SIGNATURE}", cache=True, no_cfunc_wrapper=True)\n'
    )


def _module(layout: Layout, head: str, mark: str, mark_run: str) -> str:
    parts = ["from __future__ import annotations\n", head]
    parts += [f"{name} = {value}\n" for name, value in primitives.CONSTANTS.items()]
    parts += [mark + text for text in _PRIMITIVES]
    for s in layout.states:
        if s.ring >= 0:
            parts.append(mark + _expire(s))
        parts.append(mark + _insert(s, layout))
    for column, features in layout.features.items():
        for group in _groups(layout, features):
            early = _read(layout, column, group, early=True)
            late = _read(layout, column, group, early=False)
            parts += [mark + text for text in (early, late) if text]
    for i in range(len(layout.shape.types)):
        parts.append(mark + _event(layout, i))
    parts.append(mark_run + _run(layout))
    return "\n".join(parts)


def _groups(layout: Layout, features: list[FeaturePlan]) -> list[int]:
    return list(dict.fromkeys(layout.group[f.series] for f in features))


def _word(base: str, offset: int) -> str:
    return f"A[{base} + {offset}]" if offset else f"A[{base}]"


def _expire(s: SeriesState) -> str:
    """Moves the tail of every window past what is w old or older; t is biased."""
    out = [f"def expire{s.index}(A, r, t):"]
    for w in s.windows:
        sums = [(v, word, f"s{i}") for i, (v, word) in enumerate(w.sums.items())]
        squares = [(v, word, f"q{i}") for i, (v, word) in enumerate(w.squares.items())]
        counts = [(v, word, f"d{i}") for i, (v, word) in enumerate(w.distinct.items())]
        out += [
            f"    if A[r + {w.time}] <= t - {w.length}:",
            f"        p = A[r + {s.ring}]",
            "        b = p >> 6",
            "        m = (1 << (p & 63)) - 1",
            f"        n = {_word('r', s.count)}",
            f"        i = A[r + {w.tail}]",
            f"        old = A[r + {w.time}]",
            f"        e = b + (i & m) * {s.stride}",
        ]
        out += [f"        {name} = A[r + {word}]" for _, word, name in sums + counts]
        for _, word, name in squares:
            out.append(f"        {name}h = A[r + {word}]\n        {name}l = A[r + {word + 1}]")
        out.append(f"        while old <= t - {w.length}:")
        out += [f"            {name} -= A[e + {s.fields[v]}]" for v, _, name in sums]
        for v, _, name in squares:
            out += _square(f"A[e + {s.fields[v]}]", name, "-", " " * 12)
        for v, _, name in counts:
            out.append(f"            if A[e + {s.flags}] & {s.bits[v]}:")
            out.append(f"                {name} -= 1")
        out += [
            "            i += 1",
            "            old = 0",
            "            if i < n:",
            f"                e = b + (i & m) * {s.stride}",
            "                old = A[e]",
            f"        A[r + {w.tail}] = i",
            f"        A[r + {w.time}] = old",
        ]
        out += [f"        A[r + {word}] = {name}" for _, word, name in sums + counts]
        for _, word, name in squares:
            out.append(f"        A[r + {word}] = {name}h\n        A[r + {word + 1}] = {name}l")
        out += [f"        drop(A, r + {q.at}, i)" for q in s.queues if q.window == w.length]
    return "\n".join(out) + "\n"


def _square(value: str, name: str, sign: str, pad: str) -> list[str]:
    """name += or -= value**2 as H * 2**48 + L without leaving 64 bits (|value| < 2**47)."""
    return [
        f"{pad}v = {value}",
        f"{pad}if v < 0:",
        f"{pad}    v = -v",
        f"{pad}hi = v >> 24",
        f"{pad}lo = v & {_HALF}",
        f"{pad}mid = 2 * hi * lo",
        f"{pad}{name}l {sign}= ((mid & {_HALF}) << 24) + lo * lo",
        f"{pad}{name}h {sign}= hi * hi + (mid >> 24)",
        f"{pad}{name}h += {name}l >> 48",
        f"{pad}{name}l &= {_LOW}",
    ]


def _insert(s: SeriesState, layout: Layout) -> str:
    names = {v: f"v{i}" for i, v in enumerate(s.values)}
    args = "".join(f", {name}" for name in names.values())
    out = [f"def insert{s.index}(A, r, t{args}):"]
    if s.count >= 0:
        out.append(f"    n = {_word('r', s.count)}")
    if s.first >= 0:
        out += ["    if n == 0:", f"        A[r + {s.first}] = t + {BIAS}"]
    if s.last >= 0:
        out.append(f"    {_word('r', s.last)} = t + {BIAS}")
    out += [f"    A[r + {word}] = {names[v]}" for v, word in s.last_values.items()]
    out += [f"    A[r + {word}] += {names[v]}" for v, word in s.sums.items()]
    for v, word in s.squares.items():
        out += _add_square(word, names[v])
    for (v, sign), word in s.extremes.items():
        test = f"(A[r + {word}] - {names[v]}) * {sign} < 0"
        out += [f"    if n == 0 or {test}:", f"        A[r + {word}] = {names[v]}"]
    if s.ring >= 0:
        out += _append(s, layout, names)
    for v in s.pairs:
        out += _count_distinct(s, layout, v, names[v])
    if s.count >= 0:  # last, for expiring while appending must not see the new entry
        out.append(f"    {_word('r', s.count)} = n + 1")
    return "\n".join(out) + "\n"


def _add_square(word: int, value: str) -> list[str]:
    return [
        f"    qh = A[r + {word}]",
        f"    ql = A[r + {word + 1}]",
        *_square(value, "q", "+", "    "),
        f"    A[r + {word}] = qh",
        f"    A[r + {word + 1}] = ql",
    ]


def _append(s: SeriesState, layout: Layout, names: dict[int, str]) -> list[str]:
    ring, free = f"r + {s.ring}", layout.free(s.stride)
    tail = f"A[r + {s.windows[-1].tail}]"
    out = [
        f"    b = t - {BIAS}",
        f"    p = A[{ring}]",
        f"    if p == 0 or n - {tail} > (1 << (p & 63)) - 1:",
        "        if p != 0:",
        f"            expire{s.index}(A, r, b)",
        f"        if p == 0 or n - {tail} > (1 << (p & 63)) - 1:",
        f"            p = enlarge(A, {ring}, {tail}, n, {s.stride}, {free}, {s.most})",
        f"    e = (p >> 6) + (n & ((1 << (p & 63)) - 1)) * {s.stride}",
        "    A[e] = b",
    ]
    out += [f"    A[e + {at}] = {names[v]}" for v, at in s.fields.items()]
    if s.flags >= 0:
        out.append(f"    A[e + {s.flags}] = {sum(s.bits.values())}")
    for w in s.windows:
        out += [f"    if A[r + {w.time}] == 0:", f"        A[r + {w.time}] = b"]
        out += [f"    A[r + {word}] += {names[v]}" for v, word in w.sums.items()]
        for v, word in w.squares.items():
            out += _add_square(word, names[v])
    for q in s.queues:
        out.append(
            f"    push(A, r + {q.at}, p, {s.stride}, {s.fields[q.value]}, n, {names[q.value]}, "
            f"{q.sign}, {layout.free(1)}, {q.most})"
        )
    return out


def _count_distinct(s: SeriesState, layout: Layout, value: int, name: str) -> list[str]:
    """`was` = ring index + 1 of the value's latest entry under this key, 0 if it is new.

    The key's block itself keeps that of the value seen last; of the others the table of pairs
    (key, value) does. Most devices, cards and addresses have one user, and so need no entry.

    A ring entry carries a bit "latest of its value"; a window's distinct count is the number
    of such entries in it. The value's earlier entry loses its bit, and a window that still
    held it does not count the value again.
    """
    last, table = s.recent[value], s.pairs[value]
    out = [
        f"    was = A[r + {last + 1}]",
        f"    k = A[r + {last}]",
        f"    if k != {name}:",
        "        if k != 0:",
        f"            k = k ^ r * {_SPREAD}",
        f"            a = slot_of(A, {table}, k if k != 0 else 1, {layout.free(2)})",
        "            A[a] = was",
        f"        k = {name} ^ r * {_SPREAD}",
        f"        was = find(A, {table}, k if k != 0 else 1)",
        f"        A[r + {last}] = {name}",
        f"    A[r + {last + 1}] = n + 1",
    ]
    if value in s.distinct:
        word = s.distinct[value]
        out += ["    if was == 0:", f"        A[r + {word}] += 1"]
    if value in s.bits:
        oldest = f"A[r + {s.windows[-1].tail}]"
        out += [
            f"    if was > {oldest}:",
            f"        f = (p >> 6) + ((was - 1) & ((1 << (p & 63)) - 1)) * {s.stride}",
            f"        A[f + {s.flags}] &= {~s.bits[value]}",
        ]
        for w in s.windows:
            if value in w.distinct:
                word = w.distinct[value]
                out += [f"    if was <= A[r + {w.tail}]:", f"        A[r + {word}] += 1"]
    return out


def _read(layout: Layout, column: int, group: int, *, early: bool) -> str:
    """Reads a key's features into slots o ... For early reads t is the clock itself, for the
    others it is biased. An empty text if there is nothing to read."""
    lines: list[str] = []
    plans, at = [], 0
    for f in layout.features[column]:
        plans.append((f, at))
        at += {"avg": 2, "stddev": 4}.get(f.agg, 1)
    for s in layout.states:
        mine = [
            (f, slot)
            for f, slot in plans
            if f.series == s.index and s.group == group and (f.agg in EARLIER_ONLY) == early
        ]
        bounded = [
            f for f, _ in mine if f.window is not None and (not early or f.agg == "since_first")
        ]
        if bounded:
            time = f"t - {BIAS}" if early else "t"
            lines.append(f"    expire{s.index}(A, r, {time})")
        if mine and not early:
            lines.append(f"    n = {_word('r', s.count)}")
        for f, slot in mine:
            lines += _early(s, f, slot) if early else _late(s, f, slot)
    if not lines:
        return ""
    name = f"{'early' if early else 'read'}{column}_{group}"
    return "\n".join([f"def {name}(A, O, o, r, t):", *lines]) + "\n"


def _early(s: SeriesState, f: FeaturePlan, slot: int) -> list[str]:
    out = f"O[o + {slot}]"
    if f.agg == "since_first":
        word = s.first if f.window is None else _window(s, f).time
        bias = BIAS if f.window is None else -BIAS
        return [
            f"    x = {_word('r', word)}",
            f"    {out} = t - x + {bias} if x != 0 else {UNKNOWN}",
        ]
    inside = "x != 0" if f.window is None else f"x > t + {BIAS - f.window}"
    yes, no = {
        "is_new": ("0", "1"),
        "since_last": (f"t - x + {BIAS}", str(UNKNOWN)),
        "last": (f"A[r + {s.last_values.get(f.value or 0, 0)}]", str(UNKNOWN)),
    }[f.agg]
    return [f"    x = {_word('r', s.last)}", f"    {out} = {yes} if {inside} else {no}"]


def _late(s: SeriesState, f: FeaturePlan, slot: int) -> list[str]:
    o = [f"O[o + {slot + i}]" for i in range(4)]
    v = f.value or 0
    if f.window is None:
        size, sums, squares, distinct = "n", s.sums, s.squares, s.distinct
    else:
        w = _window(s, f)
        size, sums, squares, distinct = f"n - A[r + {w.tail}]", w.sums, w.squares, w.distinct
    match f.agg:
        case "count":
            return [f"    {o[0]} = {size}"]
        case "sum":
            return [f"    {o[0]} = A[r + {sums[v]}]"]
        case "avg":
            return [f"    {o[0]} = A[r + {sums[v]}]", f"    {o[1]} = {size}"]
        case "stddev":
            words = [sums[v], squares[v], squares[v] + 1]
            loads = [f"    {o[1 + i]} = A[r + {word}]" for i, word in enumerate(words)]
            return [f"    {o[0]} = {size}", *loads]
        case "distinct":
            return [f"    {o[0]} = A[r + {distinct[v]}]"]
    sign = 1 if f.agg == "max" else -1
    if f.window is None:
        best = f"A[r + {s.extremes[(v, sign)]}]"
    else:
        queue = next(q for q in s.queues if q.value == v and q.sign == sign)
        best = (
            f"extreme(A, r + {queue.at}, A[r + {s.ring}], {s.stride}, {s.fields[v]}, "
            f"A[r + {_window(s, f).tail}])"
        )
    return [
        f"    if {size} > 0:",
        f"        {o[0]} = {best}",
        "    else:",
        f"        {o[0]} = {UNKNOWN}",
    ]


def _window(s: SeriesState, f: FeaturePlan) -> Window:
    return next(w for w in s.windows if w.length == f.window)


def _event(layout: Layout, type_index: int) -> str:
    shape = layout.shape
    out = [f"def event{type_index}(A, R, O, i, o, t):", "    b = 0"]
    series = shape.type_series[type_index]
    reads = [k.column for k in shape.type_keys[type_index] if layout.features[k.column]]
    pairs = [(c, g) for c in reads for g in _groups(layout, layout.features[c])]
    written = [(s.column, layout.group[s.index]) for s in series]
    at = 1
    starts: dict[int, int] = {}
    for c in reads:
        starts[c] = at
        at += layout.absent[c] - layout.never[c]
    for c, g in dict.fromkeys(pairs + written):
        find = "find_at" if layout.inline[g] else "find"
        out.append(f"    k{c} = R[i + {c}]\n    r{c}_{g} = {find}(A, {layout.table(g)}, k{c})")
    for c in reads:
        out += _early_reads(layout, c, starts[c])
    for s in series:
        c, g = s.column, layout.group[s.index]
        values = "".join(f", R[i + {v}]" for v in layout.states[s.index].values)
        out += [
            f"    if (R[i + {s.word}] >> {s.bit}) & 1 and k{c} != 0:",
            f"        if r{c}_{g} == 0:",
            f"            b = slot_of(A, {layout.table(g)}, k{c}, {layout.free(2)})",
        ]
        if layout.inline[g]:
            out.append(f"            r{c}_{g} = b")
        else:
            out += [
                "            if A[b] == 0:",
                f"                A[b] = fresh(A, {layout.row_words[g]}, {layout.align(g)})",
                f"            r{c}_{g} = A[b]",
            ]
        out.append(f"        insert{s.index}(A, r{c}_{g}, t{values})")
    out.append(f"    b = t - {BIAS}")
    for c, g in pairs:
        if not any(
            f.agg not in EARLIER_ONLY and layout.group[f.series] == g for f in layout.features[c]
        ):
            continue
        if any(group == g and column != c for column, group in written):
            # Another role of this event may just have made the key known.
            out += [f"    if r{c}_{g} == 0:",
                    f"        r{c}_{g} = find(A, {layout.table(g)}, k{c})"]  # fmt: skip
        out += [
            f"    if r{c}_{g} != 0:",
            f"        read{c}_{g}(A, O, o + {starts[c]}, r{c}_{g}, b)",
        ]
    return "\n".join(out) + "\n"


def _early_reads(layout: Layout, c: int, start: int) -> list[str]:
    features = layout.features[c]
    width = layout.absent[c] - layout.never[c]
    groups = _groups(layout, features)
    known = " and ".join(f"r{c}_{g} != 0" for g in groups)
    # Slots start as "never seen"; what a known key overwrites need not be filled first.
    out = [
        f"    if k{c} == 0:",
        f"        copy(A, {layout.absent[c]}, O, o + {start}, {width})",
        f"    elif not ({known}):",
        f"        copy(A, {layout.never[c]}, O, o + {start}, {width})",
    ]
    for g in groups:
        if any(f.agg in EARLIER_ONLY and layout.group[f.series] == g for f in features):
            out += [f"    if r{c}_{g} != 0:",
                    f"        early{c}_{g}(A, O, o + {start}, r{c}_{g}, t)"]  # fmt: skip
    return out


def _run(layout: Layout) -> str:
    """run(A, R, O, n) -> events done; fewer than n = the arena is full, the rest untouched."""
    shape = layout.shape
    out = [
        "def run(A, R, O, n):",
        "    for j in range(n):",
        f"        i = j * {shape.row_width}",
        f"        o = j * {shape.out_width}",
        "        if R[i] != 0:",
        "            seen = find(A, TABLES, R[i])",
        "            if seen != 0:",
        "                O[o] = seen - 1",
        "                continue",
        "        if A[TOP] + A[WORST] > A[LIMIT]:",
        f"            if crowded(A, {layout.tables}, {layout.margin}):",
        "                return j",
        "        O[o] = -1",
        "        A[SEQ] += 1",
        "        if R[i] != 0:",
        f"            A[slot_of(A, TABLES, R[i], {layout.free(2)})] = A[SEQ]",
        f"        kind = R[i + {TYPE}]",
    ]
    for index in range(len(shape.types)):
        out.append(f"        {'el' if index else ''}if kind == {index}:")
        out.append(f"            event{index}(A, R, O, i, o, R[i + 1])")
    out.append("    return n")
    return "\n".join(out) + "\n"

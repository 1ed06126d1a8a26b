# ruff: noqa: N803  (A is the arena in all generated code)
"""Hash tables, rings and monotone queues inside one array of int64.

These functions run as they stand (on a memoryview of Python ints) and their source text is
also copied into the generated module that numba compiles. So: int64 arithmetic that never
wraps, no exceptions, no containers, no imports.

The array begins with a header. A table is four header words: address, mask, entries, limit;
its slots are pairs (key, value), key 0 = empty. A ring is one packed word, address << 6 | log2
of its capacity, 0 = none yet; entries are found by absolute index, so they need no wrapping.
Outgrown rings are kept in lists by (stride, log2 capacity) and reused whole; an outgrown table
becomes the region that new blocks are cut from before fresh memory is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol


class Words(Protocol):
    """The array: a memoryview cast to "q", a numpy int64 array, or the overlay of a peek."""

    def __getitem__(self, at: int, /) -> int: ...

    def __setitem__(self, at: int, value: int, /) -> None: ...


TOP: Final = 0  # first word never used
LIMIT: Final = 1  # words of the arena
NEED: Final = 2  # words one event can need for rows, rings and queues
WORST: Final = 3  # NEED plus the next size of every table
SEQ: Final = 4  # events taken, duplicates not counted
LOW: Final = 5  # first unused word of the spare region, all zero, left by an outgrown table
HIGH: Final = 6  # its end
TABLES: Final = 8
FREE_LISTS: Final = 48  # words of free-list heads per stride


def find(A: Words, table: int, key: int) -> int:
    """The value of a key, 0 if there is none. The absent key 0 has no value."""
    if key == 0:
        return 0
    base = A[table]
    mask = A[table + 1]
    slot = key & mask
    while True:
        at = base + 2 * slot
        seen = A[at]
        if seen == key:
            return A[at + 1]
        if seen == 0:
            return 0
        slot = (slot + 1) & mask


def find_at(A: Words, table: int, key: int) -> int:
    """The address of the value of a key (valid until the table grows), 0 if there is none."""
    if key == 0:
        return 0
    base = A[table]
    mask = A[table + 1]
    slot = key & mask
    while True:
        at = base + 2 * slot
        seen = A[at]
        if seen == key:
            return at + 1
        if seen == 0:
            return 0
        slot = (slot + 1) & mask


def slot_of(A: Words, table: int, key: int, free: int) -> int:
    """The address of the value of a non-zero key; a new key is entered with value 0.

    Doubling costs O(entries): amortised constant, with a pause in proportion to the table.
    """
    if A[table + 2] >= A[table + 3]:
        double(A, table, free)
    base = A[table]
    mask = A[table + 1]
    slot = key & mask
    while True:
        at = base + 2 * slot
        seen = A[at]
        if seen == key:
            return at + 1
        if seen == 0:
            A[at] = key
            A[table + 2] += 1
            return at + 1
        slot = (slot + 1) & mask


def double(A: Words, table: int, free: int) -> None:
    """Moves a table into twice the room. The old block becomes the spare region if it is
    larger than what is left of that, else a free block; `free` heads the lists of stride 2."""
    old = A[table]
    size = A[table + 1] + 1
    mask = 2 * size - 1
    log = 0
    while (1 << log) < size:
        log += 1
    base = fresh(A, 4 * size, 7)
    for i in range(old, old + 2 * size, 2):
        key = A[i]
        if key != 0:
            slot = key & mask
            while A[base + 2 * slot] != 0:
                slot = (slot + 1) & mask
            A[base + 2 * slot] = key
            A[base + 2 * slot + 1] = A[i + 1]
    if 2 * size > A[HIGH] - A[LOW]:
        for i in range(old, old + 2 * size):
            A[i] = 0
        A[LOW] = old
        A[HIGH] = old + 2 * size
    else:
        A[old] = A[free + log]
        A[free + log] = old
    A[table] = base
    A[table + 1] = mask
    A[table + 3] = (2 * size * 5) >> 3
    A[WORST] += 4 * size


def fresh(A: Words, words: int, align: int) -> int:
    """The address of a block of zeros. Callers made sure of room.

    `align` is 0, or 7 for the start of a cache line (at most 7 words are lost).
    """
    at = (A[LOW] + align) & ~align
    if at + words <= A[HIGH]:
        A[LOW] = at + words
        return at
    at = (A[TOP] + align) & ~align
    A[TOP] = at + words
    return at


def take(A: Words, free: int, words: int) -> int:
    """The address of a block whose free list is `free`; its content is arbitrary."""
    at = A[free]
    if at == 0:
        return fresh(A, words, 0)
    A[free] = A[at]
    return at


def enlarge(A: Words, ring: int, low: int, high: int, stride: int, free: int, most: int) -> int:
    """Gives the ring at word `ring` its first entry or doubles it; returns its packed word.

    Entries low .. high - 1 move along. `most` is the header word that keeps the largest next
    block of this kind of ring, so that the arena always knows what one event can need.
    """
    packed = A[ring]
    log = 0
    if packed == 0:
        base = take(A, free, stride)
    else:
        log = (packed & 63) + 1
        base = take(A, free + log, stride << log)
        old = packed >> 6
        mask = (1 << log) - 1
        old_mask = mask >> 1
        for i in range(low, high):
            source = old + (i & old_mask) * stride
            target = base + (i & mask) * stride
            for j in range(stride):
                A[target + j] = A[source + j]
        A[old] = A[free + log - 1]
        A[free + log - 1] = old
    packed = (base << 6) | log
    A[ring] = packed
    more = (stride << (log + 1)) - A[most]
    if more > 0:
        A[most] += more
        A[NEED] += more
        A[WORST] += more
    return packed


def push(
    A: Words, queue: int, packed: int, stride: int, field: int, index: int, value: int,
    sign: int, free: int, most: int,
) -> None:  # fmt: skip
    """Appends ring entry `index` to a monotone queue, which keeps what can still be extreme.

    Queue words: packed ring, low, high. sign 1 keeps maxima, -1 minima. Entries it makes
    hopeless are dropped, each once, so the cost is amortised constant whatever is sent.
    """
    base = packed >> 6
    mask = (1 << (packed & 63)) - 1
    q = A[queue]
    low = A[queue + 1]
    high = A[queue + 2]
    at = q >> 6
    turn = (1 << (q & 63)) - 1
    while high > low:
        last = A[at + ((high - 1) & turn)]
        if (A[base + (last & mask) * stride + field] - value) * sign > 0:
            break
        high -= 1
    if q == 0 or high - low > turn:
        q = enlarge(A, queue, low, high, 1, free, most)
        at = q >> 6
        turn = (1 << (q & 63)) - 1
    A[at + (high & turn)] = index
    A[queue + 2] = high + 1


def drop(A: Words, queue: int, tail: int) -> None:
    """Drops queue entries that are older than ring index `tail`."""
    q = A[queue]
    low = A[queue + 1]
    high = A[queue + 2]
    at = q >> 6
    turn = (1 << (q & 63)) - 1
    while low < high and A[at + (low & turn)] < tail:
        low += 1
    A[queue + 1] = low


def extreme(A: Words, queue: int, packed: int, stride: int, field: int, tail: int) -> int:
    """The extreme value among ring entries from `tail` on (there is at least one)."""
    q = A[queue]
    low = A[queue + 1]
    high = A[queue + 2] - 1
    at = q >> 6
    turn = (1 << (q & 63)) - 1
    while low < high:
        middle = (low + high) >> 1
        if A[at + (middle & turn)] < tail:
            low = middle + 1
        else:
            high = middle
    index = A[at + (low & turn)]
    return A[(packed >> 6) + (index & ((1 << (packed & 63)) - 1)) * stride + field]


def crowded(A: Words, tables: int, margin: int) -> int:
    """1 if one more event might not find the room it needs, counting only tables that are near
    doubling (`margin` = most entries one event can add to one table)."""
    need = A[TOP] + A[NEED]
    for i in range(tables):
        table = TABLES + 4 * i
        if A[table + 2] + margin > A[table + 3]:
            need += 4 * (A[table + 1] + 1) + 8
    return 1 if need > A[LIMIT] else 0


ALL: Final[tuple[Callable[..., object], ...]] = (
    find, find_at, fresh, take, double, slot_of, enlarge, push, drop, extreme, crowded,
)  # fmt: skip
CONSTANTS: Final = {"TOP": TOP, "LIMIT": LIMIT, "NEED": NEED, "WORST": WORST, "SEQ": SEQ,
                    "LOW": LOW, "HIGH": HIGH, "TABLES": TABLES}  # fmt: skip

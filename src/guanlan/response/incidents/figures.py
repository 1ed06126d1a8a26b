"""How long it took to know, to take command and to be stable: medians with their intervals.

MTTD  occurred → known        MTTA  known → acknowledged (somebody took command)
MTTR  known → stable          each over the incidents that have both times

What has no times is counted as unknown and left out, never taken for zero. The median's interval
is the order statistics' (distribution-free): the narrowest pair of ranks, as far from both ends,
that holds the median with a probability of at least 95 %; with fewer than six values there is none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from math import comb
from typing import Final, NamedTuple

from guanlan.response.models import Incident

SURE: Final = 0.95
MOST: Final = 5000  # the newest incidents that are looked at


class Figure(NamedTuple):
    """Times of one kind, in seconds; None where it is not known."""

    known: int
    unknown: int
    mean: float | None
    median: float | None
    low: float | None
    high: float | None


class Figures(NamedTuple):
    """The three figures of some incidents."""

    detect: Figure
    acknowledge: Figure
    stabilise: Figure


def median(values: Sequence[float]) -> float:
    """The middle of sorted values, or the mean of the two in the middle."""
    half, odd = divmod(len(values), 2)
    return values[half] if odd else (values[half - 1] + values[half]) / 2


def ranks(n: int) -> tuple[int, int] | None:
    """The ranks (from 0) between which the median of what n values came from lies; None where
    even the least and the greatest are not sure enough."""
    beyond = 0.0  # probability that at most `below` of n values are on one side of the median
    found = None
    for below in range(n // 2):
        beyond += comb(n, below) / 2**n
        if 1 - 2 * beyond < SURE:
            break
        found = (below, n - 1 - below)
    return found


def figure(pairs: Iterable[tuple[dt.datetime | None, dt.datetime | None]]) -> Figure:
    """What is to be said of times from the first to the second of each pair."""
    values: list[float] = []
    unknown = 0
    for begin, end in pairs:
        if begin is None or end is None:
            unknown += 1
        else:
            values.append((end - begin).total_seconds())
    values.sort()
    if not values:
        return Figure(0, unknown, None, None, None, None)
    between = ranks(len(values))
    low, high = (values[between[0]], values[between[1]]) if between else (None, None)
    mean = sum(values) / len(values)
    return Figure(len(values), unknown, mean, median(values), low, high)


def figures_of(rows: Sequence[Incident]) -> Figures:
    """The figures of these incidents."""
    return Figures(
        figure((row.occurred, row.known) for row in rows),
        figure((row.known, row.acknowledged) for row in rows),
        figure((row.known, row.stable) for row in rows),
    )

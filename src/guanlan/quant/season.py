"""What is usual at an hour of the week, or on a day of it: medians, and a robust scatter.

Each slot has the median of its values and 1.4826 times the median absolute deviation from it, which
is a normal's standard deviation (Rousseeuw and Croux, JASA 88, 1993). Few values scatter too little
by chance: no slot's scatter is taken for less than that of all slots together, and a slot with too
few values takes the median of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from guanlan.quant.invalid import Invalid, not_negative

LEAST = 3  # values of a slot that say what is usual there
LEAST_WHOLE = 14
NORMAL = 1.4826


@dataclass(frozen=True, slots=True)
class Season:
    """centres, spreads: one of each slot, in the unit of the values. thin: how many slots had too
    few values of their own."""

    centres: tuple[float, ...]
    spreads: tuple[float, ...]
    thin: int


def season(
    slots: Sequence[int], values: Sequence[float], number: int, *, least_spread: float = 0.0
) -> Season:
    """From values and the slot of each, 0 to `number` - 1.

    least_spread: a scatter that none falls below, such as one event. Raises Invalid for fewer than
    14 values, a slot out of range, or a scatter of nothing.
    """
    where, what = np.asarray(slots, dtype=np.int64), np.asarray(values, dtype=np.float64)
    if where.size != what.size or what.size < LEAST_WHOLE or not np.all(np.isfinite(what)):
        raise Invalid("values", f"expected {LEAST_WHOLE} finite values at least, one a slot")
    if number < 1 or np.any(where < 0) or np.any(where >= number):
        raise Invalid("slots", "expected numbers from zero to below the number of slots")
    not_negative(least_spread, "least_spread")
    usual = float(np.median(what))
    centres = np.full(number, usual)
    own = np.zeros(number, dtype=bool)
    for slot in range(number):
        here = what[where == slot]
        if here.size >= LEAST:
            centres[slot], own[slot] = float(np.median(here)), True
    apart = np.abs(what - centres[where])
    whole = max(NORMAL * float(np.median(apart)), least_spread)
    if whole == 0.0:
        # More than half of the values are what is usual: the mean deviation still tells of others.
        whole = float(apart.mean())
    if whole == 0.0:
        raise Invalid("values", "expected values that are not all the same")
    spreads = np.full(number, whole)
    for slot in np.flatnonzero(own).tolist():
        spreads[slot] = max(whole, NORMAL * float(np.median(apart[where == slot])))
    return Season(tuple(centres.tolist()), tuple(spreads.tolist()), int((~own).sum()))

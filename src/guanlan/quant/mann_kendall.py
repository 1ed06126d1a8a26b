"""Mann-Kendall: does a series rise or fall, whatever its shape? (Mann 1945, Kendall 1975.)

Counts pairs that rise less pairs that fall. Assumes that values do not depend on their neighbours
beyond the trend; a season or a strong carry-over makes p too small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from guanlan.quant.invalid import Invalid

LEAST = 4  # values; with three no order is rarer than one in six
_EXACT = 30  # up to here, without ties, the exact distribution


@dataclass(frozen=True, slots=True)
class Trend:
    """score: rising less falling pairs. tau: Kendall's, -1 to 1, ties counted as such (tau-b
    against time). p: two-sided. exact: whether p is that of all orders, not the normal's."""

    score: int
    tau: float
    p: float
    exact: bool


def mann_kendall(values: Sequence[float]) -> Trend:
    """The trend of `values`, oldest first. Raises Invalid for fewer than four or one not finite."""
    series = np.asarray(values, dtype=np.float64)
    count = series.size
    if count < LEAST or not np.all(np.isfinite(series)):
        raise Invalid("values", f"expected {LEAST} finite numbers at least")
    later, earlier = np.tril_indices(count, -1)
    score = int(np.sign(series[later] - series[earlier]).sum())
    _, ties = np.unique(series, return_counts=True)
    pairs = count * (count - 1) / 2
    tied = float((ties * (ties - 1) / 2).sum())
    tau = score / math.sqrt(pairs * (pairs - tied)) if tied < pairs else 0.0
    if tied == 0 and count <= _EXACT:
        return Trend(score, tau, _exact(count, score), True)
    variance = count * (count - 1) * (2 * count + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()
    if variance == 0:
        return Trend(score, tau, 1.0, False)
    # One half-step towards zero: the score moves in steps of two.
    standard = max(abs(score) - 1, 0) / math.sqrt(float(variance) / 18.0)
    return Trend(score, tau, min(1.0, 2.0 * float(ndtr(-standard))), False)


def _exact(count: int, score: int) -> float:
    """Two-sided p among all orders: the number of inversions, by Mahonian numbers."""
    ways = np.ones(1)
    for placed in range(2, count + 1):
        ways = np.convolve(ways, np.ones(placed)) / placed
    inversions = (count * (count - 1) // 2 - abs(score)) // 2
    return min(1.0, 2.0 * float(ways[: inversions + 1].sum()))

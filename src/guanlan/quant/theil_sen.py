"""Theil-Sen: the slope of a series as the median of the slopes of all pairs.

A third of the values may be wild before it follows them. The interval is Sen's (JASA 63, 1968):
order statistics of the slopes, as far from the median as the Mann-Kendall score may be by chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from guanlan.quant.invalid import Invalid, within

LEAST = 4


@dataclass(frozen=True, slots=True)
class Slope:
    """slope: change of the value per unit of time. intercept: median value less slope times median
    time. interval: of the slope, of probability `level`."""

    slope: float
    intercept: float
    level: float
    interval: tuple[float, float]


def theil_sen(times: Sequence[float], values: Sequence[float], *, level: float = 0.9) -> Slope:
    """Raises Invalid for fewer than four points, numbers not finite, or fewer than two times."""
    x, y = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if x.size != y.size or x.size < LEAST:
        raise Invalid("values", f"expected {LEAST} values at least, one for each time")
    if not np.all(np.isfinite(x)) or not np.all(np.isfinite(y)):
        raise Invalid("values", "expected finite numbers")
    within(level, 0.0, 1.0, "level")
    later, earlier = np.tril_indices(x.size, -1)
    apart = x[later] != x[earlier]
    if not apart.any():
        raise Invalid("times", "expected two different times at least")
    later, earlier = later[apart], earlier[apart]
    slopes = np.sort((y[later] - y[earlier]) / (x[later] - x[earlier]))
    slope = float(np.median(slopes))
    reach = float(ndtri((1.0 + level) / 2.0)) * math.sqrt(_variance(x, y))
    low = max(round((slopes.size - reach) / 2.0) - 1, 0)
    high = min(round((slopes.size + reach) / 2.0), slopes.size - 1)
    intercept = float(np.median(y)) - slope * float(np.median(x))
    return Slope(slope, intercept, level, (float(slopes[low]), float(slopes[high])))


def _variance(x: np.ndarray, y: np.ndarray) -> float:
    """Of Kendall's score without a trend, ties of both allowed for."""
    count = x.size
    whole = float(count * (count - 1) * (2 * count + 5))
    for series in (x, y):
        _, ties = np.unique(series, return_counts=True)
        whole -= float((ties * (ties - 1) * (2 * ties + 5)).sum())
    return max(whole, 0.0) / 18.0

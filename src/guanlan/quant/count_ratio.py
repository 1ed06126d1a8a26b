"""Did a count fall? Two counts with their exposures, tested exactly, and what a test could show.

Given the sum n of two Poisson counts, the later one is binomial of n with probability
r e1/(r e1 + e0), r the ratio of the rates and e0, e1 the exposures (Przyborowski and Wilenski,
Biometrika 31, 1940). From the exact binomial come the p-value, and by Clopper-Pearson the interval
of r. Twenty per cent less in one quarter is mostly noise at small counts: at 50 a quarter a true
fall of 20 % is proven in a quarter of cases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import bdtr, betaincinv, gammaln

from guanlan.quant.invalid import Invalid, positive, within

Verdict = Literal["met", "not met", "not distinguishable"]
_MOST_QUARTERS = 400


@dataclass(frozen=True, slots=True)
class Ratio:
    """later rate / earlier rate, exposure-normalised.

    point: None when the earlier count is zero. interval: Clopper-Pearson, of probability `level`
    at least; its upper end is infinite when the earlier count is zero. fall: one-sided p-value of
    "the rate did not fall". rise: of "it did not rise".
    """

    point: float | None
    level: float
    interval: tuple[float, float]
    fall: float
    rise: float

    def verdict(self, target: float, *, alpha: float = 0.05) -> Verdict:
        """Of a target such as 0.8 ("20 % less").

        met: at or below the target, and the fall itself is proven (one-sided, `alpha`).
        not met: the whole interval lies above the target. Else: not distinguishable.
        Raises Invalid for a target not in (0, 1].
        """
        if not 0.0 < target <= 1.0:
            raise Invalid("target", "expected a ratio above 0, at most 1")
        if self.point is not None and self.point <= target and self.fall <= alpha:
            return "met"
        return "not met" if self.interval[0] > target else "not distinguishable"


def count_ratio(
    before: int, after: int, *, exposures: tuple[float, float] = (1.0, 1.0), level: float = 0.9
) -> Ratio:
    """`after` events over exposures[1] against `before` over exposures[0] (quarters, transactions).

    Raises Invalid.

    >>> round(count_ratio(50, 40).fall, 2)
    0.17
    """
    if before < 0 or after < 0:
        raise Invalid("count", "expected whole numbers, zero or above")
    within(level, 0.0, 1.0, "level")
    earlier, later = (positive(exposure, "exposure") for exposure in exposures)
    total, even = before + after, later / (earlier + later)
    tail = (1.0 - level) / 2.0

    def ratio(share: float) -> float:
        return math.inf if share >= 1.0 else share / (1.0 - share) * earlier / later

    low = float(betaincinv(after, before + 1.0, tail)) if after else 0.0
    high = float(betaincinv(after + 1.0, before, 1.0 - tail)) if before else 1.0
    return Ratio(
        point=after / before * earlier / later if before else None,
        level=level,
        interval=(ratio(low), ratio(high)),
        fall=float(bdtr(after, total, even)) if total else 1.0,
        rise=float(bdtr(before, total, 1.0 - even)) if total else 1.0,
    )


def power(
    expected: float,
    ratio: float,
    *,
    exposures: tuple[float, float] = (1.0, 1.0),
    alpha: float = 0.05,
) -> float:
    """Probability that the exact test proves a fall (one-sided, `alpha`) when it is `ratio`.

    expected: mean of the earlier count. Both counts vary. Raises Invalid.
    """
    positive(expected, "expected")
    positive(ratio, "ratio")
    within(alpha, 0.0, 1.0, "alpha")
    earlier, later = (positive(exposure, "exposure") for exposure in exposures)
    after = expected * ratio * later / earlier
    mean = expected + after
    even, share = later / (earlier + later), after / mean
    spread = 8.0 * math.sqrt(mean) + 20.0
    totals = np.arange(max(1, math.floor(mean - spread)), math.ceil(mean + spread))
    first = int(totals[0])
    # The largest later count that still proves a fall among a total; it grows with the total.
    largest = int(np.searchsorted(bdtr(np.arange(first + 1), first, even), alpha, side="right")) - 1
    proving = []
    for total in totals.tolist():
        while bdtr(largest + 1, total, even) <= alpha:
            largest += 1
        proving.append(largest)
    weights = np.exp(totals * math.log(mean) - mean - gammaln(totals + 1.0))
    proven = np.where(np.array(proving) < 0, 0.0, bdtr(np.maximum(proving, 0), totals, share))
    return float((weights * proven).sum())


def quarters_needed(
    expected: float, ratio: float, *, wanted: float = 0.8, alpha: float = 0.05
) -> int | None:
    """How many quarters, before and after alike, until a fall to `ratio` is proven with
    probability `wanted`; None when 400 would not do.

    expected: events a quarter before. Raises Invalid for a ratio that is no fall.
    """
    positive(expected, "expected")
    within(ratio, 0.0, 1.0, "ratio")
    within(wanted, 0.0, 1.0, "wanted")
    low, high = 0, 1
    while power(expected * high, ratio, alpha=alpha) < wanted:
        low, high = high, 2 * high
        if high > _MOST_QUARTERS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        if power(expected * middle, ratio, alpha=alpha) < wanted:
            low = middle
        else:
            high = middle
    return high

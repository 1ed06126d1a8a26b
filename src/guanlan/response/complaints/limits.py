"""How many complaints a day are still to be expected, after the days before. Pure.

Let x_1 … x_n be the counts of n whole days. Two models say how many the next day may bring, and
the more patient one counts:

Poisson with a rate that is not known: with Jeffreys' prior the rate is Gamma(S + ½, n), S the sum;
the next day is then negative-binomial with r = S + ½ and p = n / (n + 1) (exact).

Where the counts vary more than Poisson's do (variance s² above the mean m): negative-binomial by
moments, r = m² / (s² − m), p = r / (r + m) (O. Hilbe, Negative Binomial Regression, 2011).

The limit is the least k with P(X ≥ k) ≤ alpha, and never below a floor. The tail is summed term by
term, not approximated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

ALPHA: Final = 1e-4
FLOOR: Final = 5
_ENOUGH: Final = 1e-17  # terms below this share of the sum add nothing


class Expected(NamedTuple):
    """The mean of the days before, and the count from which on a day is a burst."""

    mean: float
    limit: int


def tail(k: int, r: float, p: float) -> float:
    """P(X ≥ k) of the negative-binomial distribution with r > 0, 0 < p < 1 (failures before the
    r-th success), for k above its mean.

    >>> round(tail(3, 1.0, 0.5), 6)
    0.125
    """
    q = 1.0 - p
    start = (
        math.lgamma(k + r) - math.lgamma(r) - math.lgamma(k + 1) + r * math.log(p) + k * math.log(q)
    )
    term = total = 1.0
    n = k
    while term > _ENOUGH * total:
        term *= (n + r) / (n + 1) * q
        total += term
        n += 1
    return math.exp(start) * total


def least(r: float, p: float, alpha: float) -> int:
    """The least k above the mean with P(X ≥ k) ≤ alpha."""
    mean = r * (1 - p) / p
    low = math.floor(mean) + 1
    step = 1
    while tail(low + step, r, p) > alpha:
        step *= 2
    high = low + step
    while low < high:
        middle = (low + high) // 2
        if tail(middle, r, p) <= alpha:
            high = middle
        else:
            low = middle + 1
    return low


def expected(past: Sequence[int], alpha: float = ALPHA, floor: int = FLOOR) -> Expected:
    """What is to be expected after these days. Raises ValueError without a day, for a count below
    zero, or an alpha that is no small probability.

    >>> expected([0] * 28)
    Expected(mean=0.0, limit=5)
    >>> expected([10] * 28).limit
    25
    """
    if not past or min(past) < 0 or not 0 < alpha < 0.5:
        raise ValueError("expected counts of one day at least, and an alpha below one half")
    n, total = len(past), sum(past)
    mean = total / n
    limit = least(total + 0.5, n / (n + 1), alpha)
    if n > 1:
        variance = sum((x - mean) ** 2 for x in past) / (n - 1)
        if variance > mean > 0:
            r = mean * mean / (variance - mean)
            limit = max(limit, least(r, r / (r + mean), alpha))
    return Expected(mean, max(limit, floor))

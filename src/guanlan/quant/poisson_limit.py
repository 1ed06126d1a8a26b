"""Exact limits of a count whose mean is known, and the exact interval of a mean from a count.

A limit of mean + 3 deviations alarms several times too often where counts are low: at 0.2 a day
some six times a year instead of once in three. The exact limit keeps what it promises.
"""

from __future__ import annotations

import math

from scipy.special import gammaincinv, pdtrc

from guanlan.quant.invalid import Invalid, not_negative, positive, within


def poisson_limit(expected: float, false_alarms: float) -> int:
    """The smallest c with P(N > c) <= `false_alarms`, N Poisson of mean `expected`.

    A count above c is an alarm; false ones come in no more than this share of periods.
    Raises Invalid.

    >>> poisson_limit(0.2, 0.001)
    3
    """
    not_negative(expected, "expected")
    within(false_alarms, 0.0, 1.0, "false_alarms")
    low, high = -1, max(8, math.ceil(2.0 * expected))  # P(N > -1) is one
    while pdtrc(high, expected) > false_alarms:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if pdtrc(middle, expected) > false_alarms:
            low = middle
        else:
            high = middle
    return high


def poisson_interval(count: int, exposure: float, *, level: float = 0.9) -> tuple[float, float]:
    """Garwood's interval of the rate: `count` events over `exposure`, in events per its unit.

    It holds the rate at least as often as `level` says (Garwood, Biometrika 28, 1936). Raises
    Invalid.
    """
    if count < 0:
        raise Invalid("count", "expected a whole number, zero or above")
    positive(exposure, "exposure")
    within(level, 0.0, 1.0, "level")
    tail = (1.0 - level) / 2.0
    low = float(gammaincinv(count, tail)) if count else 0.0
    return low / exposure, float(gammaincinv(count + 1, 1.0 - tail)) / exposure

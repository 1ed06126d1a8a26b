"""Exact upper limit of a count whose rate is only known as a Gamma: negative binomial.

The rate's uncertainty (or its wandering from period to period) widens the limit; with much history
the shape grows and the limit becomes that of Poisson.
"""

from __future__ import annotations

import math

from scipy.special import betainc

from guanlan.quant.frequency import Frequency
from guanlan.quant.invalid import positive, within
from guanlan.quant.poisson_limit import poisson_limit


def count_limit(frequency: Frequency, exposure: float, false_alarms: float) -> int:
    """The smallest c with P(N > c) <= `false_alarms`, N the count over `exposure` years.

    A rate without a shape gives the limit of Poisson. Raises Invalid.
    """
    positive(exposure, "exposure")
    within(false_alarms, 0.0, 1.0, "false_alarms")
    mean, shape = frequency.rate * exposure, frequency.shape
    if shape is None:
        return poisson_limit(mean, false_alarms)
    share = mean / (mean + shape)

    def above(count: int) -> float:
        return 1.0 if count < 0 else float(betainc(count + 1.0, shape, share))

    low, high = -1, max(8, math.ceil(2.0 * mean))
    while above(high) > false_alarms:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if above(middle) > false_alarms:
            low = middle
        else:
            high = middle
    return high

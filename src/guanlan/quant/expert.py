"""A Gamma rate from what an expert says: "between low and high events a year, nine in ten sure".

The shape is the root of q(0.95; a)/q(0.05; a) = high/low, where q is the Gamma's quantile at scale
one: the ratio falls as the shape grows, so there is exactly one. Both ends are met exactly.
"""

from __future__ import annotations

import math

from scipy.optimize import brentq
from scipy.special import gammaincinv

from guanlan.quant.frequency import Frequency
from guanlan.quant.invalid import Invalid, ordered, positive, within

_SHAPES = (-7.0, 14.0)  # natural logarithms: 0.0009 to 1.2 million


def gamma_from_interval(low: float, high: float, *, level: float = 0.9) -> Frequency:
    """The Gamma whose central interval of probability `level` is [low, high] events a year.

    Raises Invalid for an interval upside down, not above zero, or too wide or narrow for a Gamma.

    >>> found = gamma_from_interval(1.0, 4.0)
    >>> round(found.rate, 3), round(found.shape, 3)
    (2.287, 6.047)
    """
    positive(low, "frequency.interval")
    positive(high, "frequency.interval")
    ordered(low, high, "frequency.interval")
    within(level, 0.0, 1.0, "level")
    tail = (1.0 - level) / 2.0

    def excess(log_shape: float) -> float:
        shape = math.exp(log_shape)
        small = float(gammaincinv(shape, tail))
        if small <= 0.0:
            return math.inf
        large = float(gammaincinv(shape, 1.0 - tail))
        return math.log(large) - math.log(small) - (math.log(high) - math.log(low))

    least, most = _SHAPES
    while excess(least) == math.inf:
        least += 0.25
    if excess(least) < 0.0 or excess(most) > 0.0:
        raise Invalid("frequency.interval", "no Gamma is that wide or that narrow")
    shape = math.exp(float(brentq(excess, least, most, xtol=1e-13)))
    scale = high / float(gammaincinv(shape, 1.0 - tail))
    return Frequency(rate=shape * scale, shape=shape)

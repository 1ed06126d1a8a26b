"""PERT severity: a Beta stretched over [least, most] around a mode (Vose: Risk Analysis, 2008).

alpha = 1 + w (mode - least)/(most - least), beta = 1 + w (most - mode)/(most - least); with the
usual weight w = 4 the mean is (least + 4 mode + most)/6 and the variance
(mean - least)(most - mean)/7.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, betaln

from guanlan.quant.invalid import Invalid, ordered, positive, within
from guanlan.quant.money import amount
from guanlan.quant.severity import Floats


@dataclass(frozen=True, slots=True)
class Pert:
    """least, mode, most: minor units, 0 <= least <= mode <= most and least < most.

    weight: how hard the mode pulls, without unit.
    """

    least: int
    mode: int
    most: int
    weight: float = 4.0

    def __post_init__(self) -> None:
        amount(self.least, "severity.least", zero=True)
        amount(self.mode, "severity.mode", zero=True)
        amount(self.most, "severity.most")
        ordered(self.least, self.most, "severity.least")
        if not self.least <= self.mode <= self.most:
            raise Invalid("severity.mode", "expected an amount between least and most")
        positive(self.weight, "severity.weight")

    @property
    def shapes(self) -> tuple[float, float]:
        """alpha and beta of the Beta."""
        span = self.most - self.least
        return (
            1.0 + self.weight * (self.mode - self.least) / span,
            1.0 + self.weight * (self.most - self.mode) / span,
        )

    @property
    def mean(self) -> float:
        return self.moment(1)

    def moment(self, order: int) -> float:
        alpha, beta = self.shapes
        span = float(self.most - self.least)
        unit = [1.0]  # moments of the Beta
        for k in range(order):
            unit.append(unit[-1] * (alpha + k) / (alpha + beta + k))
        return sum(
            math.comb(order, k) * span**k * float(self.least) ** (order - k) * unit[k]
            for k in range(order + 1)
        )

    def survival(self, amounts: Floats) -> Floats:
        found: Floats = betainc(*self.shapes[::-1], 1.0 - self._unit(amounts))
        return found

    def limited(self, amounts: Floats) -> Floats:
        found = np.minimum(amounts, self.mean)
        inside = (amounts > self.least) & (amounts < self.most)
        alpha, beta = self.shapes
        span = float(self.most - self.least)
        some = amounts[inside]
        unit = (some - self.least) / span
        share = betainc(alpha, beta, unit)
        # I(alpha + 1, beta) by recurrence: half the work of a second betainc.
        falls = np.exp(alpha * np.log(unit) + beta * np.log1p(-unit) - betaln(alpha, beta)) / alpha
        below = self.least * share + span * alpha / (alpha + beta) * (share - falls)
        found[inside] = below + some * (1.0 - share)
        found[amounts <= self.least] = amounts[amounts <= self.least]
        found[amounts >= self.most] = self.mean
        return found

    def sample(self, rng: np.random.Generator, count: int) -> Floats:
        drawn: Floats = self.least + float(self.most - self.least) * rng.beta(*self.shapes, count)
        return drawn

    def redrawn(self, rng: np.random.Generator) -> Pert:
        return self

    def _unit(self, amounts: Floats) -> Floats:
        return np.clip((amounts - self.least) / float(self.most - self.least), 0.0, 1.0)


def pert_from_interval(
    least: int, mode: int, most: int, low: int, high: int, *, level: float = 0.9
) -> Pert:
    """The PERT over [least, most] that puts probability `level` on [low, high].

    The weight is solved for. Raises Invalid when the interval is upside down, reaches outside the
    bounds, does not hold the mode, or would need a weight outside 0.01 to 10,000.
    """
    plain = Pert(least, mode, most)
    amount(low, "severity.interval", zero=True)
    amount(high, "severity.interval", zero=True)
    ordered(low, high, "severity.interval")
    within(level, 0.0, 1.0, "level")
    if low < least or high > most:
        raise Invalid("severity.interval", "reaches outside least and most, which bound every loss")
    if not low <= mode <= high:
        raise Invalid("severity.interval", "expected an interval that holds the mode")
    ends = np.array([low, high], dtype=np.float64)

    def missing(log_weight: float) -> float:
        there = Pert(plain.least, plain.mode, plain.most, math.exp(log_weight))
        above = there.survival(ends)
        return float(above[0] - above[1]) - level

    bounds = math.log(0.01), math.log(10_000.0)
    if missing(bounds[0]) > 0.0 or missing(bounds[1]) < 0.0:
        raise Invalid("severity.interval", "no PERT between these bounds has that interval")
    return Pert(least, mode, most, math.exp(float(brentq(missing, *bounds, xtol=1e-12))))

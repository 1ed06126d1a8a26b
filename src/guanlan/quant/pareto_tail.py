"""Generalised Pareto excesses over a threshold, fitted by weighted moments or likelihood.

P(Y > y) = (1 + shape y/scale)^(-1/shape), y the excess in minor units; shape 0 is the exponential.
PWM: Hosking and Wallis, Technometrics 29 (1987). ML: Grimshaw, Technometrics 35 (1993), as a
search over one variable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import minimize_scalar

from guanlan.quant.invalid import Invalid, positive
from guanlan.quant.severity import Floats

LEAST = 10  # excesses; fewer say nothing of a tail
_FLAT = 1e-9  # a shape nearer to zero is the exponential


@dataclass(frozen=True, slots=True)
class ParetoTail:
    """shape: below 1, so that the mean exists. scale: minor units, above zero."""

    shape: float
    scale: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.shape) or self.shape >= 1.0:
            raise Invalid("severity.tail.shape", "expected a number below 1: the mean must exist")
        positive(self.scale, "severity.tail.scale")

    @property
    def end(self) -> float:
        """The largest excess there can be; infinite unless the shape is negative."""
        return math.inf if self.shape >= -_FLAT else -self.scale / self.shape

    def survival(self, excess: Floats) -> Floats:
        """P(Y > excess), for excesses of zero and above."""
        y = np.minimum(excess, self.end) / self.scale
        if abs(self.shape) < _FLAT:
            return np.exp(-y)
        with np.errstate(divide="ignore"):
            found: Floats = np.exp(-np.log1p(np.maximum(self.shape * y, -1.0)) / self.shape)
        return found

    def limited(self, excess: Floats) -> Floats:
        """E[min(Y, excess)]."""
        y = np.minimum(excess, self.end) / self.scale
        if abs(self.shape) < _FLAT:
            return -self.scale * np.expm1(-y)
        power = 1.0 - 1.0 / self.shape
        with np.errstate(divide="ignore"):
            grown = np.expm1(power * np.log1p(np.maximum(self.shape * y, -1.0)))
        return -self.scale / (1.0 - self.shape) * grown

    def moment(self, order: int) -> float:
        """E[Y^order]: order! scale^order / product(1 - k shape), or infinite."""
        found = 1.0
        for k in range(1, order + 1):
            if k * self.shape >= 1.0:
                return math.inf
            found *= k * self.scale / (1.0 - k * self.shape)
        return found

    def sample(self, rng: np.random.Generator, count: int) -> Floats:
        drawn = rng.standard_exponential(count)
        if abs(self.shape) < _FLAT:
            return self.scale * drawn
        return self.scale * np.expm1(self.shape * drawn) / self.shape


def fit_tail(excesses: Floats, method: Literal["pwm", "ml"] = "pwm") -> ParetoTail:
    """The tail that fits `excesses` (minor units, above zero).

    Raises Invalid for fewer than ten, for one that is not above zero, for values that are all one
    and for a fit whose mean would be infinite.
    """
    values = np.sort(np.asarray(excesses, dtype=np.float64))
    if values.size < LEAST:
        raise Invalid("severity.tail", f"expected {LEAST} losses above the threshold at least")
    if not np.all(np.isfinite(values)) or values[0] <= 0.0:
        raise Invalid("severity.tail", "expected finite excesses above zero")
    if values[0] == values[-1]:
        raise Invalid("severity.tail", "expected losses above the threshold that differ")
    return _by_moments(values) if method == "pwm" else _by_likelihood(values)


def _by_moments(values: Floats) -> ParetoTail:
    count = values.size
    weights = np.arange(count - 1, -1, -1) / (count - 1)
    first, second = float(values.mean()), float((weights * values).mean())
    rest = first - 2.0 * second
    return ParetoTail(shape=2.0 - first / rest, scale=2.0 * first * second / rest)


def _by_likelihood(values: Floats) -> ParetoTail:
    """With theta = shape/scale the best shape is mean(log(1 + theta y)): one variable is left."""
    unit = values / values.mean()
    largest = float(unit[-1])

    def cost(theta: float) -> float:
        if abs(theta) < _FLAT:
            return 1.0  # the exponential: log(mean) + 1 at mean one
        shape = float(np.log1p(theta * unit).mean())
        if abs(shape) < _FLAT:
            return 1.0
        return math.log(shape / theta) + shape + 1.0

    # theta > -1/largest; nearer than this the likelihood grows without bound and means nothing.
    low, high = -0.95 / largest, 50.0
    grid = np.concatenate((np.linspace(low, 0.0, 40), np.geomspace(1e-4, high, 120)))
    costs = [cost(float(theta)) for theta in grid]
    best = int(np.argmin(costs))
    bounds = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, grid.size - 1)])
    found = minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-10})
    theta = float(found.x) if float(found.fun) <= costs[best] else float(grid[best])
    if abs(theta) < _FLAT:
        return ParetoTail(0.0, float(values.mean()))
    shape = float(np.log1p(theta * unit).mean())
    return ParetoTail(shape, shape / theta * float(values.mean()))

"""Lognormal severity: ln X is normal with mean mu and deviation sigma (X in minor units)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr, ndtri

from guanlan.quant.invalid import Invalid, ordered, positive, within
from guanlan.quant.money import amount
from guanlan.quant.severity import Floats


@dataclass(frozen=True, slots=True)
class Lognormal:
    """mu: mean of ln X, X in minor units. sigma: deviation of ln X, above zero.

    evidence: how many losses mu and sigma were estimated from, or are worth; None when not said.
    """

    mu: float
    sigma: float
    evidence: int | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.mu):
            raise Invalid("severity.mu", "expected a finite number")
        positive(self.sigma, "severity.sigma")
        if self.evidence is not None and self.evidence < 2:
            raise Invalid("severity.evidence", "expected a whole number of losses, two or more")

    @property
    def mean(self) -> float:
        return self.moment(1)

    def moment(self, order: int) -> float:
        return math.exp(order * self.mu + (order * self.sigma) ** 2 / 2.0)

    def survival(self, amounts: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            found: Floats = ndtr((self.mu - np.log(amounts)) / self.sigma)
        return found

    def limited(self, amounts: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            standard = (np.log(amounts) - self.mu) / self.sigma
        found: Floats = self.mean * ndtr(standard - self.sigma) + amounts * ndtr(-standard)
        return found

    def sample(self, rng: np.random.Generator, count: int) -> Floats:
        return rng.lognormal(self.mu, self.sigma, count)

    def redrawn(self, rng: np.random.Generator) -> Lognormal:
        """From the posterior under the reference prior 1/sigma²: sigma² (n-1)/chi²(n-1), then
        mu + sigma z/√n (Gelman et al., section 3.2)."""
        if self.evidence is None:
            return self
        count = self.evidence
        sigma = self.sigma * math.sqrt((count - 1) / rng.chisquare(count - 1))
        mu = self.mu + sigma * rng.standard_normal() / math.sqrt(count)
        return replace(self, mu=mu, sigma=sigma)


def lognormal_from_interval(
    low: int, high: int, *, level: float = 0.9, evidence: int | None = None
) -> Lognormal:
    """The lognormal whose central interval of probability `level` is [low, high] minor units.

    Raises Invalid for an interval upside down or an amount that is not above zero.
    """
    amount(low, "severity.interval")
    amount(high, "severity.interval")
    ordered(low, high, "severity.interval")
    within(level, 0.0, 1.0, "level")
    z = float(ndtri((1.0 + level) / 2.0))
    mu = (math.log(low) + math.log(high)) / 2.0
    return Lognormal(mu, (math.log(high) - math.log(low)) / (2.0 * z), evidence)


def lognormal_from_quantile(
    median: int, high: int, *, level: float, evidence: int | None = None
) -> Lognormal:
    """The lognormal of this median whose quantile at `level` (above one half) is `high`.

    Raises Invalid.
    """
    amount(median, "severity.median")
    amount(high, "severity.quantile")
    ordered(median, high, "severity.quantile")
    within(level, 0.5, 1.0, "severity.level")
    sigma = (math.log(high) - math.log(median)) / float(ndtri(level))
    return Lognormal(math.log(median), sigma, evidence)

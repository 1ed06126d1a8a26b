"""First three cumulants of the year's loss, in closed form: what the grid is held against."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from guanlan.quant.frequency import Frequency


class Cumulants(NamedTuple):
    """Mean, variance and third central moment; infinite where the tail is too heavy."""

    mean: float
    variance: float
    third: float

    @property
    def deviation(self) -> float:
        return math.sqrt(self.variance)


NOTHING = Cumulants(0.0, 0.0, 0.0)


def added(parts: Iterable[Cumulants]) -> Cumulants:
    """Of a sum of independent parts."""
    columns = list(zip(*parts, strict=True))
    return Cumulants(*(math.fsum(column) for column in columns)) if columns else NOTHING


def subordinated(inner: Cumulants, variance: float) -> Cumulants:
    """Of the process with cumulants `inner` at a Gamma time of mean one and this variance.

    From K(t) = -log(1 - v k(t))/v.
    """
    mean, second, third = inner
    return Cumulants(
        mean,
        second + variance * mean**2,
        third + 3.0 * variance * mean * second + 2.0 * variance**2 * mean**3,
    )


def compound(frequency: Frequency, moments: Sequence[float]) -> Cumulants:
    """Of a compound sum; `moments` are E[X], E[X²], E[X³]."""
    if frequency.rate == 0.0:
        return NOTHING
    poisson = Cumulants(*(frequency.rate * moment for moment in moments))
    if frequency.shape is None:
        return poisson
    return subordinated(poisson, 1.0 / frequency.shape)


def struck(rate: float, hits: Iterable[tuple[float, Sequence[float]]]) -> Cumulants:
    """Of shocks, `rate` a year, each the sum of losses that happen with their own probability.

    `hits` gives (probability, (E[X], E[X²], E[X³])).
    """
    parts = []
    for probability, moments in hits:
        first, second, third = (probability * moment for moment in moments)
        parts.append(
            Cumulants(first, second - first**2, third - 3.0 * first * second + 2.0 * first**3)
        )
    one = added(parts)
    mean = one.mean
    return Cumulants(
        rate * mean,
        rate * (one.variance + mean**2),
        rate * (one.third + 3.0 * mean * one.variance + mean**3),
    )

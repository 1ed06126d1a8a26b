"""What is not known of the parameters, as an interval of the expectancy and of value at risk.

Method: rates are drawn from their Gammas and severities from what they rest on (a lognormal's
evidence, the bootstrap of counted losses); of each draw the expectancy is taken in closed form and
value at risk of the year *given* the drawn rates from a transform on a coarser grid. The interval
is that of the draws' central quantiles. A rate without a shape and a severity without evidence do
not vary. The variances of clocks, shocks and the choice of the model itself are not in it. The
point value at risk, which already mixes over the rates, may lie above the middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from guanlan.quant.frequency import Frequency
from guanlan.quant.grid import Grid
from guanlan.quant.invalid import Invalid, within
from guanlan.quant.measures import LEVELS
from guanlan.quant.money import rounded
from guanlan.quant.portfolio import Portfolio
from guanlan.quant.riskset import Risk, RiskSet

_COARSE = 2**11
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Interval:
    """Central interval of probability `level`, (low, high) in minor units.

    var: one interval for each of `var_levels`. draws: how many there were.
    """

    level: float
    draws: int
    expected: Range
    var_levels: tuple[float, ...]
    var: tuple[Range, ...]


def parameter_interval(
    risks: RiskSet,
    grid: Grid,
    rng: np.random.Generator,
    *,
    level: float = 0.9,
    draws: int = 200,
    var_levels: Sequence[float] = LEVELS,
) -> Interval:
    """See the module. grid: the one of the set's Portfolio. Raises Invalid.

    Time: `draws` transforms of 2,048 points, and as many severities laid out as vary.
    """
    within(level, 0.0, 1.0, "level")
    if draws < 20:
        raise Invalid("draws", "expected twenty at least")
    ends = ((1.0 - level) / 2.0, (1.0 + level) / 2.0)
    # Twice the span: a drawn tail may be heavier than the expected one.
    coarse = Grid(grid.step * (2.0 * grid.size / _COARSE), _COARSE)
    varied = any(risk.severity.redrawn(rng) is not risk.severity for risk in risks.risks)
    insured = any(risk.year is not None for risk in risks.risks)
    known = None if varied else Portfolio(risks, coarse)
    expected, var = np.empty(draws), np.empty((draws, len(var_levels)))
    for at in range(draws):
        drawn = _drawn(risks, rng)
        if not (var_levels or insured):
            expected[at] = _mean(drawn)
            continue
        if known is None:
            portfolio = Portfolio(drawn, coarse)
        else:
            portfolio = known
            portfolio.move({risk.name: risk.frequency for risk in drawn.risks})
        expected[at] = portfolio.cumulants.mean
        for column, wanted in enumerate(var_levels):
            beyond = float(portfolio.year.cumulative[-1]) <= wanted
            var[at, column] = coarse.span if beyond else portfolio.year.quantile(wanted)
    return Interval(
        level,
        draws,
        _range(expected, ends),
        tuple(var_levels),
        tuple(_range(column, ends) for column in var.T),
    )


def _drawn(risks: RiskSet, rng: np.random.Generator) -> RiskSet:
    def one(risk: Risk) -> Risk:
        frequency = _rate(risk.frequency, rng)
        return replace(risk, frequency=frequency, severity=risk.severity.redrawn(rng))

    return replace(risks, risks=tuple(one(risk) for risk in risks.risks))


def _mean(risks: RiskSet) -> float:
    """The expectancy of a year, closed form."""
    means = [risk.severity.mean for risk in risks.risks]
    own = sum(risk.frequency.rate * m for risk, m in zip(risks.risks, means, strict=True))
    return own + sum(
        shock.rate * probability * means[risks.position(name)]
        for shock in risks.shocks
        for name, probability in shock.hits.items()
    )


def _rate(frequency: Frequency, rng: np.random.Generator) -> Frequency:
    if frequency.shape is None:
        return frequency
    return Frequency(rng.gamma(frequency.shape, frequency.rate / frequency.shape))


def _range(values: np.ndarray, ends: tuple[float, float]) -> Range:
    low, high = np.quantile(values, ends)
    return rounded(float(low)), rounded(float(high))

"""The year's loss by simulation: a cross-check of the transform, never what is reported.

100,000 years leave some 0.5 % of noise on VaR 95 and 2.5 % on VaR 99.9.
"""

from __future__ import annotations

import numpy as np

from guanlan.quant.invalid import Invalid
from guanlan.quant.riskset import RiskSet
from guanlan.quant.severity import Floats, Severity


def simulate(risks: RiskSet, years: int, rng: np.random.Generator) -> Floats:
    """The loss of each of `years` independent years, minor units. Raises Invalid.

    Memory: the losses of one risk at a time.
    """
    if years < 1:
        raise Invalid("years", "expected one at least")
    clock = _clock(risks.frailty, np.ones(years), rng)
    groups = {group.name: _clock(group.variance, clock, rng) for group in risks.groups}
    total = np.zeros(years)
    for risk in risks.risks:
        time = clock if risk.group is None else groups[risk.group]
        rate, shape = risk.frequency.rate, risk.frequency.shape
        if shape is None:
            means = rate * time
        else:
            # A Gamma rate along a clock: its shape grows with the time that passes.
            means = rng.standard_gamma(shape * time) * (rate / shape)
        year = _summed(rng.poisson(means), risk.severity, rng)
        total += year if risk.year is None else year - risk.year.paid(year)
    for shock in risks.shocks:
        strikes = rng.poisson(shock.rate * clock)
        for name, probability in shock.hits.items():
            severity = risks.risks[risks.position(name)].severity
            total += _summed(rng.binomial(strikes, probability), severity, rng)
    return total


def _clock(variance: float, time: Floats, rng: np.random.Generator) -> Floats:
    """How long a year lasts: Gamma of mean `time` and variance variance·time."""
    if variance == 0.0:
        return time
    drawn: Floats = rng.standard_gamma(time / variance) * variance
    return drawn


def _summed(counts: np.ndarray, severity: Severity, rng: np.random.Generator) -> Floats:
    """Each year's sum of as many losses as it has."""
    losses = severity.sample(rng, int(counts.sum()))
    sums = np.concatenate(((0.0,), np.cumsum(losses)))
    ends = np.cumsum(counts)
    found: Floats = sums[ends] - sums[ends - counts]
    return found

"""What counted losses say about a rate: Gamma prior, Poisson counts, Gamma posterior.

Prior Gamma(a, b) with mean a/b; n events in T years make Gamma(a + n, b + T)
(Gelman et al.: Bayesian Data Analysis, section 2.6).
"""

from __future__ import annotations

from scipy.special import gammaincinv

from guanlan.quant.frequency import Frequency
from guanlan.quant.invalid import Invalid, positive, within


def updated(prior: Frequency, events: int, exposure: float) -> Frequency:
    """`prior` after `events` losses were counted in `exposure` years.

    Raises Invalid for a prior without a shape (a rate that is known learns nothing), a negative
    count or an exposure that is not above zero.

    >>> updated(Frequency(rate=2.0, shape=2.0), 3, 0.25)
    Frequency(rate=4.0, shape=5.0)
    """
    if prior.shape is None:
        raise Invalid("frequency", "expected a Gamma rate; a rate taken as known learns nothing")
    if events < 0 or events != int(events):
        raise Invalid("observed.events", "expected a whole number, zero or above")
    positive(exposure, "observed.years")
    shape = prior.shape + events
    return Frequency(rate=shape / (prior.shape / prior.rate + exposure), shape=shape)


def credible(frequency: Frequency, *, level: float = 0.9) -> tuple[float, float]:
    """Central interval of the rate, events a year; a known rate is its own interval."""
    within(level, 0.0, 1.0, "level")
    if frequency.shape is None:
        return frequency.rate, frequency.rate
    scale = frequency.rate / frequency.shape
    tail = (1.0 - level) / 2.0
    return (
        float(gammaincinv(frequency.shape, tail)) * scale,
        float(gammaincinv(frequency.shape, 1.0 - tail)) * scale,
    )

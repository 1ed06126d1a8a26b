"""Other ways to the same numbers: written without the transform, so that they can contradict it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from guanlan.quant import (
    Frequency,
    Group,
    Pert,
    Risk,
    RiskSet,
    Shock,
    lognormal_from_interval,
)

Floats = NDArray[np.float64]


def panjer(frequency: Frequency, severity: Floats, size: int) -> Floats:
    """Compound masses by recursion (Panjer, 1981): p(n) = (a + b/n) p(n - 1)."""
    if frequency.shape is None:
        a, b = 0.0, frequency.rate
        first = math.exp(frequency.rate * (severity[0] - 1.0))
    else:
        beta = frequency.rate / frequency.shape
        a = beta / (1.0 + beta)
        b = (frequency.shape - 1.0) * a
        first = (1.0 + beta * (1.0 - severity[0])) ** -frequency.shape
    found = np.zeros(size)
    found[0] = first
    for k in range(1, size):
        j = np.arange(1, k + 1)
        weights = (a + b * j / k) * severity[1 : k + 1]
        found[k] = float(weights @ found[k - 1 :: -1][:k]) / (1.0 - a * severity[0])
    return found


def few(scale: int = 1) -> RiskSet:
    """Three risks of different kinds, amounts times `scale`."""
    return RiskSet(
        "CNY",
        (
            Risk("often", Frequency(12.0), Pert(1_000 * scale, 3_000 * scale, 20_000 * scale)),
            Risk("unsure", Frequency(2.0, 3.0), Pert(0, 5_000 * scale, 60_000 * scale)),
            Risk("rare", Frequency(0.3), lognormal_from_interval(2_000 * scale, 90_000 * scale)),
        ),
    )


def together(frailty: float = 0.1) -> RiskSet:
    """The same with a clock in common, a group, and a shock to two of them."""
    often, unsure, rare = few().risks
    return RiskSet(
        "CNY",
        (
            Risk("often", often.frequency, often.severity, "waves"),
            Risk("unsure", unsure.frequency, unsure.severity, "waves"),
            rare,
        ),
        frailty=frailty,
        groups=(Group("waves", 0.4),),
        shocks=(Shock("outage", 0.5, {"often": 0.9, "rare": 0.4}),),
    )

"""Good years and bad years in common: a Gamma clock over independent risks.

If psi is the logarithm of the generating function of a year of independent compound sums, a year
that lasts V, with V Gamma of mean 1 and variance v, has (1 - v psi)^(-1/v). For Poisson risks that
is one random multiplier of all their rates (frailty). A risk with a Gamma rate keeps its own as
well: its negative binomial count runs along the same clock. Means stay, variances gain v·mean².
Groups have a clock of their own inside; the set's runs over everything, shocks included.

A shock strikes `rate` times a year; given it, each risk it can hit is hit independently:
rate·(product(1 - p + p phi) - 1).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from guanlan.quant.frequency import Complexes

_NEGLIGIBLE = -40.0  # exp of it is 4e-18: below the rounding of the sum it would enter


def clocked(exponent: Complexes, variance: float) -> Complexes:
    """-log(1 - v psi)/v; psi itself for v zero."""
    if variance == 0.0:
        return exponent
    found: Complexes = np.log(1.0 - variance * exponent)
    found *= -1.0 / variance
    return found


def shock_exponent(rate: float, hits: Iterable[tuple[float, Complexes]]) -> Complexes | float:
    """rate·(product(1 + p (phi - 1)) - 1) of (p, phi - 1)."""
    product: Complexes | float = 1.0
    for probability, less_one in hits:
        product = product * (1.0 + probability * less_one)
    return rate * (product - 1.0)


def transform(exponent: Complexes) -> Complexes:
    """exp, entry by entry, where it is more than rounding."""
    some = np.flatnonzero(exponent.real > _NEGLIGIBLE)
    if some.size > 0.9 * exponent.size:
        return np.exp(exponent)
    found = np.zeros_like(exponent)
    found[some] = np.exp(exponent[some])
    return found

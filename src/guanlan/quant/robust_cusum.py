"""CUSUM of values that are no counts: a small lasting shift, in robust standard deviations.

    S = max(0, S + min(z, CAP) - k),  z = (value - centre)/spread;  an alarm when S >= h

k is half the shift that is watched for; one wild value moves S by no more than the cap, so that a
single outlier is no drift. The mean time to a false alarm is computed as Brook and Evans do
(Biometrika 59, 1972): a Markov chain over S, whose steps are a normal's, here with its upper end
folded in at the cap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtr

from guanlan.quant.invalid import Invalid, positive

CAP = 3.0
_CELLS = 120


@dataclass(frozen=True, slots=True)
class RobustCusum:
    """centre, spread: of the values. reference (k), threshold (h): in spreads."""

    centre: float
    spread: float
    reference: float
    threshold: float

    def __post_init__(self) -> None:
        positive(self.spread, "spread")
        positive(self.reference, "reference")
        positive(self.threshold, "threshold")

    def step(self, score: float, value: float, *, falling: bool = False) -> float:
        """The next score; an alarm when it is `threshold` or more. `falling` watches for a fall."""
        apart = (value - self.centre) / self.spread
        if falling:
            apart = -apart
        return max(0.0, score + min(apart, CAP) - self.reference)


def robust_cusum(
    centre: float, spread: float, *, shift: float = 1.0, run_length: float = 365.0
) -> RobustCusum:
    """The CUSUM for a shift by so many spreads, alarming falsely no more than once in `run_length`
    values in the mean, where these are normal. Raises Invalid.

    >>> round(robust_cusum(0.0, 1.0, shift=1.0, run_length=370.0).threshold, 1)
    4.1
    """
    positive(shift, "shift")
    if shift >= 2.0 * CAP:
        raise Invalid("shift", f"expected a shift below {2.0 * CAP:g} spreads")
    positive(run_length, "run_length")
    return RobustCusum(centre, spread, shift / 2.0, _threshold(shift / 2.0, run_length))


@lru_cache(maxsize=256)
def _threshold(reference: float, wanted: float) -> float:
    low, high = 0.0, 1.0
    while run_length(reference, high) < wanted:
        low, high = high, 2.0 * high
        if high > 64.0:
            raise Invalid("run_length", "expected a shorter wait or a larger shift")
    while high - low > 1e-4:
        middle = (low + high) / 2.0
        if run_length(reference, middle) < wanted:
            low = middle
        else:
            high = middle
    return high


def run_length(reference: float, threshold: float, *, shift: float = 0.0) -> float:
    """Mean number of values to the alarm from score zero, when the values are normal and have
    shifted by so many spreads."""
    width = 2.0 * threshold / (2 * _CELLS - 1)
    at = width * np.arange(_CELLS)
    ends = at[None, :] + width / 2.0 - at[:, None] + reference
    below = np.where(ends >= CAP, 1.0, ndtr(ends - shift))
    stay = np.diff(below, axis=1, prepend=0.0)
    lengths = np.linalg.solve(np.eye(_CELLS) - stay, np.ones(_CELLS))
    found = float(lengths[0])
    return found if found > 0.0 and math.isfinite(found) else math.inf

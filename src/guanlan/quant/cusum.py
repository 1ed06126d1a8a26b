"""Poisson CUSUM: a small lasting rise of a count, seen earlier than any limit for one day.

    S = max(0, S + count - reference); an alarm when S >= threshold

The reference between the good mean m0 and the bad mean m1 is (m1 - m0)/ln(m1/m0) (Lucas,
Technometrics 27, 1985). How long it takes to an alarm is computed exactly, by a Markov chain over
the values that S can take (Brook and Evans, Biometrika 59, 1972): the reference is a multiple of
1/`GRAIN`, so that there are finitely many.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import pdtr

from guanlan.quant.invalid import Invalid, not_negative, positive

GRAIN = 10
_MOST_STATES = 2_000


@dataclass(frozen=True, slots=True)
class Cusum:
    """reference, threshold: in tenths (1/GRAIN) of an event; a period is what one count covers."""

    reference: int
    threshold: int

    def __post_init__(self) -> None:
        if self.reference < 1 or self.threshold < 1:
            raise Invalid("cusum", "expected a reference and a threshold above zero")

    def step(self, score: int, count: int) -> int:
        """The next score, in tenths; an alarm when it is `threshold` or more."""
        return max(0, score + GRAIN * count - self.reference)

    def scores(self, counts: Iterable[int]) -> list[int]:
        """Scores after each count, beginning at zero and again at zero after each alarm."""
        found, score = [], 0
        for count in counts:
            score = self.step(0 if score >= self.threshold else score, count)
            found.append(score)
        return found

    def run_length(self, mean: float) -> float:
        """Mean number of periods to the alarm, from score zero, when counts have this mean.

        Infinite where no alarm can come. Raises Invalid.
        """
        not_negative(mean, "mean")
        if mean == 0.0:
            return math.inf
        size = self.threshold
        if size > _MOST_STATES:
            raise Invalid("cusum.threshold", f"expected {_MOST_STATES} tenths at most")
        score = np.arange(size)
        stay = np.zeros((size, size))
        # Score zero gathers every count up to reference - score.
        stay[:, 0] = pdtr(np.floor((self.reference - score) / GRAIN), mean)
        stay[score > self.reference, 0] = 0.0
        most = (size + self.reference) // GRAIN + 1
        counts = np.arange(most + 1)
        lower = np.where(counts > 0, pdtr(np.maximum(counts - 1, 0), mean), 0.0)
        masses = pdtr(counts, mean) - lower
        for count, mass in zip(counts.tolist(), masses.tolist(), strict=True):
            to = score + GRAIN * count - self.reference
            there = (to > 0) & (to < size)
            stay[score[there], to[there]] += mass
        lengths = np.linalg.solve(np.eye(size) - stay, np.ones(size))
        return float(lengths[0])


def cusum(good: float, bad: float, run_length: float) -> Cusum:
    """The CUSUM for a rise from `good` to `bad` a period, alarming falsely no more than once in
    `run_length` periods in the mean; of all thresholds the smallest.

    Raises Invalid for means that are not above zero and in order, a rise too small for tenths, or a
    wait that would need a threshold past 200 events.

    >>> chart = cusum(3.0, 4.5, 1_000)
    >>> chart.reference, round(chart.run_length(4.5), 1)
    (37, 14.8)
    """
    positive(good, "good")
    positive(bad, "bad")
    positive(run_length, "run_length")
    if not good < bad:
        raise Invalid("bad", "expected a mean above the good one")
    reference = round(GRAIN * (bad - good) / math.log(bad / good))
    if not GRAIN * good < reference < GRAIN * bad:
        raise Invalid("bad", "expected a rise of some tenths of an event; take a longer period")
    low, high = 0, GRAIN
    while Cusum(reference, high).run_length(good) < run_length:
        low, high = high, 2 * high
        if high > _MOST_STATES:
            raise Invalid("run_length", "expected a shorter wait or a larger rise")
    while high - low > 1:
        middle = (low + high) // 2
        if Cusum(reference, middle).run_length(good) < run_length:
            low = middle
        else:
            high = middle
    return Cusum(reference, high)

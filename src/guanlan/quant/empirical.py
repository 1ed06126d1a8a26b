"""Severity of counted losses: as they were below a threshold, a Pareto tail above it.

Without a threshold the losses are the distribution, each as likely as any other: then none can be
larger than the largest seen, which understates what may come.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from guanlan.quant.invalid import Invalid
from guanlan.quant.money import amount
from guanlan.quant.pareto_tail import ParetoTail, fit_tail
from guanlan.quant.severity import Floats

Method = Literal["pwm", "ml"]


@dataclass(frozen=True, slots=True)
class Empirical:
    """losses: minor units, ascending, those at or below the threshold.

    above: share of all losses that lie above the threshold; they follow threshold + `tail`.
    count: how many losses there were in all. method: how the tail was fitted.
    """

    losses: tuple[int, ...]
    count: int
    threshold: int | None = None
    above: float = 0.0
    tail: ParetoTail | None = None
    method: Method = "pwm"

    @property
    def mean(self) -> float:
        return self.moment(1)

    def moment(self, order: int) -> float:
        found = (1.0 - self.above) * float(np.mean(self._body() ** order))
        if self.tail is None or self.threshold is None:
            return found
        start = float(self.threshold)
        tail = sum(
            math.comb(order, k) * start ** (order - k) * self.tail.moment(k)
            for k in range(order + 1)
        )
        return found + self.above * tail

    def survival(self, amounts: Floats) -> Floats:
        body = self._body()
        beyond = 1.0 - np.searchsorted(body, amounts, side="right") / body.size
        found: Floats = (1.0 - self.above) * beyond
        if self.tail is not None and self.threshold is not None:
            found = found + self.above * self.tail.survival(np.maximum(amounts - self.threshold, 0))
        return found

    def limited(self, amounts: Floats) -> Floats:
        body = self._body()
        sums = np.concatenate(((0.0,), np.cumsum(body)))
        rank = np.searchsorted(body, amounts, side="right")
        found: Floats = (1.0 - self.above) / body.size * (sums[rank] + amounts * (body.size - rank))
        if self.tail is not None and self.threshold is not None:
            excess = np.maximum(amounts - self.threshold, 0.0)
            capped = np.minimum(amounts, self.threshold)
            found = found + self.above * (capped + self.tail.limited(excess))
        return found

    def sample(self, rng: np.random.Generator, count: int) -> Floats:
        drawn: Floats = rng.choice(self._body(), count)
        if self.tail is not None and self.threshold is not None:
            far = rng.random(count) < self.above
            drawn[far] = self.threshold + self.tail.sample(rng, int(far.sum()))
        return drawn

    def redrawn(self, rng: np.random.Generator) -> Empirical:
        """By bootstrap: as many losses drawn from this distribution, fitted the same way again.

        A sample of which no tail can be fitted (too few above the threshold) is drawn again.
        """
        for _ in range(20):
            drawn = [max(1, round(x)) for x in self.sample(rng, self.count).tolist()]
            try:
                return empirical(drawn, threshold=self.threshold, method=self.method)
            except Invalid:
                continue
        return self

    def _body(self) -> Floats:
        return np.array(self.losses, dtype=np.float64)


def empirical(
    losses: Sequence[int], *, threshold: int | None = None, method: Method = "pwm"
) -> Empirical:
    """The distribution of `losses` (minor units, above zero), with a tail above `threshold`.

    Raises Invalid for fewer than two losses, an amount not above zero, a threshold with no loss at
    or below it or fewer than ten above it, and a tail whose mean would be infinite.
    """
    if len(losses) < 2:
        raise Invalid("severity.losses", "expected two losses at least")
    values = sorted(amount(loss, f"severity.losses[{k}]") for k, loss in enumerate(losses))
    if threshold is None:
        return Empirical(tuple(values), len(values))
    amount(threshold, "severity.tail.threshold")
    body = tuple(value for value in values if value <= threshold)
    if not body:
        raise Invalid("severity.tail.threshold", "expected a loss at or below the threshold")
    excesses = np.array(values[len(body) :], dtype=np.float64) - threshold
    tail = fit_tail(excesses, method)
    above = excesses.size / len(values)
    return Empirical(body, len(values), threshold, above, tail, method)

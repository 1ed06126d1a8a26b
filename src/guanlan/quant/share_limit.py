"""Shares (of decisions declined, of complaints answered late): Beta prior, beta-binomial counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, betaln, gammaln

from guanlan.quant.invalid import Invalid, positive, within


@dataclass(frozen=True, slots=True)
class Share:
    """What is known of a share: Beta(yes, no), both above zero, as counts of earlier trials.

    Jeffreys' prior, for a start without knowledge, is Share(0.5, 0.5).
    """

    yes: float
    no: float

    def __post_init__(self) -> None:
        positive(self.yes, "share.yes")
        positive(self.no, "share.no")

    @property
    def mean(self) -> float:
        return self.yes / (self.yes + self.no)

    def updated(self, hits: int, trials: int) -> Share:
        """After `hits` among `trials`. Raises Invalid."""
        if not 0 <= hits <= trials:
            raise Invalid("hits", "expected a count from zero to the number of trials")
        return Share(self.yes + hits, self.no + trials - hits)

    def interval(self, *, level: float = 0.9) -> tuple[float, float]:
        """Central interval of the share."""
        within(level, 0.0, 1.0, "level")
        tail = (1.0 - level) / 2.0
        return (
            float(betaincinv(self.yes, self.no, tail)),
            float(betaincinv(self.yes, self.no, 1.0 - tail)),
        )

    def limit(self, trials: int, false_alarms: float) -> int:
        """The smallest c with P(K > c) <= `false_alarms`, K hits among `trials` to come.

        `trials` itself when even all of them are no surprise: then nothing can alarm. Raises
        Invalid.
        """
        if trials < 0:
            raise Invalid("trials", "expected a whole number, zero or above")
        within(false_alarms, 0.0, 1.0, "false_alarms")
        k = np.arange(trials + 1, dtype=np.float64)
        logarithm = (
            gammaln(trials + 1.0) - gammaln(k + 1.0) - gammaln(trials - k + 1.0)
            + betaln(k + self.yes, trials - k + self.no) - betaln(self.yes, self.no)
        )  # fmt: skip
        # P(K >= k), summed from the small end.
        reached = np.cumsum(np.exp(logarithm)[::-1])[::-1]
        rare = np.flatnonzero(reached <= false_alarms)
        return int(rare[0]) - 1 if rare.size else trials

"""The distribution of one year's loss on a grid: quantiles, tail means, exceedance.

A mass at k·step stands for the neighbourhood of k·step (the hat of `discretise`), so that P(S <= x)
at a grid point is the mass below it and half of its own, and is linear between points. No loss at
all has its own probability, known in closed form.
"""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft

from guanlan.quant.dependence import transform
from guanlan.quant.grid import Fit, Grid
from guanlan.quant.invalid import Invalid, not_negative, within
from guanlan.quant.severity import Floats
from guanlan.quant.spectra import Spectra


class Year:
    """Built from a set's spectra, its closed-form mean and its probability of no loss."""

    def __init__(self, spectra: Spectra, mean: float, no_loss: float) -> None:
        self.grid: Grid = spectra.grid
        self._amounts = spectra.amounts
        self.mean = mean
        self.no_loss = no_loss
        self.transform = transform(spectra.total())
        found: Floats = irfft(self.transform, self.grid.size)
        found *= spectra.back
        # Rounding leaves some -1e-18 where there is nothing.
        self.masses: Floats = np.maximum(found, 0.0, out=found)
        self.cumulative: Floats = np.cumsum(self.masses)
        self._below: Floats = np.multiply(self.masses, -0.5)
        self._below += self.cumulative
        self._below[0] = no_loss

    @property
    def fit(self) -> Fit:
        """What the grid does not hold."""
        lost = max(0.0, 1.0 - float(self.cumulative[-1]))
        there = float((self.masses * self._amounts).sum())
        return Fit(self.grid, lost, (self.mean - there) / self.mean if self.mean else 0.0)

    def quantile(self, level: float) -> float:
        """Value at risk: what the year's loss exceeds with probability 1 - level, minor units.

        Raises Invalid for a level not in (0, 1) or one that lies beyond the grid.
        """
        within(level, 0.0, 1.0, "level")
        if level <= self.no_loss:
            return 0.0
        k = int(np.searchsorted(self._below, level))
        if k >= self.grid.size:
            raise Invalid("level", "lies beyond what the grid holds")
        low, high = float(self._below[k - 1]), float(self._below[k])
        return self.grid.step * (k - 1 + (level - low) / (high - low))

    def exceedance(self, loss: float) -> float:
        """P(S > loss), loss in minor units; beyond the grid's end what is lost there."""
        at = not_negative(loss, "loss") / self.grid.step
        k = int(at)
        if k >= self.grid.size - 1:
            return max(0.0, 1.0 - float(self.cumulative[-1]))
        low, high = float(self._below[k]), float(self._below[k + 1])
        return min(1.0, max(0.0, 1.0 - (low + (high - low) * (at - k))))

    def below(self, level: float) -> Floats:
        """Share of each mass that belongs to the `level` smallest of outcomes, entry by entry."""
        within(level, 0.0, 1.0, "level")
        k = int(np.searchsorted(self.cumulative, level))
        if k >= self.grid.size:
            raise Invalid("level", "lies beyond what the grid holds")
        found = np.zeros(self.grid.size)
        found[:k] = 1.0
        before = float(self.cumulative[k - 1]) if k else 0.0
        found[k] = (level - before) / float(self.masses[k])
        return found

    def tail_mean(self, level: float) -> float:
        """TVaR, the mean of the 1 - level worst years, minor units.

        Mean less what lies below: nothing of it is cut off at the grid's end.
        """
        smaller = float((self.below(level) * self.masses * self._amounts).sum())
        return (self.mean - smaller) / (1.0 - level)

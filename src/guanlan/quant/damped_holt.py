"""Damped Holt: where a series is going, and how likely it crosses a limit on the way.

    level = a y + (1 - a)(level + d trend);  trend = b (level - level before) + (1 - b) d trend

The trend dies away by the factor d a step (Gardner and McKenzie, Management Science 31, 1985). The
smoothing is that of a small grid which was best, one step ahead, on the series itself. How sure it
is is not taken from a normal: from each earlier point the series is forecast as far ahead as is
asked now, and the errors that it made then, a whole path each, are added to the forecast of now.
The share of paths that cross is the probability.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guanlan.quant.invalid import Invalid

Floats = NDArray[np.float64]
LEAST_PATHS = 8  # earlier forecasts that a probability rests on, at least
WARM = 4  # first values, from which level and trend are still being learnt
_GRID = np.array(list(itertools.product((0.2, 0.4, 0.7, 1.0), (0.02, 0.1, 0.3), (0.8, 0.9, 0.98))))


@dataclass(frozen=True, slots=True)
class Ahead:
    """forecast: of the next steps. paths: as many rows as earlier forecasts, what the series would
    be where it errs as it did then. smoothing: level, trend, damping."""

    forecast: tuple[float, ...]
    paths: Floats
    smoothing: tuple[float, float, float]

    def interval(self, *, level: float = 0.8) -> list[tuple[float, float]]:
        """Of each step, the central range that so many of the paths run through."""
        tail = (1.0 - level) / 2.0
        low, high = np.quantile(self.paths, [tail, 1.0 - tail], axis=0)
        return list(zip(low.tolist(), high.tolist(), strict=True))

    def crossing(self, *, high: float | None = None, low: float | None = None) -> float:
        """The share of paths that reach `high`, or fall to `low`, at some step."""
        there = np.zeros(len(self.paths), dtype=bool)
        if high is not None:
            there |= (self.paths >= high).any(axis=1)
        if low is not None:
            there |= (self.paths <= low).any(axis=1)
        return float(there.mean())


def damped_holt(values: Sequence[float], steps: int) -> Ahead:
    """The next `steps` values of a series that is equally spaced, oldest first.

    Raises Invalid where it is too short: four values to learn from, and eight forecasts of so many
    steps that can be held against what came; or a number is not finite.
    """
    if steps < 1:
        raise Invalid("steps", "expected one step at least")
    series = np.asarray(values, dtype=np.float64)
    if series.size < WARM + LEAST_PATHS + steps - 1 or not np.all(np.isfinite(series)):
        least = WARM + LEAST_PATHS + steps - 1
        raise Invalid("values", f"expected {least} finite numbers at least for so many steps")
    levels, trends, errors = _smooth(series)
    best = int(np.argmin((errors[WARM:] ** 2).sum(axis=0)))
    fades = np.cumsum(_GRID[best, 2] ** np.arange(1, steps + 1))
    forecasts = levels[:, best, None] + trends[:, best, None] * fades
    origins = np.arange(WARM - 1, series.size - steps)
    came = series[origins[:, None] + np.arange(1, steps + 1)]
    paths = forecasts[-1] + (came - forecasts[origins])
    level, trend, fade = (float(one) for one in _GRID[best])
    return Ahead(tuple(forecasts[-1].tolist()), paths, (level, trend, fade))


def _smooth(series: Floats) -> tuple[Floats, Floats, Floats]:
    """Levels and trends after each value, and how far it lay from its forecast, for every
    smoothing of the grid; in the form that corrects by the error."""
    up, turn, fade = _GRID.T
    both = up * turn
    levels = np.empty((series.size, len(_GRID)))
    trends, errors = np.zeros_like(levels), np.zeros_like(levels)
    levels[0] = series[0]
    for at, value in enumerate(series[1:].tolist(), 1):
        going = fade * trends[at - 1]
        ahead = levels[at - 1] + going
        error = value - ahead
        errors[at] = error
        levels[at] = ahead + up * error
        trends[at] = going + both * error
    return levels, trends, errors

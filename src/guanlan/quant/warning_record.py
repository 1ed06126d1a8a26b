"""What warnings were worth: precision, lead time, and false alarms a year, each with its interval.

Precision has Clopper and Pearson's interval (Biometrika 26, 1934), a rate Garwood's: both hold at
least as often as they say, however few warnings there were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from guanlan.quant.invalid import Invalid, positive, within
from guanlan.quant.poisson_limit import poisson_interval


@dataclass(frozen=True, slots=True)
class WarningRecord:
    """hits: warnings that were followed by an event. false: those judged so; the others are
    unjudged. caught, events: how many events had a warning, of how many. leads: of each caught
    event, the time from its first warning, in the unit of the times. precision: of those that are
    judged, None without any. false_a_year: with those that nobody judged counted as false.
    """

    hits: int
    false: int
    unjudged: int
    caught: int
    events: int
    leads: tuple[float, ...]
    precision: float | None
    precision_interval: tuple[float, float]
    false_a_year: float
    false_interval: tuple[float, float]

    @property
    def lead(self) -> float | None:
        """The median lead time."""
        return float(np.median(self.leads)) if self.leads else None


def share_interval(hits: int, trials: int, *, level: float = 0.9) -> tuple[float, float]:
    """Clopper and Pearson's interval of a share. Raises Invalid."""
    if not 0 <= hits <= trials:
        raise Invalid("hits", "expected a count from zero to the number of trials")
    within(level, 0.0, 1.0, "level")
    tail = (1.0 - level) / 2.0
    low = float(betaincinv(hits, trials - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, trials - hits, 1.0 - tail)) if hits < trials else 1.0
    return low, high


def warning_record(
    warnings: Sequence[float],
    events: Sequence[float],
    *,
    horizon: float,
    years: float,
    judged_false: Sequence[float] | None = None,
    level: float = 0.9,
) -> WarningRecord:
    """Hold warnings against events, both as times in one unit.

    judged_false: times at which somebody said that there was nothing; None where whatever had no
    event was false.

    A warning is right where an event follows within `horizon`, or lies no more than that behind: a
    warning that comes late is late, not false. An event is caught by a warning within `horizon`
    before it. years: how long was looked. Raises Invalid.
    """
    positive(horizon, "horizon")
    positive(years, "years")
    told, happened = np.sort(np.asarray(warnings, float)), np.sort(np.asarray(events, float))
    right = _near(told, happened, horizon)
    wrong = ~right
    if judged_false is not None:
        wrong &= _near(told, np.sort(np.asarray(judged_false, float)), horizon)
    leads = []
    for event in happened.tolist():
        first = int(np.searchsorted(told, event - horizon, side="left"))
        if first < told.size and told[first] <= event:
            leads.append(event - float(told[first]))
    hits = int(right.sum())
    false = int(wrong.sum())
    other = told.size - hits
    low, high = poisson_interval(other, years, level=level)
    return WarningRecord(
        hits=hits,
        false=false,
        unjudged=other - false,
        caught=len(leads),
        events=happened.size,
        leads=tuple(leads),
        precision=hits / (hits + false) if hits + false else None,
        precision_interval=share_interval(hits, hits + false, level=level),
        false_a_year=other / years,
        false_interval=(low, high),
    )


def _near(
    times: NDArray[np.float64], others: NDArray[np.float64], horizon: float
) -> NDArray[np.bool_]:
    """Of each time, whether one of the others (sorted) is no further than `horizon` away."""
    after = np.searchsorted(others, times - horizon, side="left")
    found: NDArray[np.bool_] = after < others.size
    found[found] = others[after[found]] <= times[found] + horizon
    return found

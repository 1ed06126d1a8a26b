"""Second opinions on a value that is past no limit: where it is going, and whether it drifts.

A forecast looks at the last values of the trend: where red within the horizon is as likely as
`LIKELY`, it is amber now; it is so until that has halved. Drift is a CUSUM, which takes one value
of each window that does not overlap the one before: a small lasting shift that no limit for a
single value would see for weeks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from guanlan.quant import Cusum, Invalid, RobustCusum, damped_holt
from guanlan.risk.limiting import Version
from guanlan.risk.models import Indicator
from guanlan.risk.registry import Span
from guanlan.risk.states import Limits

LIKELY: Final = 0.3
UNLIKELY: Final = 0.15
MOST_STEPS: Final = 20


class Opinion(NamedTuple):
    """What a second opinion says: `name` is empty where it says nothing, `basis` holds its
    numbers, `drift` is where the CUSUM stands after it."""

    name: str = ""
    basis: Mapping[str, Any] = {}
    drift: Mapping[str, Any] = {}


def opine(
    row: Indicator, version: Version, limits: Limits, span: Span, value: float | None
) -> Opinion:
    """What is to be said of a value beyond its limits; `row` is as it was before."""
    drift = drift_step(row.drift, version, span, value)
    if value is None:
        return Opinion(drift=drift)
    if version.forecast:
        every = _pace(row, span)
        chance = red_ahead([*row.recent, value], limits, version.forecast, every)
        least = UNLIKELY if row.opinion == "forecast" else LIKELY
        if chance is not None and chance >= least:
            return Opinion("forecast", {"p": round(chance, 3), "ahead": version.forecast}, drift)
    if drift.get("on"):
        return Opinion("drift", {"usual": version.terms["drift"]["usual"]}, drift)
    return Opinion(drift=drift)


def _pace(row: Indicator, span: Span) -> float:
    """Seconds from one value of the trend to the next."""
    if row.sampled is None:
        return 60.0
    return max(60.0, (span.end - row.sampled).total_seconds())


def red_ahead(
    recent: Sequence[float | None], limits: Limits, ahead: int, every: float
) -> float | None:
    """How likely it is red within `ahead` seconds, when values come each `every`; None where the
    unbroken end of what is known is too short to tell."""
    known: list[float] = []
    for value in reversed(recent):
        if value is None:
            break
        known.append(value)
    steps = min(MOST_STEPS, max(1, round(ahead / every)))
    try:
        paths = damped_holt(known[::-1], steps)
    except Invalid:
        return None
    if limits.direction == "lower":
        return paths.crossing(low=limits.red)
    low = limits.red_low if limits.direction == "band" else None
    return paths.crossing(high=limits.red, low=low)


def drift_step(
    before: Mapping[str, Any], version: Version, span: Span, value: float | None
) -> Mapping[str, Any]:
    """Where the CUSUM of these limits stands after a value; a new version begins anew.

    `on` says that it is past its threshold; the score grows to half as much again at most, so that
    it comes back once the shift is over.
    """
    watched = version.terms.get("drift")
    if not watched:
        return {}
    if before.get("version") != version.version:
        before = {"version": version.version, "up": 0.0, "down": 0.0, "on": False}
    until = before.get("at")
    if value is None or (until is not None and span.start < dt.datetime.fromisoformat(until)):
        return before
    threshold = watched["threshold"]
    if watched["law"] == "poisson":
        chart = Cusum(watched["reference"], threshold)
        up: float = chart.step(round(before["up"]), max(0, round(value)))
        down = 0.0
    else:
        robust = RobustCusum(watched["usual"], watched["spread"], watched["reference"], threshold)
        up = down = 0.0
        if version.direction != "lower":
            up = robust.step(before["up"], value)
        if version.direction != "higher":
            down = robust.step(before["down"], value, falling=True)
    most = 1.5 * threshold
    return {
        "version": version.version, "at": span.end.isoformat(), "up": min(up, most),
        "down": min(down, most), "on": max(up, down) >= threshold,
    }  # fmt: skip

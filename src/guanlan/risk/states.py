"""Which state a value puts an indicator into: green, amber, red, or unknown.

A value is past a limit from that limit on. A worse state is entered once the value has been past
its limit for the minimum duration; it is left when the value has come back by more than the
hysteresis. Whatever cannot be judged is unknown, which is never taken for green: what follows an
unknown is judged anew, at once, and holds on to nothing from before.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Final

from django.utils.translation import gettext as _
from msgspec import Struct

from guanlan.risk.terms import DIRECTIONS, Direction, StateName, Unit

NEVER_NEGATIVE: Final = ("count", "share", "seconds", "money")


class Limits(Struct, frozen=True, kw_only=True):
    """From which values on it is amber and red.

    Of a band, `amber` and `red` are the upper ends, `amber_low` and `red_low` the lower ones.
    `hysteresis` is in the indicator's unit. A reading that stands on less than `minimum_volume`,
    or on data older than `stale_after`, is unknown.
    """

    direction: Direction
    amber: float
    red: float
    amber_low: float | None = None
    red_low: float | None = None
    hysteresis: float = 0.0
    minimum_duration: dt.timedelta = dt.timedelta(0)
    minimum_volume: int = 0
    stale_after: dt.timedelta = dt.timedelta(minutes=10)


class Standing(Struct, frozen=True, kw_only=True):
    """Where an indicator stands, and since when values have been past its limits unbroken."""

    state: StateName = "unknown"
    since: dt.datetime | None = None
    amber_since: dt.datetime | None = None
    red_since: dt.datetime | None = None


def fault_of(limits: Limits, unit: Unit) -> tuple[str, str] | None:
    """What is wrong with limits: the field and a sentence; None where nothing is."""
    return _of_numbers(limits, unit) or _of_order(limits) or _of_return(limits, unit)


def _of_numbers(one: Limits, unit: Unit) -> tuple[str, str] | None:
    if one.direction not in DIRECTIONS:
        return "direction", _("The direction is one of higher, lower, band.")
    low = ("amber_low", "red_low")
    for field in ("amber", "red", *low, "hysteresis"):
        value: float | None = getattr(one, field)
        if field in low and (value is None) is not (one.direction != "band"):
            if value is None:
                return field, _("A band has a lower limit too.")
            return field, _("Only a band has a lower limit.")
        if value is None:
            continue
        if not math.isfinite(value):
            return field, _("A limit is a finite number.")
        if value < 0 and (unit in NEVER_NEGATIVE or field == "hysteresis"):
            return field, _("A limit of this unit is not negative.")
        if value > 1 and unit == "share":
            return field, _("A share is between 0 and 1.")
    if one.minimum_volume < 0:
        return "minimum_volume", _("The least volume is not negative.")
    if one.minimum_duration < dt.timedelta(0):
        return "minimum_duration", _("The least duration is not negative.")
    if one.stale_after <= dt.timedelta(0):
        return "stale_after", _("Data becomes stale after more than no time.")
    return None


def _of_order(one: Limits) -> tuple[str, str] | None:
    if one.direction == "lower":
        if one.red > one.amber:
            return "red", _("Lower is worse: red is no higher than amber.")
        return None
    if one.red < one.amber:
        return "red", _("Higher is worse: red is no lower than amber.")
    if one.amber_low is None or one.red_low is None:
        return None
    if one.amber_low >= one.amber:
        return "amber_low", _("The band is empty: its lower end is below its upper end.")
    if one.red_low > one.amber_low:
        return "red_low", _("Below the band, red is no higher than amber.")
    return None


def _of_return(one: Limits, unit: Unit) -> tuple[str, str] | None:
    """A state that no value could ever leave would be no state at all."""
    least = 0.0 if unit in NEVER_NEGATIVE else -math.inf
    most = 1.0 if unit == "share" else math.inf
    low = -math.inf if one.amber_low is None else one.amber_low + one.hysteresis
    high = one.amber - one.hysteresis
    if one.direction == "lower":
        low, high = one.amber + one.hysteresis, math.inf
    if max(low, least) >= high or (high == math.inf and low >= most):
        text = _("With this limit and hysteresis no value would ever bring it back to green.")
        return "hysteresis" if one.hysteresis else "amber", text
    return None


def past(limits: Limits, level: StateName, value: float, back: float = 0.0) -> bool:
    """Whether a value is past the limit of amber or red; `back` widens it, towards green."""
    high = limits.red if level == "red" else limits.amber
    if limits.direction == "lower":
        return value <= high + back
    if value >= high - back:
        return True
    low = limits.red_low if level == "red" else limits.amber_low
    return limits.direction == "band" and low is not None and value <= low + back


def step(standing: Standing, limits: Limits, at: dt.datetime, value: float | None) -> Standing:
    """Where an indicator stands after a reading; without a value it is unknown."""
    if value is None:
        since = standing.since if standing.state == "unknown" else at
        return Standing(state="unknown", since=since or at)
    amber_since = (standing.amber_since or at) if past(limits, "amber", value) else None
    red_since = (standing.red_since or at) if past(limits, "red", value) else None
    before = standing.state

    def held(level: StateName, reached: bool, since: dt.datetime | None) -> bool:
        if reached and past(limits, level, value, limits.hysteresis):
            return True
        if since is None:
            return False
        return before == "unknown" or at - since >= limits.minimum_duration

    state: StateName = "green"
    if held("red", before == "red", red_since):
        state = "red"
    elif held("amber", before in ("amber", "red"), amber_since):
        state = "amber"
    return Standing(
        state=state,
        since=standing.since if state == before else at,
        amber_since=amber_since,
        red_since=red_since,
    )

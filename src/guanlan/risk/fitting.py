"""Limits that follow from an indicator's own past: proposed, never set by themselves.

Everything is taken from its kept samples: of a count and a share from windows that do not overlap,
of a season from all. Times that turned out to be true warnings are left out: an attack is not what
is usual.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from msgspec import Struct

from guanlan.quant import (
    Invalid,
    count_baseline,
    cusum,
    robust_cusum,
    season,
    share_baseline,
)
from guanlan.risk.limiting import CYCLES, count_limits, limits_at, slot_of
from guanlan.risk.models import Indicator, IndicatorChange, IndicatorLimits, IndicatorSample
from guanlan.risk.registry import Spec
from guanlan.risk.states import fault_of
from guanlan.risk.terms import Direction, Kind, Unit

YEAR: Final = dt.timedelta(days=365.25)
LEAST_WINDOWS: Final = 8
MOST_SAMPLES: Final = 200_000
NORMAL: Final = 1.4826
MOST_BUDGET: Final = 366.0


class Past(NamedTuple):
    """A sample as limits see it."""

    start: dt.datetime
    at: dt.datetime
    value: float
    volume: int


class Asked(Struct, frozen=True, kw_only=True):
    """What somebody asks of limits. Budgets are false alarms a year, widths robust deviations,
    `days` how far back is looked, `rise` the factor (of a count) or the robust deviations (of
    anything else) of a drift that is watched for, 0 for none; `forecast` is in seconds, 0 for none.
    """

    kind: Kind
    direction: Direction = "higher"
    days: int = 90
    amber_a_year: float = 6.0
    red_a_year: float = 1.0
    cycle: str = "hour"
    amber_width: float = 4.0
    red_width: float = 6.0
    rise: float = 0.0
    forecast: int = 0


def past_of(row: Indicator, days: int, now: dt.datetime) -> list[Past]:
    """The samples of the last days that could be judged, the oldest first, without those within
    warnings that turned out to be true. Two queries."""
    since = now - dt.timedelta(days=days)
    rows = (
        IndicatorSample.objects.filter(indicator=row, at__gt=since, live=False, why="")
        .exclude(value=None)
        .order_by("-at")
        .values_list("start", "at", "value", "volume")[:MOST_SAMPLES]
    )
    true = _true_spans(row, since, now)
    return [
        Past(start, at, value, volume or 0)
        for start, at, value, volume in reversed(rows)
        if value is not None
        if not any(begin <= at < end for begin, end in true)
    ]


def _true_spans(
    row: Indicator, since: dt.datetime, now: dt.datetime
) -> list[tuple[dt.datetime, dt.datetime]]:
    changes = list(
        IndicatorChange.objects.filter(indicator=row)
        .order_by("at", "id")
        .values_list("at", "verdict")
    )
    ends = [*(at for at, _verdict in changes[1:]), now][: len(changes)]
    return [
        (at, end)
        for (at, verdict), end in zip(changes, ends, strict=True)
        if verdict == "true" and end > since
    ]


def apart(past: Sequence[Past]) -> list[Past]:
    """Those whose windows do not overlap, beginning with the oldest."""
    found: list[Past] = []
    for one in past:
        if not found or one.start >= found[-1].at:
            found.append(one)
    return found


def fit(
    row: Indicator, spec: Spec, like: IndicatorLimits, asked: Asked, past: Sequence[Past]
) -> IndicatorLimits:
    """Limits of the asked kind, as a version that is not saved; hysteresis, durations and volume
    are those of `like`. Raises ValidationError by field, such as where the past is too short."""
    _check(row, asked)
    made = IndicatorLimits(
        indicator=row, version=like.version + 1, kind=asked.kind, direction=asked.direction,
        amber=like.amber, red=like.red, amber_low=like.amber_low, red_low=like.red_low,
        hysteresis=like.hysteresis, minimum_duration=like.minimum_duration,
        minimum_volume=like.minimum_volume, stale_after=like.stale_after,
        forecast=asked.forecast, terms={},
    )  # fmt: skip
    if past:
        made.terms |= {"from": past[0].start.isoformat(), "until": past[-1].at.isoformat()}
    try:
        if asked.kind == "count":
            _fit_count(made, spec, asked, past)
        elif asked.kind == "share":
            _fit_share(made, spec, asked, past)
        elif asked.kind == "seasonal":
            _fit_season(made, row.unit, asked, past)
        if asked.rise:
            made.terms["drift"] = _fit_drift(made, row.unit, spec, asked, past)
    except Invalid as fault:
        raise ValidationError({"days": _too_short(past, fault)}) from None
    _refuse(made, row.unit, past)  # type: ignore[arg-type]
    return made


def _too_short(past: Sequence[Past], fault: Invalid) -> str:
    text = _("Its past does not tell enough for this: %(n)s windows are apart (%(why)s).")
    return text % {"n": len(apart(past)), "why": fault}


def _check(row: Indicator, asked: Asked) -> None:
    units = {"count": ("count",), "share": ("share",)}
    if row.unit not in units.get(asked.kind, (row.unit,)):
        raise ValidationError({"kind": _("This kind of limit does not fit the indicator's unit.")})
    for field in ("amber_a_year", "red_a_year"):
        if not 0.001 <= getattr(asked, field) <= MOST_BUDGET:
            raise ValidationError({field: _("Write a number from 0.001 to 366.")})
    if asked.red_a_year > asked.amber_a_year:
        text = _("Red alarms falsely no more often than amber.")
        raise ValidationError({"red_a_year": text})
    if not 0 < asked.amber_width <= asked.red_width <= 100:
        raise ValidationError({"red_width": _("Red is no nearer to what is usual than amber.")})
    if asked.kind == "seasonal" and asked.forecast:
        text = _("A limit that changes with the hour has no forecast.")
        raise ValidationError({"forecast": text})
    if asked.rise and asked.kind == "seasonal":
        text = _("A limit that changes with the hour has no watch for drift.")
        raise ValidationError({"rise": text})
    if asked.cycle not in CYCLES:
        raise ValidationError({"cycle": _("Choose one of the list.")})


def rhythm(spec: Spec) -> tuple[float, float]:
    """How many windows a year has, and how often in a year it is looked at."""
    windows, turns = YEAR / spec.window, YEAR / spec.every
    return min(windows, turns), turns


def _fit_count(made: IndicatorLimits, spec: Spec, asked: Asked, past: Sequence[Past]) -> None:
    whole = [one for one in apart(past) if one.value >= 0 and one.value == round(one.value)]
    known = count_baseline([round(one.value) for one in whole])
    windows, turns = rhythm(spec)
    amber = count_limits(known.mean, known.shape, windows, turns, asked.amber_a_year)
    red = count_limits(known.mean, known.shape, windows, turns, asked.red_a_year)
    made.terms |= {
        "mean": known.mean, "shape": known.shape, "n": known.windows, "wanders": known.wanders,
        "amber_a_year": asked.amber_a_year, "red_a_year": asked.red_a_year, "windows": windows,
        "turns": turns,
    }  # fmt: skip
    if asked.direction in ("lower", "band") and amber[1] < 0:
        text = _("So few are usual that even none at all is no surprise.")
        raise ValidationError({"direction": text})
    if asked.direction == "lower":
        made.amber, made.red = amber[1], max(red[1], 0.0)
    else:
        made.amber, made.red = amber[0], red[0]
    made.amber_low = made.red_low = None
    if asked.direction == "band":
        made.amber_low, made.red_low = amber[1], max(red[1], 0.0)


def _fit_share(made: IndicatorLimits, spec: Spec, asked: Asked, past: Sequence[Past]) -> None:
    windows = apart(past)
    known = share_baseline(
        [round(one.value * one.volume) for one in windows], [one.volume for one in windows]
    )
    in_year, turns = rhythm(spec)
    made.terms |= {
        "yes": known.yes, "no": known.no, "n": len(windows), "windows": in_year, "turns": turns,
        "amber_a_year": asked.amber_a_year, "red_a_year": asked.red_a_year,
    }  # fmt: skip
    usual = round(float(np.median([one.volume for one in windows])))
    _show(made, windows[-1].at, usual)


def _fit_season(made: IndicatorLimits, unit: str, asked: Asked, past: Sequence[Past]) -> None:
    slots = [slot_of(asked.cycle, one.at) for one in past]
    least = 1.0 if unit == "count" else 0.0
    found = season(slots, [one.value for one in past], CYCLES[asked.cycle], least_spread=least)
    made.terms |= {
        "cycle": asked.cycle, "centres": list(found.centres), "spreads": list(found.spreads),
        "thin": found.thin, "n": len(past), "amber_width": asked.amber_width,
        "red_width": asked.red_width,
    }  # fmt: skip
    _show(made, past[-1].at, None)


def _show(made: IndicatorLimits, at: dt.datetime, volume: int | None) -> None:
    """The limits of one moment as the numbers of the version, for lists and charts."""
    made.amber_low = made.red_low = None
    shown = limits_at(made, at, volume)
    made.amber, made.red = shown.amber, shown.red
    made.amber_low, made.red_low = shown.amber_low, shown.red_low


def _fit_drift(
    made: IndicatorLimits, unit: str, spec: Spec, asked: Asked, past: Sequence[Past]
) -> dict[str, Any]:
    windows = apart(past)
    values = [one.value for one in windows]
    if len(values) < LEAST_WINDOWS:
        raise Invalid("drift", f"expected {LEAST_WINDOWS} windows at least")
    wait = max(20.0, rhythm(spec)[0] / asked.amber_a_year)  # windows between false alarms
    if unit == "count" and asked.direction == "higher":
        if not 1 < asked.rise <= 10:
            text = _("Of a count, write how many times as many: such as 1.5, at most 10.")
            raise ValidationError({"rise": text})
        mean = count_baseline([max(0, round(value)) for value in values]).mean
        try:
            chart = cusum(mean, asked.rise * mean, wait)
        except Invalid:  # so frequent that tenths are too fine: as good as a normal
            pass
        else:
            return {
                "law": "poisson", "usual": mean, "reference": chart.reference,
                "threshold": chart.threshold,
            }  # fmt: skip
        shift = (asked.rise - 1) * mean / max(float(np.std(values)), 1e-9)
    else:
        if not 0 < asked.rise <= 5:
            text = _("Write by how many deviations: such as 1, at most 5.")
            raise ValidationError({"rise": text})
        shift = asked.rise
    usual = float(np.median(values))
    spread = NORMAL * float(np.median(np.abs(np.asarray(values) - usual))) or float(np.std(values))
    robust = robust_cusum(usual, spread, shift=min(max(shift, 0.2), 5.0), run_length=wait)
    return {
        "law": "robust", "usual": usual, "spread": spread, "reference": robust.reference,
        "threshold": robust.threshold,
    }  # fmt: skip


def _refuse(made: IndicatorLimits, unit: Unit, past: Sequence[Past]) -> None:
    """Refuse limits that would make no sense at some time or volume of the past."""
    if made.kind not in ("count", "static"):
        return  # these move with each value; what nothing reaches is no fault
    fault = fault_of(made.read(), unit)
    if fault is not None:
        raise ValidationError({"kind": fault[1]})

"""Limits run over what is kept: when an indicator would have been amber and red, and what these
warnings would have been worth.

Hysteresis, least duration, volume, staleness, forecast and drift hold as they do live: it is the
same code.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

from guanlan.quant import WarningRecord, warning_record
from guanlan.risk.happened import Happened
from guanlan.risk.limiting import limits_at
from guanlan.risk.models import Indicator, IndicatorLimits, IndicatorSample
from guanlan.risk.moving import RECENT
from guanlan.risk.opining import opine
from guanlan.risk.reading import FEW
from guanlan.risk.registry import Span
from guanlan.risk.states import Limits, Standing, step
from guanlan.risk.terms import StateName

MOST: Final = 50_000  # samples of one run
LEAST_HORIZON: Final = dt.timedelta(days=1)
LEAST_JUDGED: Final = 5  # warnings that a precision rests on
LEAST_TIME: Final = dt.timedelta(days=60)
YEAR: Final = dt.timedelta(days=365.25)
WARNS: Final = frozenset({"amber", "red"})


class Kept(NamedTuple):
    """A kept sample; `value` is None where nothing was measured, or on data too old."""

    start: dt.datetime
    at: dt.datetime
    value: float | None
    volume: int


class Turned(NamedTuple):
    """A change of state as it would have been."""

    at: dt.datetime
    before: StateName
    after: StateName
    value: float | None
    opinion: str = ""


class Run(NamedTuple):
    """What limits would have made of the samples. `lines` are the limits at each of them."""

    changes: list[Turned]
    lines: list[Limits]
    known: int  # samples that were judged

    def warnings(self, level: StateName) -> list[Turned]:
        """When it turned amber or worse, or red. What was so before it was unknown for a while is
        the same warning still."""
        reached = WARNS if level == "amber" else frozenset({"red"})
        found, known = [], "green"
        for one in self.changes:
            if one.after in reached and known not in reached:
                found.append(one)
            if one.after != "unknown":
                known = one.after
        return found


def kept_of(row: Indicator, days: int, now: dt.datetime) -> list[Kept]:
    """The samples of the last days, the newest `MOST` of them, the oldest first; one query."""
    rows = (
        IndicatorSample.objects.filter(
            indicator=row, at__gt=now - dt.timedelta(days=days), at__lte=now, live=False
        )
        .order_by("-at")
        .values_list("start", "at", "value", "volume", "why")[:MOST]
    )
    return [
        Kept(start, at, value if why in ("", FEW) else None, volume or 0)
        for start, at, value, volume, why in reversed(rows)
    ]


def run(version: IndicatorLimits, kept: Sequence[Kept]) -> Run:
    """Judge kept samples by a version of limits, saved or not."""
    held = Indicator(drift={}, recent=[])
    standing, shown = Standing(), "unknown"
    stale = dt.timedelta(seconds=version.stale_after)
    fixed = version.read() if version.kind in ("static", "count") else None
    second = bool(version.forecast or version.terms.get("drift"))
    changes: list[Turned] = []
    lines: list[Limits] = []
    known = 0
    for one in kept:
        limits = fixed or limits_at(version, one.at, one.volume)
        lines.append(limits)
        value = one.value if one.volume >= version.minimum_volume else None
        known += value is not None
        if held.sampled is not None and one.at - held.sampled > stale:
            held.recent.append(None)
            if shown != "unknown":
                silent = held.sampled + stale
                changes.append(Turned(silent, shown, "unknown", None))  # type: ignore[arg-type]
                standing, shown = step(standing, limits, silent, None), "unknown"
        standing = step(standing, limits, one.at, value)
        state: str = standing.state
        held.opinion = _second(held, version, limits, one, standing, value) if second else ""
        if held.opinion:
            state = "amber"
        if state != shown:
            changes.append(Turned(one.at, shown, state, value, held.opinion))  # type: ignore[arg-type]
            shown = state
        held.sampled = one.at
        if second:
            held.recent = [*held.recent, value][-RECENT:]
    return Run(changes, lines, known)


def _second(
    held: Indicator,
    version: IndicatorLimits,
    limits: Limits,
    one: Kept,
    standing: Standing,
    value: float | None,
) -> str:
    if standing.state == "unknown":
        return ""
    opinion = opine(held, version, limits, Span(one.start, one.at), value)
    held.drift = dict(opinion.drift)
    return opinion.name if standing.state == "green" else ""


class Worth(NamedTuple):
    """What warnings of one level were worth; `little` where that is too little to judge by."""

    record: WarningRecord
    days: float
    little: bool


def worth(
    found: Run,
    level: StateName,
    kept: Sequence[Kept],
    real: Sequence[Happened],
    window: dt.timedelta,
) -> Worth:
    """Hold the warnings of a level against what really happened."""
    span = kept[-1].at - kept[0].at if len(kept) > 1 else dt.timedelta(hours=1)
    horizon = max(window, LEAST_HORIZON)
    record = warning_record(
        [one.at.timestamp() for one in found.warnings(level)],
        [one.at.timestamp() for one in real if one.meaning == "event"],
        judged_false=[one.at.timestamp() for one in real if one.meaning == "false"],
        horizon=horizon.total_seconds(),
        years=max(span / YEAR, 1e-6),
    )
    little = record.hits + record.false < LEAST_JUDGED or span < LEAST_TIME
    return Worth(record, span / dt.timedelta(days=1), little)

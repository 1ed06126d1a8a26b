"""What a quarter came to: met, not met, not distinguishable from chance, or unknown.

A fall is judged by the exact conditional test of two counts with their exposures. Without a source
that counts it, or without exposure, a target is unknown: nothing is guessed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Callable
from typing import Final

import msgspec
from django.utils import timezone
from msgspec import Struct

from guanlan.quant import count_ratio, power, quarters_needed
from guanlan.risk.counting import COUNTABLES, measure
from guanlan.risk.models import Target, TargetVerdict
from guanlan.risk.registry import Span

FORMULA: Final = 1
UNKNOWN: Final = "unknown"


class Counted(Struct, frozen=True, kw_only=True):
    """What a verdict is made of."""

    kind: str
    goal: float
    count: int | None = None
    before: int | None = None
    whole: int | None = None
    exposure: float = 1.0
    exposure_before: float = 1.0


class Judged(Struct, frozen=True, kw_only=True):
    """A verdict; `point` is a ratio, a count or a share, with its interval of 90 %. `chance` is the
    one-sided p-value of "it did not fall", `power` how likely the test proves a fall to the goal,
    `needed` how many quarters it takes to prove it four times in five."""

    verdict: str
    point: float | None = None
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    power: float | None = None
    needed: int | None = None


def judge(one: Counted) -> Judged:
    """The verdict. Pure.

    >>> judge(Counted(kind="fall", goal=0.8, count=40, before=50)).verdict
    'not distinguishable'
    """
    if one.count is None:
        return Judged(verdict=UNKNOWN)
    if one.kind == "zero":
        verdict = "met" if one.count <= one.goal else "not met"
        return Judged(verdict=verdict, point=float(one.count))
    if one.kind == "share":
        if not one.whole:
            return Judged(verdict=UNKNOWN)
        share = one.count / one.whole
        return Judged(verdict="met" if share >= one.goal else "not met", point=share)
    if one.before is None or one.exposure <= 0.0 or one.exposure_before <= 0.0:
        return Judged(verdict=UNKNOWN)
    exposures = (one.exposure_before, one.exposure)
    ratio = count_ratio(one.before, one.count, exposures=exposures)
    low, high = ratio.interval
    seen = one.before > 0
    return Judged(
        verdict=ratio.verdict(one.goal),
        point=ratio.point,
        low=low,
        high=high if math.isfinite(high) else None,
        chance=ratio.fall,
        power=power(one.before, one.goal, exposures=exposures) if seen else None,
        needed=quarters_needed(one.before, one.goal) if seen and one.goal < 1.0 else None,
    )


def digest(one: Counted, quarter: dt.date) -> str:
    """Of inputs and formula."""
    said = msgspec.json.encode([FORMULA, quarter.isoformat(), one], order="deterministic")
    return hashlib.sha256(said).hexdigest()


def quarter_of(day: dt.date) -> dt.date:
    """The first day of a day's quarter."""
    return day.replace(month=day.month - (day.month - 1) % 3, day=1)


def quarter_before(first: dt.date) -> dt.date:
    return quarter_of(first - dt.timedelta(days=1))


def quarter_after(first: dt.date) -> dt.date:
    return quarter_of(first + dt.timedelta(days=100))


def _span(first: dt.date, until: dt.datetime | None) -> Span:
    zone = timezone.get_current_timezone()
    start = dt.datetime.combine(first, dt.time(), zone)
    end = dt.datetime.combine(quarter_after(first), dt.time(), zone)
    return Span(start, min(end, until) if until is not None else end)


def has_source(row: Target) -> bool:
    """Whether something counts it, and its exposure."""
    return row.source in COUNTABLES and (not row.exposure or row.exposure in COUNTABLES)


def count(row: Target, quarter: dt.date, until: dt.datetime | None = None) -> Counted:
    """Count what a target asks of a quarter; up to `until` where that is earlier."""
    if not has_source(row):
        return Counted(kind=row.kind, goal=row.goal)
    span = _span(quarter, until)
    source = COUNTABLES[row.source]
    if row.kind == Target.Kind.SHARE:
        found = measure(source, "share", {}, row.part, span).inputs
        return Counted(
            kind=row.kind, goal=row.goal, count=int(found["part"]), whole=int(found["whole"])
        )
    n = measure(source, "count", {}, {}, span).volume
    if row.kind == Target.Kind.ZERO:
        return Counted(kind=row.kind, goal=row.goal, count=n)
    earlier = _span(quarter_before(quarter), None)
    by: Callable[[Span], float] = lambda one: (one.end - one.start) / dt.timedelta(days=1)  # noqa: E731
    if row.exposure:
        divisor = COUNTABLES[row.exposure]
        by = lambda one: float(measure(divisor, "count", {}, {}, one).volume)  # noqa: E731
    before = measure(source, "count", {}, {}, earlier).volume
    return Counted(
        kind=row.kind, goal=row.goal, count=n, before=before, exposure=by(span),
        exposure_before=by(earlier),
    )  # fmt: skip


def freeze(now: dt.datetime) -> int:
    """Write the verdict of every quarter that is over and has none, of each active target; how
    many. A verdict is written once, whoever else does it at the same time."""
    written = 0
    for row in Target.objects.filter(active=True).order_by("pk"):
        last = row.verdicts.order_by("-quarter").values_list("quarter", flat=True).first()
        quarter = quarter_after(last or quarter_of(row.baseline))
        current = quarter_of(timezone.localdate(now))
        while quarter < current:
            found = count(row, quarter)
            judged = judge(found)
            TargetVerdict.objects.bulk_create(
                [
                    TargetVerdict(
                        target=row, quarter=quarter, count=found.count, before=found.before,
                        whole=found.whole, exposure=found.exposure, goal=row.goal,
                        exposure_before=found.exposure_before, formula=FORMULA,
                        digest=digest(found, quarter), at=now, **msgspec.structs.asdict(judged),
                    )
                ],
                ignore_conflicts=True,
            )  # fmt: skip
            written += 1
            quarter = quarter_after(quarter)
    return written


def same(row: TargetVerdict) -> bool:
    """Whether a verdict computed again from its inputs is the one that is kept."""
    found = Counted(
        kind=row.target.kind, goal=row.goal, count=row.count, before=row.before, whole=row.whole,
        exposure=row.exposure or 0.0, exposure_before=row.exposure_before or 0.0,
    )  # fmt: skip
    return digest(found, row.quarter) == row.digest and judge(found).verdict == row.verdict

"""Measuring what is due: samples, states and changes, written once.

Times at which an indicator is due lie on a grid of its own, so that two workers mean the same one.
A turn that was missed is not made up for: the next one is the latest that lies behind us. After a
longer stop the time between is told as unknown, and nothing is invented for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from django.db import transaction
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Told
from guanlan.core.writing import update_rows
from guanlan.risk.crossing import Crossing, is_crossing, tell
from guanlan.risk.models import Indicator, IndicatorChange, IndicatorLimits, IndicatorSample
from guanlan.risk.reading import FIRST, GAP, Reading, digest, read
from guanlan.risk.registry import INDICATORS, MINUTE, Span, Spec
from guanlan.risk.states import Standing, step
from guanlan.risk.terms import RANKS

EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
RECENT: Final = 40  # values that a list draws
AT_ONCE: Final = 500
ASKED: Final = frozenset({"red", "unknown"})  # states that somebody is to answer for
_WRITTEN: Final = (
    "state", "rank", "since", "amber_since", "red_since", "value", "volume", "sampled", "due",
    "why", "why_values", "recent", "answer_due",
)  # fmt: skip


class _Turn(NamedTuple):
    """One indicator that is due, and what reading it gave."""

    row: Indicator
    due: dt.datetime  # as the row said when it was read
    spec: Spec | None
    limits: IndicatorLimits | None
    span: Span
    reading: Reading


def ensure_indicators(now: dt.datetime) -> int:
    """Give each registered indicator its row and the limits it comes with; how many were new."""
    known = set(Indicator.objects.values_list("name", flat=True))
    fresh = [spec for name, spec in sorted(INDICATORS.items()) if name not in known]
    if not fresh:
        return 0
    with transaction.atomic():
        Indicator.objects.bulk_create(
            (
                Indicator(
                    name=spec.name, category=spec.category, unit=spec.unit, due=now, created=now,
                    why=FIRST,
                )
                for spec in fresh
            ),
            batch_size=AT_ONCE,
            ignore_conflicts=True,
        )  # fmt: skip
        bare = Indicator.objects.filter(limits__isnull=True).values_list("name", "pk")
        IndicatorLimits.objects.bulk_create(
            (shipped(key, INDICATORS[name], now) for name, key in bare if name in INDICATORS),
            batch_size=AT_ONCE,
            ignore_conflicts=True,
        )
    return len(fresh)


def shipped(key: int, spec: Spec, now: dt.datetime) -> IndicatorLimits:
    """The limits that an indicator comes with, as their first version."""
    one = spec.limits
    return IndicatorLimits(
        indicator_id=key, version=1, direction=one.direction, amber=one.amber, red=one.red,
        amber_low=one.amber_low, red_low=one.red_low, hysteresis=one.hysteresis,
        minimum_duration=round(one.minimum_duration.total_seconds()),
        minimum_volume=one.minimum_volume,
        stale_after=round(one.stale_after.total_seconds()),
        shipped=True, created=now, effective=now,
    )  # fmt: skip


def latest(now: dt.datetime, every: dt.timedelta) -> dt.datetime:
    """The latest time of the grid of `every` that is not past `now`."""
    return EPOCH + (now - EPOCH) // every * every


def measure_due(now: dt.datetime, check: Callable[[], None] = lambda: None) -> Told | None:
    """Measure all that is due and write it down; what became of it. `check` is called between."""
    rows = list(Indicator.objects.filter(enabled=True, due__lte=now).order_by("id"))
    if not rows:
        return None
    in_force = _in_force(now)
    shared: dict[object, object] = {}
    turns = []
    for row in rows:
        check()
        spec = INDICATORS.get(row.name)
        at = latest(now, spec.every if spec is not None else MINUTE)
        if row.sampled is not None and at <= row.sampled:  # a new version measures it less often
            at = latest(now, MINUTE)
        window = spec.window if spec is not None else MINUTE
        span = Span(at - window, at, shared)
        limits = in_force.get(row.pk)
        got = read(spec, limits.read() if limits is not None else None, span)
        turns.append(_Turn(row, row.due, spec, limits, span, got))
    return _write(turns, now)


def _in_force(now: dt.datetime) -> dict[int, IndicatorLimits]:
    """The limits by which what is due is judged, by indicator."""
    rows = IndicatorLimits.objects.filter(
        indicator__enabled=True, indicator__due__lte=now, effective__lte=now
    )
    return {one.indicator_id: one for one in rows.order_by("indicator_id", "version")}


def _write(turns: Sequence[_Turn], now: dt.datetime) -> Told:
    """Write what is still due: another worker may have been faster."""
    with transaction.atomic():
        waiting = Indicator.objects.select_for_update().filter(enabled=True, due__lte=now)
        still = dict(waiting.order_by("id").values_list("pk", "due"))
        own = [one for one in turns if still.get(one.row.pk) == one.due]
        changes = [_move(one) for one in own]
        samples = [_sample(one) for one in own]
        IndicatorSample.objects.bulk_create(samples, batch_size=AT_ONCE)
        every = [change for some in changes for change in some]
        IndicatorChange.objects.bulk_create(every, batch_size=AT_ONCE)
        update_rows([one.row for one in own], _WRITTEN)
        tell(
            [
                Crossing(one.spec, one.row, sample, some[-1])
                for one, sample, some in zip(own, samples, changes, strict=True)
                if some and any(map(is_crossing, some))
            ],
            now,
        )
    text = gettext_noop("%(n)s indicators measured, %(changes)s changes of state")
    return Told(text, {"n": len(own), "changes": len(every)})


def _move(one: _Turn) -> list[IndicatorChange]:
    """Bring a row to where its reading leaves it; how its state changed on the way."""
    row, at = one.row, one.span.end
    limits = one.limits.read() if one.limits is not None else None
    standing = Standing(
        state=row.state,  # type: ignore[arg-type]
        since=row.since,
        amber_since=row.amber_since,
        red_since=row.red_since,
    )
    changes = []
    recent = list(row.recent)
    if limits is not None and row.sampled is not None and at - row.sampled > limits.stale_after:
        recent.append(None)
        if standing.state != "unknown":
            silent = row.sampled + limits.stale_after
            gap = {"since": _written(row.sampled), "until": _written(at)}
            changes.append(_change(row, standing.state, "unknown", silent, None, GAP, gap))
            standing = step(standing, limits, silent, None)
    got = one.reading
    before = standing.state
    if limits is None:
        standing = Standing(since=standing.since if before == "unknown" else at)
    else:
        standing = step(standing, limits, at, got.judged)
    if standing.state != before:
        why = (got.why, dict(got.why_values))
        changes.append(_change(row, before, standing.state, at, got.value, *why))
    row.state, row.rank = standing.state, RANKS[standing.state]
    row.since = standing.since or at
    row.amber_since, row.red_since = standing.amber_since, standing.red_since
    row.value, row.volume, row.sampled = got.value, got.volume, at
    row.why, row.why_values = got.why, dict(got.why_values)
    row.recent = [*recent, got.judged][-RECENT:]
    row.due = at + (one.spec.every if one.spec is not None else MINUTE)
    return changes


def _change(
    row: Indicator,
    before: str,
    after: str,
    at: dt.datetime,
    value: float | None,
    why: str,
    why_values: Mapping[str, str | int],
) -> IndicatorChange:
    """A change of state. One that asks for an answer keeps the earlier of two deadlines."""
    due = None
    if after in ASKED:
        due = at + dt.timedelta(hours=row.deadline_hours)
        if row.answer_due is not None:
            due = min(due, row.answer_due)
    row.answer_due = due
    return IndicatorChange(
        indicator=row, at=at, before=before, after=after, value=value, why=why,
        why_values=dict(why_values), owner_id=row.owner_id, action=row.action, due=due,
    )  # fmt: skip


def _sample(one: _Turn) -> IndicatorSample:
    version = one.limits.version if one.limits is not None else 0
    return IndicatorSample(
        indicator=one.row, at=one.span.end, start=one.span.start, value=one.reading.value,
        volume=one.reading.volume, state=one.row.state, limits=one.limits,
        digest=digest(one.row.name, version, one.span, one.reading), why=one.reading.why,
        why_values=dict(one.reading.why_values),
    )  # fmt: skip


def _written(at: dt.datetime) -> str:
    return f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"

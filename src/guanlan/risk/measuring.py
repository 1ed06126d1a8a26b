"""Measuring what is due: samples, states and changes, written once.

Times at which an indicator is due lie on a grid of its own, so that two workers mean the same one.
A turn that was missed is not made up for: the next one is the latest that lies behind us. After a
longer stop the time between is told as unknown, and nothing is invented for it. Live indicators are
measured between their turns too, and written down where their value or state has moved.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final

from django.db import transaction
from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Told
from guanlan.core.writing import insert_rows, update_rows
from guanlan.risk.composing import as_text, spec_of
from guanlan.risk.crossing import Crossing, Moved, is_crossing, tell, tell_moved
from guanlan.risk.limiting import InForce, in_force, limits_at
from guanlan.risk.models import Indicator, IndicatorChange, IndicatorLimits, IndicatorSample
from guanlan.risk.moving import (
    EACH_TURN,
    SAMPLED,
    SELDOM,
    Turn,
    move,
    sample_of,
    would_move,
)
from guanlan.risk.reading import FIRST, read
from guanlan.risk.registry import INDICATORS, MINUTE, Span, Spec

EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
AT_ONCE: Final = 500
# What most turns leave as it is; `drift` and the like are set anew, never changed in place.
_seldom: Final = attrgetter(*SELDOM)


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
    waiting = Indicator.objects.filter(enabled=True, due__lte=now)
    rows = _rows(waiting)
    if not rows:
        return None
    limits = _limits(waiting, now)
    shared: dict[object, object] = {}
    turns = []
    for row in rows:
        check()
        spec = spec_of(row)
        at = latest(now, spec.every if spec is not None else MINUTE)
        if row.sampled is not None and at <= row.sampled:  # a new version measures it less often
            at = latest(now, MINUTE)
        turns.append(_turn(row, spec, limits.get(row.pk), at, shared))
    return _write(turns, waiting, now)


def measure_live(now: dt.datetime) -> int:
    """Measure the live indicators as of now; how many of them had moved. Where nothing has moved
    and no turn is due nothing is written."""
    names = [spec.name for spec in INDICATORS.values() if spec.live]
    if not names:
        return 0
    waiting = Indicator.objects.filter(enabled=True, name__in=names)
    rows = _rows(waiting)
    limits = _limits(waiting, now)
    shared: dict[object, object] = {}
    turns = [
        turn
        for row in rows
        if row.sampled is None or row.sampled < now
        if would_move(turn := _turn(row, spec_of(row), limits.get(row.pk), now, shared, live=True))
    ]
    if turns:
        _write(turns, waiting, now)
    return len(turns)


def _turn(
    row: Indicator,
    spec: Spec | None,
    limits: InForce | None,
    at: dt.datetime,
    shared: dict[object, object],
    *,
    live: bool = False,
) -> Turn:
    span = Span(at - (spec.window if spec is not None else MINUTE), at, shared)
    got = read(spec, limits, span)
    judge = limits_at(limits, at, got.volume) if limits is not None else None
    return Turn(row, row.due, spec, limits, judge, span, got, live)


def _rows(waiting: QuerySet[Indicator]) -> list[Indicator]:
    """The rows, without what measuring does not look at; a declaration comes as its text."""
    rows = waiting.defer("created", "declared").annotate(said=as_text(), stamp=_stamp())
    return list(rows.order_by("id"))


def _stamp() -> Concat:
    """When a row is due and was measured, as text: equal where nobody else has measured it."""
    due, sampled = Cast("due", TextField()), Cast("sampled", TextField())
    return Concat(due, Value(" "), sampled, output_field=TextField())


def _limits(waiting: QuerySet[Indicator], now: dt.datetime) -> dict[int, InForce]:
    """The limits by which these are judged, by indicator."""
    keys = waiting.order_by().values("pk")
    return in_force(IndicatorLimits.objects.filter(indicator__in=keys), now)


def _write(turns: Sequence[Turn], waiting: QuerySet[Indicator], now: dt.datetime) -> Told:
    """Write what another worker has not: the job of each minute and live measuring meet here."""
    with transaction.atomic():
        own = _still(turns, waiting)
        befores = [(one.row.value, _seldom(one.row)) for one in own]
        changes = [move(one) for one in own]
        samples = [sample_of(one) for one in own]
        crossed = [n for n, some in enumerate(changes) if any(map(is_crossing, some))]
        told = [IndicatorSample(**dict(zip(SAMPLED, samples[n], strict=True))) for n in crossed]
        IndicatorSample.objects.bulk_create(told, batch_size=AT_ONCE)
        rest = set(range(len(own))) - set(crossed)
        insert_rows(IndicatorSample, SAMPLED, [samples[n] for n in sorted(rest)])
        every = [change for some in changes for change in some]
        IndicatorChange.objects.bulk_create(every, batch_size=AT_ONCE)
        update_rows([one.row for one in own], EACH_TURN)
        other = [
            one.row
            for one, (_value, before) in zip(own, befores, strict=True)
            if _seldom(one.row) != before
        ]
        update_rows(other, SELDOM)
        tell(
            [
                Crossing(own[n].spec, own[n].row, sample, changes[n][-1])
                for n, sample in zip(crossed, told, strict=True)
            ],
            now,
        )
        tell_moved(
            [
                Moved(one.spec, one.row, before)
                for one, (before, _other) in zip(own, befores, strict=True)
                if one.row.value != before
            ],
            now,
        )
    text = gettext_noop("%(n)s indicators measured, %(changes)s changes of state")
    return Told(text, {"n": len(own), "changes": len(every)})


def _still(turns: Sequence[Turn], waiting: QuerySet[Indicator]) -> list[Turn]:
    """The turns that are still to be written, on rows as they stand now. A turn on the grid is
    lost to who was faster; a live one only to who measured later."""
    locked = waiting.select_for_update().annotate(stamp=_stamp()).order_by("id")
    stand = dict(locked.values_list("pk", "stamp"))
    own, again = [], []
    for one in turns:
        stamp = stand.get(one.row.pk)
        if stamp == one.row.stamp:  # type: ignore[attr-defined]
            own.append(one)
        elif stamp is not None:
            again.append(one)
    if again:
        rows = {row.pk: row for row in _rows(waiting.filter(pk__in=[one.row.pk for one in again]))}
        own += [
            one._replace(row=row, due=row.due)
            for one in again
            if (row := rows.get(one.row.pk)) is not None and (one.live or row.due == one.due)
        ]
    return [one for one in own if one.row.sampled is None or one.row.sampled < one.span.end]

"""Who is on duty: a pure function of a schedule, those who stand in, and the time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

DAY: Final = dt.timedelta(days=1)


class Rota(NamedTuple):
    """Turns that go round: `people` (ids) in order, each for `turn_days` days from `handover` by
    the clock of `zone`; the first one's first turn begins on `start`."""

    people: tuple[int, ...]
    turn_days: int
    handover: dt.time
    start: dt.date
    zone: ZoneInfo


class StandIn(NamedTuple):
    """Somebody who is on duty instead from `begins` until before `ends`; of several that overlap
    the one told last holds."""

    person: int
    begins: dt.datetime
    ends: dt.datetime


class Duty(NamedTuple):
    """A stretch of duty of one person; `stand_in` where it is not their turn."""

    person: int
    begins: dt.datetime
    ends: dt.datetime
    stand_in: bool = False


def turn(rota: Rota, at: dt.datetime) -> Duty | None:
    """The turn that holds at `at`; None before the first one, or where nobody takes turns."""
    if not rota.people:
        return None
    number = _number(rota, at)
    if number < 0:
        return None
    person = rota.people[number % len(rota.people)]
    return Duty(person, _begin(rota, number), _begin(rota, number + 1))


def on_call(rota: Rota, stand_ins: Iterable[StandIn], at: dt.datetime) -> int | None:
    """The id of the person on duty at `at`; None where nobody is."""
    held = [one for one in stand_ins if one.begins <= at < one.ends]
    if held:
        return held[-1].person
    now = turn(rota, at)
    return None if now is None else now.person


def duties(
    rota: Rota, stand_ins: Sequence[StandIn], begin: dt.datetime, end: dt.datetime
) -> list[Duty]:
    """Who is on duty from `begin` to `end`, stretch by stretch, without the times of nobody."""
    cuts = {begin, end}
    for one in stand_ins:
        cuts |= {cut for cut in (one.begins, one.ends) if begin < cut < end}
    number = _number(rota, begin)
    while rota.people and (cut := _begin(rota, number := number + 1)) < end:
        if cut > begin:
            cuts.add(cut)
    found: list[Duty] = []
    ordered = sorted(cuts)
    for first, last in pairwise(ordered):
        person = on_call(rota, stand_ins, first)
        if person is None:
            continue
        usual = turn(rota, first)
        other = any(one.begins <= first < one.ends for one in stand_ins)
        fresh = Duty(person, first, last, other and (usual is None or usual.person != person))
        before = found[-1] if found else None
        if (
            before is not None
            and before.ends == first
            and before._replace(begins=first, ends=last) == fresh
        ):
            found[-1] = before._replace(ends=last)
        else:
            found.append(fresh)
    return found


def _begin(rota: Rota, number: int) -> dt.datetime:
    """When a turn begins. A time that the clocks skip is the moment they jump to; of one that
    they repeat it is the first."""
    day = rota.start + number * rota.turn_days * DAY
    local = dt.datetime.combine(day, rota.handover, tzinfo=rota.zone)
    return local.astimezone(dt.UTC)


def _number(rota: Rota, at: dt.datetime) -> int:
    """The number of the turn that holds at `at`, from 0."""
    days = (at.astimezone(rota.zone).date() - rota.start).days
    number = days // max(1, rota.turn_days)
    # The hand-over of the day may still be to come.
    return number if _begin(rota, number) <= at else number - 1

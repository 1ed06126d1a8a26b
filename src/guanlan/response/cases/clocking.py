"""By when a case is answered and resolved.

A limit holds from when the case had its severity: the first one from its opening, one of a worse
severity from the change. All that ever held go on holding, so the earliest of their ends is the
deadline and no change makes it later. Time in which the customer has to answer does not count
towards resolving. Opening a case again changes none of this.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from guanlan.response.cases.rules import CHINA, Deadline
from guanlan.response.clocks.arithmetic import Calendar, Clock, Limit, Pause
from guanlan.response.clocks.calendars import calendar_of, read_days, read_hours
from guanlan.response.clocks.shipping import shipped
from guanlan.response.models import BusinessCalendar, Case, CasePause

Held = list[Any]  # [begin as ISO time, unit, minutes, code of the calendar]
FIRST: Final = "first"
RESOLVE: Final = "resolve"


class Calendars:
    """Business calendars by code, each read once and only where it is asked for."""

    def __init__(self) -> None:
        self._known: dict[str, Calendar] = {}

    def named(self, code: str) -> Calendar:
        """The calendar; that of China as it was shipped where there is none of this code."""
        if code not in self._known:
            row = BusinessCalendar.objects.filter(code=code).first()
            self._known[code] = shipped_calendar() if row is None else calendar_of(row)
        return self._known[code]


@lru_cache(maxsize=1)
def shipped_calendar() -> Calendar:
    """The calendar of China as it came with the platform."""
    said = next(one for one in shipped("calendars") if one["code"] == CHINA)
    days = [day for year, of in said["years"].items() for day in read_days(int(year), of["days"])]
    return Calendar(
        said["zone"],
        tuple(tuple(read_hours(text)) for text in said["week"]),
        frozenset(one.day for one in days if not one.works),
        frozenset(one.day for one in days if one.works),
        tuple(read_hours(said["makeup"])),
    )


def held_from(deadline: Deadline, start: dt.datetime) -> dict[str, list[Held]]:
    """The limits of a severity that begin now."""
    found: dict[str, list[Held]] = {FIRST: [], RESOLVE: []}
    for name, minutes in ((FIRST, deadline.first), (RESOLVE, deadline.resolve)):
        if minutes is not None:
            found[name].append([start.isoformat(), deadline.unit, minutes, deadline.calendar])
    return found


def due_of(
    held: Iterable[Held], pauses: Sequence[Pause], calendars: Calendars, now: dt.datetime
) -> dt.datetime | None:
    """The earliest end of the limits; None where there are none. While a pause lasts that is as
    if it ended `now`."""
    return min(
        (
            Clock(
                dt.datetime.fromisoformat(start),
                Limit(unit, minutes),
                calendar=calendars.named(code) if unit == "working_time" else None,
                pauses=tuple(pauses),
            ).due(now)
            for start, unit, minutes, code in held
        ),
        default=None,
    )


def set_dues(
    case: Case, calendars: Calendars, now: dt.datetime, pauses: Sequence[Pause] = ()
) -> None:
    """Reckon the two deadlines of a case from its limits; the caller saves it."""
    case.first_due = due_of(case.limits.get(FIRST, ()), (), calendars, now)
    case.resolve_due = due_of(case.limits.get(RESOLVE, ()), pauses, calendars, now)


def begin(case: Case, deadline: Deadline, calendars: Calendars) -> None:
    """Start the clocks of a case that is opened."""
    case.limits = held_from(deadline, case.opened)
    set_dues(case, calendars, case.opened)


def tighten(
    case: Case,
    deadline: Deadline,
    calendars: Calendars,
    now: dt.datetime,
    pauses: Sequence[Pause] = (),
) -> None:
    """Let the limits of another severity hold from now on, besides those that hold."""
    fresh = held_from(deadline, now)
    case.limits = {name: [*case.limits.get(name, ()), *fresh[name]] for name in (FIRST, RESOLVE)}
    set_dues(case, calendars, now, pauses)


def join_limits(case: Case, other: Mapping[str, list[Held]]) -> None:
    """Let the limits of another case hold too: of merged cases the earlier deadline holds."""
    case.limits = {
        name: [*case.limits.get(name, ()), *other.get(name, ())] for name in (FIRST, RESOLVE)
    }


def pauses_of(case: Case) -> list[Pause]:
    """The times in which it waited for the customer."""
    return [Pause(one.begins, one.ends) for one in CasePause.objects.filter(case=case)]

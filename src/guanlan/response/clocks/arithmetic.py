"""When a clock is due. Pure: times come in as arguments, calendars as values.

    limit = Limit("elapsed", 240)                       # four hours on any watch
    Clock(start=known, limit=limit).due()
    Clock(start=known, limit=Limit("working_days", 5), calendar=china).due()

Times are aware. What is counted is exact across changes of the clocks: a day of 25 hours has its
25 hours, and an hour that is repeated within office hours is worked twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

from msgspec import Struct

Kind = Literal["elapsed", "days", "months", "working_time", "working_days"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
UNITS: Final[dict[str, str]] = {
    "elapsed": "minutes", "days": "calendar days", "months": "months",
    "working_time": "minutes", "working_days": "working days",
}  # fmt: skip
# Ten years: past this a number is a slip of the hand and not a time limit.
MOST: Final[dict[str, int]] = {
    "elapsed": 5_256_000, "days": 3660, "months": 120, "working_time": 1_200_000,
    "working_days": 2600,
}  # fmt: skip
ALARMS: Final = (50, 75, 90, 100)  # percent of the time that is spent
DAY: Final = dt.timedelta(days=1)
MINUTE: Final = dt.timedelta(minutes=1)
_MINUTES: Final = 24 * 60
_IDLE_DAYS: Final = 800  # a calendar without work for so long has none

Span = tuple[int, int]  # minutes of the local day, from and to; 0 to 1440
Stretch = tuple[dt.datetime, dt.datetime]  # UTC, from and to


class Limit(Struct, frozen=True):
    """How long: minutes that pass, calendar days (to the end of the n-th after the start),
    months (to the end of the same day), minutes of working time, or working days. Raises
    ValueError for a limit that is no positive number."""

    kind: Kind
    amount: int

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a limit is one of {', '.join(KINDS)}")
        if not 1 <= self.amount <= MOST[self.kind]:
            raise ValueError(
                f"a limit of {self.amount} {UNITS[self.kind]}: expected 1 to {MOST[self.kind]}"
            )


class Pause(Struct, frozen=True):
    """A stretch in which a clock stands still; without an end it lasts."""

    begin: dt.datetime
    end: dt.datetime | None = None

    def __post_init__(self) -> None:
        if self.begin.tzinfo is None or (self.end is not None and self.end.tzinfo is None):
            raise ValueError("a pause needs times with a zone")
        if self.end is not None and self.end < self.begin:
            raise ValueError("a pause ends before it begins")


class Calendar(Struct, frozen=True):
    """When people work: hours of each weekday (Monday first) in a zone, holidays without work,
    and make-up workdays that have the hours `makeup`."""

    zone: str
    week: tuple[tuple[Span, ...], ...]
    holidays: frozenset[dt.date] = frozenset()
    workdays: frozenset[dt.date] = frozenset()
    makeup: tuple[Span, ...] = ((540, 1080),)

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise ValueError("a week has seven days, Monday first")
        for spans in (*self.week, self.makeup):
            last = 0
            for begin, end in spans:
                if not last <= begin < end <= _MINUTES:
                    raise ValueError("working hours follow each other, within 00:00 to 24:00")
                last = end
        ZoneInfo(self.zone)

    def hours(self, day: dt.date) -> tuple[Span, ...]:
        """The working hours of a local day; empty where nobody works."""
        if day in self.workdays:
            return self.makeup
        return () if day in self.holidays else self.week[day.weekday()]

    def works(self, day: dt.date) -> bool:
        """Whether it is a working day."""
        return bool(self.hours(day))


class Clock(Struct, frozen=True):
    """A start, a limit, and what makes it longer. `extensions` are in the limit's own unit.

    `zone` is where days end; a limit in working time or working days needs a `calendar`, and
    takes that one's zone. Raises ValueError for what does not fit together.
    """

    start: dt.datetime
    limit: Limit
    zone: str = "UTC"
    calendar: Calendar | None = None
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise ValueError("a clock needs a start with a zone")
        if self.limit.kind.startswith("working") and self.calendar is None:
            raise ValueError("a limit in working time needs a business calendar")
        if self.pauses and self.limit.kind == "months":
            raise ValueError("a limit in months cannot be paused")
        if any(one < 1 for one in self.extensions):
            raise ValueError("an extension is a positive number")
        Limit(self.limit.kind, self.amount)
        ZoneInfo(self.zone)

    @property
    def amount(self) -> int:
        """The limit and its extensions, in the limit's unit."""
        return self.limit.amount + sum(self.extensions)

    @property
    def place(self) -> str:
        """The zone in which days are counted."""
        return self.zone if self.calendar is None else self.calendar.zone

    def due(self, now: dt.datetime | None = None) -> dt.datetime:
        """When the limit is over, in UTC. While a pause lasts that is as if it ended `now`."""
        standing = self._standing(now)
        if self.limit.kind == "elapsed":
            return _after(self.start, self.amount * MINUTE, standing)
        if self.limit.kind == "working_time":
            return self._worked(self.amount * MINUTE, standing)
        if self.limit.kind == "months":
            return day_end(_months_on(self._first(), self.amount), self.place)
        return self._counted(standing)

    def at(self, percent: int, now: dt.datetime | None = None) -> dt.datetime:
        """When so much of the time is spent; 100 is when it is due. Whole microseconds, up."""
        standing = self._standing(now)
        if self.limit.kind == "working_time":
            return self._worked(_share(self.amount * MINUTE, percent), standing)
        whole = _running(self.start, self.due(now), standing)
        return _after(self.start, _share(whole, percent), standing)

    def spent(self, now: dt.datetime) -> float:
        """Which part of the time is spent: 0 at the start, 1 when due, more when overdue."""
        standing = self._standing(now)
        if self.limit.kind == "working_time" and self.calendar is not None:
            whole = self.amount * MINUTE
            done = sum(
                (
                    _running(max(begin, self.start), min(end, now), standing)
                    for begin, end in _stretches(self.calendar, self.start, until=now)
                ),
                dt.timedelta(),
            )
            return done / whole
        return _running(self.start, now, standing) / _running(self.start, self.due(now), standing)

    def reached(self, now: dt.datetime) -> tuple[int, ...]:
        """The alarms whose time has come."""
        return tuple(percent for percent in ALARMS if self.at(percent, now) <= now)

    def _first(self) -> dt.date:
        return self.start.astimezone(ZoneInfo(self.place)).date()

    def _standing(self, now: dt.datetime | None) -> list[Stretch]:
        """The pauses one after another, cut to what lies behind the start."""
        found: list[Stretch] = []
        for one in sorted(self.pauses, key=lambda pause: pause.begin):
            end = one.end if one.end is not None else now
            if end is None:
                raise ValueError("a pause lasts: say what time it is now")
            begin, end = max(one.begin, self.start).astimezone(dt.UTC), end.astimezone(dt.UTC)
            if found and begin <= found[-1][1]:
                begin = found[-1][1]
            if begin < end:
                found.append((begin, end))
        return found

    def _worked(self, wanted: dt.timedelta, standing: list[Stretch]) -> dt.datetime:
        assert self.calendar is not None
        for begin, end in _stretches(self.calendar, self.start):
            there = max(begin, self.start.astimezone(dt.UTC))
            had = _running(there, end, standing)
            if had >= wanted:
                return _after(there, wanted, standing)
            wanted -= had
        raise ValueError("the business calendar has no working hours")

    def _counted(self, standing: list[Stretch]) -> dt.datetime:
        """The end of the n-th day that counts: one on which the clock runs at the day's end,
        and, where working days are counted, one on which people work."""
        day, left, idle = self._first(), self.amount, 0
        while True:
            day += DAY
            counts = self.limit.kind == "days" or (
                self.calendar is not None and self.calendar.works(day)
            )
            idle = 0 if counts else idle + 1
            if idle > _IDLE_DAYS:
                raise ValueError("the business calendar has no working days")
            if not counts:
                continue
            end = day_end(day, self.place)
            if any(begin < end <= over for begin, over in standing):
                continue
            left -= 1
            if left == 0:
                return end


def _share(whole: dt.timedelta, percent: int) -> dt.timedelta:
    microsecond = dt.timedelta(microseconds=1)
    return -(-(whole // microsecond) * percent // 100) * microsecond


def _running(begin: dt.datetime, end: dt.datetime, standing: Iterable[Stretch]) -> dt.timedelta:
    """How much of a stretch the clock runs."""
    if end <= begin:
        return dt.timedelta()
    paused = sum(
        (max(min(end, b) - max(begin, a), dt.timedelta()) for a, b in standing), dt.timedelta()
    )
    return end - begin - paused


def _after(start: dt.datetime, wanted: dt.timedelta, standing: Iterable[Stretch]) -> dt.datetime:
    """When `wanted` has passed since `start`, pauses left out."""
    found = start.astimezone(dt.UTC) + wanted
    for begin, end in standing:
        if end > start and begin < found:
            found += end - max(begin, start)
    return found.astimezone(dt.UTC)


def _months_on(day: dt.date, months: int) -> dt.date:
    """The same day so many months on, or the last of that month where there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(dt.date(year, month + 1, 1) + (day.day - 1) * DAY, following - DAY)


def day_end(day: dt.date, zone: str) -> dt.datetime:
    """The moment in which a local day is over, in UTC."""
    lived = instants(day, ((0, _MINUTES),), zone)
    # A day that a zone left out (Samoa, 30 December 2011) is over with the one before.
    return lived[-1][1] if lived else day_end(day - DAY, zone)


@lru_cache(maxsize=4096)
def instants(day: dt.date, spans: tuple[Span, ...], zone: str) -> tuple[Stretch, ...]:
    """The stretches in UTC during which a clock on the wall shows this day within the spans.

    Where clocks are put back, a span may come twice; where they are put forward, it may be cut.
    """
    noon = dt.datetime.combine(day, dt.time(), dt.UTC)
    found: list[Stretch] = []
    for begin, end, offset in _segments(noon - 16 * 60 * MINUTE, noon + 42 * 60 * MINUTE, zone):
        for first, last in spans:
            a = max(begin, noon + first * MINUTE - offset)
            b = min(end, noon + last * MINUTE - offset)
            if a < b:
                found.append((a, b))
    return tuple(sorted(found))


def _segments(
    begin: dt.datetime, end: dt.datetime, zone: str
) -> Iterator[tuple[dt.datetime, dt.datetime, dt.timedelta]]:
    """Stretches of one offset from UTC. Looked at each hour, so nothing shorter is seen."""
    place = ZoneInfo(zone)
    offset, since, at = _offset(begin, place), begin, begin
    while at < end:
        following = min(at + 60 * MINUTE, end)
        other = _offset(following, place)
        if other != offset:
            low, high = at, following
            while high - low > dt.timedelta(seconds=1):
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                if middle <= low:
                    break
                if _offset(middle, place) == offset:
                    low = middle
                else:
                    high = middle
            yield since, high, offset
            since, offset = high, other
        at = following
    yield since, end, offset


def _offset(at: dt.datetime, place: ZoneInfo) -> dt.timedelta:
    return at.astimezone(place).utcoffset() or dt.timedelta()


def _stretches(
    calendar: Calendar, start: dt.datetime, until: dt.datetime | None = None
) -> Iterator[Stretch]:
    """Working stretches from a time on, in order; ends where there are none any more."""
    day = start.astimezone(ZoneInfo(calendar.zone)).date() - DAY
    idle = 0
    while idle <= _IDLE_DAYS:
        found = instants(day, calendar.hours(day), calendar.zone) if calendar.works(day) else ()
        idle = 0 if found else idle + 1
        for begin, end in found:
            if until is not None and begin >= until:
                return
            if end > start:
                yield begin, end
        if until is not None and not found and day > until.date() + DAY:
            return
        day += DAY

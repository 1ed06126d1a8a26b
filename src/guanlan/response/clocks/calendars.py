"""Business calendars as data: shipped ones, years entered by people, and calendars as values."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.response.clocks.arithmetic import Calendar, Span
from guanlan.response.models import BusinessCalendar, CalendarDay, CalendarYear

_DAY: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?\s+(holiday|work)(?:\s+(\S.*))?"
)
_HOURS: Final = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
LONGEST: Final = 40  # days in one line: a slip of the year would close the office for one


class Day(NamedTuple):
    """A holiday, or a day on which people work though it is a weekend."""

    day: dt.date
    works: bool
    name: str


def read_hours(text: str) -> list[Span]:
    """`09:00-12:00, 13:00-18:00` as minutes of the day; empty: nobody works. Raises
    ValidationError with an example."""
    found: list[Span] = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        fit = _HOURS.fullmatch(part)
        hours = [int(one) for one in fit.groups()] if fit else [99, 0, 0, 0]
        span = (hours[0] * 60 + hours[1], hours[2] * 60 + hours[3])
        last = found[-1][1] if found else 0
        if not last <= span[0] < span[1] <= 1440 or hours[1] > 59 or hours[3] > 59:
            raise ValidationError(
                _("Write hours like 09:00-12:00, 13:00-18:00, one after another, up to 24:00.")
            )
        found.append(span)
    return found


def hours_text(spans: Iterable[Iterable[int]]) -> str:
    """Hours as they are typed."""
    return ", ".join(
        "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in span) for span in spans
    )


def read_days(year: int, lines: Iterable[str]) -> list[Day]:
    """The days of a year, a line each or a line for several: `2026-02-15..2026-02-23 holiday
    春节`, `2026-02-14 work`. Raises ValidationError naming the line."""
    found: dict[dt.date, Day] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        fit = _DAY.fullmatch(line.strip())
        try:
            first = dt.date.fromisoformat(fit[1]) if fit else None
            last = dt.date.fromisoformat(fit[2] or fit[1]) if fit else None
        except ValueError:
            first = last = None
        if fit is None or first is None or last is None:
            raise ValidationError(
                _(
                    "Line %(n)s: write it like “2026-02-15..2026-02-23 holiday 春节” or "
                    "“2026-02-14 work”."
                )
                % {"n": number}
            )
        if first.year != year or last.year != year or not 0 <= (last - first).days < LONGEST:
            raise ValidationError(
                _("Line %(n)s: expected days of %(year)s, %(most)s in a row at most.")
                % {"n": number, "year": year, "most": LONGEST}
            )
        for n in range((last - first).days + 1):
            day = first + n * dt.timedelta(days=1)
            if day in found:
                raise ValidationError(
                    _("Line %(n)s: %(day)s stands there twice.") % {"n": number, "day": day}
                )
            found[day] = Day(day, fit[3] == "work", (fit[4] or "")[:80])
    return sorted(found.values())


def calendar_of(row: BusinessCalendar) -> Calendar:
    """The calendar as a value to reckon with."""
    days = list(row.days.values_list("day", "works"))
    return Calendar(
        row.zone,
        tuple(tuple((a, b) for a, b in spans) for spans in row.week),
        frozenset(day for day, works in days if not works),
        frozenset(day for day, works in days if works),
        tuple((a, b) for a, b in row.makeup),
    )


def missing_year(row: BusinessCalendar, today: dt.date) -> int | None:
    """The year whose holidays should be known by now and are not: this one, and from the first
    of December on the coming one."""
    known = {one.year for one in row.years.all()}
    wanted = [today.year, *([today.year + 1] if today.month == 12 else [])]
    return next((year for year in wanted if year not in known), None)


def save_calendar(
    subject: Subject,
    values: Mapping[str, Any],
    row: BusinessCalendar | None = None,
) -> BusinessCalendar:
    """Make a calendar or change its name, zone and hours. Raises ValidationError by field."""
    require(subject, "add" if row is None else "change", "response.businesscalendar")
    if values["zone"] not in available_timezones():
        raise ValidationError({"zone": _("Name a time zone such as Asia/Shanghai.")})
    week = []
    for n in range(7):
        try:
            week.append(read_hours(values[f"day_{n}"]))
        except ValidationError as error:
            raise ValidationError({f"day_{n}": error.messages}) from None
    if not any(week):
        raise ValidationError({"day_0": _("Name the hours of at least one weekday.")})
    made = row if row is not None else BusinessCalendar(code=values["code"])
    if row is None and BusinessCalendar.objects.filter(code=made.code).exists():
        raise ValidationError({"code": _("This short name is taken.")})
    made.name, made.zone, made.week = values["name"], values["zone"], week
    made.makeup = next(spans for spans in week if spans)
    with act("calendar.save", made):
        made.save()
    return made


def enter_year(
    subject: Subject,
    row: BusinessCalendar,
    year: int,
    lines: str,
    source: str,
    *,
    verified: bool,
    now: dt.datetime | None = None,
) -> int:
    """Put in the holidays and make-up workdays of a year, in place of those it had; how many.

    Raises ValidationError naming the line that cannot be read.
    """
    require(subject, "change", "response.businesscalendar")
    try:
        days = read_days(year, lines.splitlines())
    except ValidationError as error:
        raise ValidationError({"days": error.messages}) from None
    detail = {"year": year, "days": len(days), "verified": verified}
    with act("calendar.year", row, detail=detail, reason=source):
        _put(row, year, days, source, verified, subject.name, (now or timezone.now()).date())
    return len(days)


def _put(
    row: BusinessCalendar,
    year: int,
    days: list[Day],
    source: str,
    verified: bool,
    by: str,
    on: dt.date,
) -> None:
    row.days.filter(day__year=year).delete()
    CalendarDay.objects.bulk_create(
        CalendarDay(calendar=row, day=one.day, works=one.works, name=one.name) for one in days
    )
    CalendarYear.objects.update_or_create(
        calendar=row,
        year=year,
        defaults={
            "source": source[:200],
            "verified": verified,
            "checked_by": by[:80] if verified else "",
            "checked_on": on if verified else None,
        },
    )


def ship_calendars(shipped: Iterable[Mapping[str, Any]]) -> int:
    """Bring in calendars and years that come with the program and are not there; how many
    years. What people entered stays as it is."""
    brought = 0
    for one in shipped:
        row = BusinessCalendar.objects.filter(code=one["code"]).first()
        known = set(row.years.values_list("year", flat=True)) if row is not None else set()
        missing = sorted(int(year) for year in one["years"] if int(year) not in known)
        if row is not None and not missing:
            continue
        with act("calendar.ship", ("response.businesscalendar", one["code"])):
            if row is None:
                ZoneInfo(one["zone"])
                row = BusinessCalendar.objects.create(
                    code=one["code"],
                    name=one["name"],
                    zone=one["zone"],
                    week=[read_hours(text) for text in one["week"]],
                    makeup=read_hours(one["makeup"]),
                    shipped=True,
                )
            for year in missing:
                said = one["years"][str(year)]
                days = read_days(year, said["days"])
                on = dt.date.fromisoformat(said["checked_on"])
                _put(row, year, days, said["source"], said["verified"], said["checked_by"], on)
                brought += 1
    return brought

"""Clocks at a glance: how many are missed and due, and on which of the next days."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Final, NamedTuple
from urllib.parse import urlencode

from babel.dates import format_date
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanlan.core.access import Subject
from guanlan.response.clocks.calendars import missing_year
from guanlan.response.clocks.running import OPEN
from guanlan.response.models import BusinessCalendar, RunningClock
from guanlan.web.dashboards import Tile
from guanlan.web.words import babel_locale, number

DAYS: Final = 14
DAY: Final = dt.timedelta(days=1)
LATELY: Final = dt.timedelta(days=90)


class Day(NamedTuple):
    """A day of the strip; `note` names a holiday or a make-up workday."""

    title: str
    works: bool
    due: int
    said: str
    link: str
    note: str


class Strip(NamedTuple):
    """Numbers, days, and what is wrong with the calendar."""

    tiles: list[Tile]
    days: list[Day]
    missing: str


def strip_for(subject: Subject, now: dt.datetime) -> Strip:
    """Numbers of the clocks that the subject may see, and the next days."""
    clocks = RunningClock.objects.for_user(subject)
    lately = Q(state__in=OPEN, sent_at=None) | Q(stopped_at__gte=now - LATELY)
    going = clocks.filter(lately, paused_at=None)
    rows = list(going.values_list("state", "due", "stopped_at")[:10_000])
    due = [moment for _state, moment, stopped in rows if stopped is None]
    missed = sum(one <= now for one in due)
    soon = sum(now < one <= now + DAY for one in due)
    ended = Counter(state for state, _due, stopped in rows if stopped is not None)
    tiles = [
        Tile(label=_("Missed, not sent"), value=number(missed), link=_list("is:open state:missed"),
             state="bad" if missed else ""),
        Tile(label=_("Due within 24 hours"), value=number(soon), link=_between(now, now + DAY),
             state="warn" if soon else ""),
        Tile(label=_("Running"), value=number(len(due) - missed), link=_list("state:running")),
        Tile(
            label=_("Met in 90 days"),
            value=number(ended["met"]),
            note=_("%(n)s sent late") % {"n": number(ended["missed"])} if ended["missed"] else "",
            link=_list("state:met"),
        ),
    ]  # fmt: skip
    row = (
        BusinessCalendar.objects.for_user(subject).prefetch_related("years").order_by("pk").first()
    )
    return Strip(tiles, _days(row, due, now), missing_words(row, timezone.localtime(now).date()))


def missing_words(row: BusinessCalendar | None, today: dt.date) -> str:
    """That the holidays of a year should be known and are not; empty where they are."""
    year = missing_year(row, today) if row is not None else None
    if year is None or row is None:
        return ""
    return _(
        "%(calendar)s: no holidays known for %(year)s. Working days of that year are reckoned by"
        " plain weekends. Enter them on the page of the business calendar."
    ) % {"calendar": row.name, "year": year}


def _days(row: BusinessCalendar | None, due: list[dt.datetime], now: dt.datetime) -> list[Day]:
    today = timezone.localtime(now).date()
    counts = Counter(timezone.localtime(one).date() for one in due if one > now)
    week = row.week if row is not None else [[0]] * 5 + [[], []]
    last = today + DAYS * DAY
    there = row.days.filter(day__gte=today, day__lt=last) if row is not None else []
    days = {one.day: one for one in there}
    found = []
    for n in range(DAYS):
        day = today + n * DAY
        begin = timezone.make_aware(dt.datetime.combine(day, dt.time()))
        count = counts[day]
        found.append(
            Day(
                format_date(day, "EEE d", locale=babel_locale()),
                days[day].works if day in days else bool(week[day.weekday()]),
                count,
                ngettext("%(n)s due", "%(n)s due", count) % {"n": count},
                _between(max(begin, now), begin + DAY),
                days[day].name if day in days else "",
            )
        )
    return found


def _between(begin: dt.datetime, end: dt.datetime) -> str:
    first, last = timezone.localtime(begin), timezone.localtime(end)
    return _list(f"is:open after:{first:%Y-%m-%dT%H:%M} before:{last:%Y-%m-%dT%H:%M}")


def _list(query: str) -> str:
    return f"{reverse('clocks')}?{urlencode({'q': query})}"

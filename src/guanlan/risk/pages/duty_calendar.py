"""A month of what is due, for everybody or for one person."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Any, Final, NamedTuple

from babel.dates import format_date, get_day_names
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guanlan.core.models import User
from guanlan.risk.measure.catalogue import own_words
from guanlan.risk.measure.duties import planned_times
from guanlan.risk.measure.showing import duty_state
from guanlan.risk.measure.terms import DUTY
from guanlan.risk.models import Measure, MeasureDuty
from guanlan.web.resource import State
from guanlan.web.rights import needs, subject_of_request
from guanlan.web.words import babel_locale

FIRST: Final = dt.date(2000, 1, 1)
LAST: Final = dt.date(2100, 1, 1)


class Line(NamedTuple):
    """Something due on a day; `state` is None for what is only planned by the grid."""

    title: str
    url: str
    state: State | None


class Day(NamedTuple):
    date: dt.date
    other: bool  # of the month before or after
    today: bool
    lines: list[Line]


@needs("see", DUTY)
@require_safe
def month(request: HttpRequest) -> HttpResponse:
    """What was due, is due and will be due in a month. `who` is a user name, or me."""
    today = timezone.localdate()
    first = _month(request.GET.get("month", ""), today)
    person = _person(request)
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    zone = timezone.get_current_timezone()
    begin = dt.datetime.combine(weeks[0][0], dt.time(), zone)
    end = dt.datetime.combine(weeks[-1][-1] + dt.timedelta(days=1), dt.time(), zone)
    lines = _lines(request, person, begin, end)
    names = get_day_names("abbreviated", locale=babel_locale())
    before, after = _beside(first, -1), _beside(first, 1)
    who = f"&who={person.get_username()}" if person is not None else ""
    context: dict[str, Any] = {
        "title": _("Calendar of what is due"),
        "section": "duties",
        "month": format_date(first, "MMMM y", locale=babel_locale()),
        "heads": [names[n] for n in range(7)],
        "weeks": [
            [Day(day, day.month != first.month, day == today, lines.get(day, [])) for day in week]
            for week in weeks
        ],
        "before": f"?month={before:%Y-%m}{who}",
        "after": f"?month={after:%Y-%m}{who}",
        "here": f"{first:%Y-%m}",
        "person": person,
    }
    return render(request, "risk/measure/calendar.html", context)


def _month(asked: str, today: dt.date) -> dt.date:
    try:
        first = dt.date.fromisoformat(f"{asked}-01")
    except ValueError:
        first = today.replace(day=1)
    return min(max(first, FIRST), LAST)


def _beside(first: dt.date, way: int) -> dt.date:
    return (first + dt.timedelta(days=45 if way > 0 else -15)).replace(day=1)


def _person(request: HttpRequest) -> User | None:
    asked = request.GET.get("who", "")
    if asked == "me":
        asked = request.user.get_username()
    return User.objects.filter(username=asked).first() if asked else None


def _lines(
    request: HttpRequest, person: User | None, begin: dt.datetime, end: dt.datetime
) -> dict[dt.date, list[Line]]:
    rows = MeasureDuty.objects.for_user(subject_of_request(request)).filter(
        due__gte=begin, due__lt=end
    )
    measures = Measure.objects.filter(state=Measure.State.IN_FORCE, next_due__lt=end)
    if person is not None:
        rows, measures = rows.filter(owner=person), measures.filter(owner=person)
    found: dict[dt.date, list[Line]] = {}
    for row in rows.select_related("measure").order_by("due", "id"):
        title = f"{row.measure.code} {own_words(row.measure.title)}"
        line = Line(title, reverse("duty", args=[row.pk]), duty_state(row))
        found.setdefault(timezone.localdate(row.due), []).append(line)
    for at, one in planned_times(list(measures), begin, end):
        line = Line(f"{one.code} {own_words(one.title)}", reverse("measure", args=[one.pk]), None)
        found.setdefault(timezone.localdate(at), []).append(line)
    return found

"""Business calendars: hours, holidays and make-up workdays, and years that are missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from django import forms
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject
from guanlan.response.clocks.calendars import (
    enter_year,
    hours_text,
    missing_year,
    save_calendar,
)
from guanlan.response.clocks.holidays import holiday_name
from guanlan.response.clocks.strip import missing_words
from guanlan.response.models import BusinessCalendar
from guanlan.response.pages.clock_rules import SLUG
from guanlan.response.pages.clocks import rule_mark
from guanlan.web.resource import (
    Action,
    Column,
    Filter,
    Form,
    Panel,
    Resource,
    Saved,
    State,
    facts,
    register,
)
from guanlan.web.resource.cells import written

WEEKDAYS: Final = (
    gettext_lazy("Monday"), gettext_lazy("Tuesday"), gettext_lazy("Wednesday"),
    gettext_lazy("Thursday"), gettext_lazy("Friday"), gettext_lazy("Saturday"),
    gettext_lazy("Sunday"),
)  # fmt: skip
AHEAD: Final = 2  # years behind the last known one that the page names as unknown


class CalendarForm(forms.Form):
    """Name, zone and the hours of each weekday."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    zone = forms.CharField(label=gettext_lazy("Time zone"), max_length=64, initial="Asia/Shanghai")


def _with_days(base: type[forms.Form]) -> type[forms.Form]:
    days = {
        f"day_{n}": forms.CharField(
            label=title,
            max_length=80,
            required=False,
            initial="09:00-18:00" if n < 5 else "",
            widget=forms.TextInput(attrs={"placeholder": "09:00-12:00, 13:00-18:00"}),
        )
        for n, title in enumerate(WEEKDAYS)
    }
    return type(base.__name__, (base,), days)


class NewCalendar(CalendarForm):
    """With the short name that stays."""

    code = forms.SlugField(label=gettext_lazy("Short name"), max_length=40, error_messages=SLUG)
    field_order = ("code",)


NEW: Final = _with_days(NewCalendar)
CHANGE: Final = _with_days(CalendarForm)


class Year(forms.Form):
    """The holidays of a year, as a notice of the government says them."""

    year = forms.IntegerField(label=gettext_lazy("Year"), min_value=1990, max_value=2100)
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=200,
        help_text=gettext_lazy("Such as the number and date of the notice."),
    )
    days = forms.CharField(
        label=gettext_lazy("Days"),
        widget=forms.Textarea(
            attrs={
                "rows": 14,
                "placeholder": "2026-02-15..2026-02-23 holiday 春节\n2026-02-14 work",
            }
        ),
        help_text=gettext_lazy(
            "A line each: days, “holiday” or “work” (a make-up workday), a name. They take the"
            " place of what the year had."
        ),
    )
    verified = forms.BooleanField(
        label=gettext_lazy("I have compared it with the notice"), required=False
    )


def _enter(row: BusinessCalendar, subject: Subject, values: Mapping[str, Any]) -> str:
    n = enter_year(
        subject, row, values["year"], values["days"], values["source"],
        verified=values["verified"],
    )  # fmt: skip
    return _("%(n)s days of %(year)s are entered.") % {"n": n, "year": values["year"]}


def _add(subject: Subject, values: dict[str, Any]) -> Saved:
    return Saved(save_calendar(subject, values), _("The calendar is made."))


def _change(subject: Subject, row: BusinessCalendar, values: dict[str, Any]) -> Saved:
    return Saved(save_calendar(subject, values, row), _("The calendar is changed."))


def _initial(row: BusinessCalendar) -> dict[str, Any]:
    days = {f"day_{n}": hours_text(spans) for n, spans in enumerate(row.week)}
    return {"name": row.name, "zone": row.zone, **days}


def _with_years(rows: Sequence[BusinessCalendar]) -> Sequence[BusinessCalendar]:
    prefetch_related_objects(rows, "years")
    return rows


def state(row: BusinessCalendar) -> State:
    """Complete, or without the holidays of a year that should be known."""
    year = missing_year(row, timezone.localdate())
    if year is None:
        return State("on", _("complete"))
    return State("warn", _("%(year)s is missing") % {"year": year})


def _hours(row: BusinessCalendar, subject: Subject) -> Mapping[str, Any]:
    off = _("no work")
    return facts(
        *((title, hours_text(row.week[n]) or off) for n, title in enumerate(WEEKDAYS)),
        (_("Make-up workdays"), hours_text(row.makeup)),
    )


def _day(day: dt.date | None) -> str:
    """A day that no line breaks within."""
    return format_html('<span class="nowrap">{}</span>', day)


def _years(row: BusinessCalendar, subject: Subject) -> Mapping[str, Any]:
    known = sorted(row.years.all(), key=lambda one: -one.year)
    last = max([one.year for one in known], default=timezone.localdate().year - 1)
    rows: list[list[Any]] = [
        [n, written("state", State("unknown", _("no holidays known"))), _("plain weekends"), ""]
        for n in range(last + AHEAD, last, -1)
    ]
    for one in known:
        checked = format_html("{}, {}", one.checked_by, _day(one.checked_on))
        rows.append(
            [
                one.year,
                written("state", rule_mark(one.verified)),
                one.source,
                checked if one.verified else "",
            ]
        )
    heads = [_("Year"), _("Checked"), _("Source"), _("Checked by")]
    return {"rows": rows, "heads": heads, "missing": missing_words(row, timezone.localdate())}


def _days(row: BusinessCalendar, subject: Subject) -> Mapping[str, Any]:
    """Days of the newest years, those that follow each other as one line."""
    since = dt.date(timezone.localdate().year - 1, 1, 1)
    days = list(row.days.filter(day__gte=since).order_by("day"))
    marked = enumerate(days)
    rows = []
    for (_start, works, name), run in groupby(
        marked, key=lambda pair: (pair[1].day.toordinal() - pair[0], pair[1].works, pair[1].name)
    ):
        block = [one for _n, one in run]
        first, last = block[0].day, block[-1].day
        text = _day(first) if first == last else format_html("{} – {}", _day(first), _day(last))
        kind = State("on", _("work")) if works else State("off", _("holiday"))
        rows.append([text, written("state", kind), holiday_name(name)])
    return {
        "rows": rows[::-1],
        "heads": [_("Days"), _("Kind"), _("Name")],
        "empty": _("No holidays are entered."),
    }


CALENDARS = register(
    Resource(
        noun="response.businesscalendar",
        model=BusinessCalendar,
        title=gettext_lazy("Business calendar"),
        titles=gettext_lazy("Business calendars"),
        path="calendars",
        route="calendars",
        one="calendar",
        api="calendars",
        place=("respond", 68),
        columns=(
            Column("name", gettext_lazy("Name"), wide=True),
            Column("code", gettext_lazy("Short name"), cell="code"),
            Column("zone", gettext_lazy("Time zone")),
            Column("state", gettext_lazy("Holidays"), value=state, level=2),
            Column("shipped", gettext_lazy("Comes with the program"), cell="flag"),
            Column("created", gettext_lazy("Made"), cell="moment", sort=True, shown=False),
        ),
        filters=(
            Filter("name", gettext_lazy("Name"), "text"),
            Filter("zone", gettext_lazy("Time zone"), "exact", group=True),
            Filter("shipped", gettext_lazy("Comes with the program"), "flag"),
        ),
        search=("name", "code"),
        order="created",
        prepare=lambda rows, subject: _with_years(rows),
        state=state,
        facts=("code", "zone", "shipped"),
        panels=(
            Panel(gettext_lazy("Years"), "response/calendar_years.html", _years),
            Panel(gettext_lazy("Holidays and make-up workdays"), "web/resource/table.html", _days),
            Panel(gettext_lazy("Working hours"), "web/resource/facts.html", _hours, wide=False),
        ),
        form=Form(
            make=lambda subject, row: NEW if row is None else CHANGE,
            add=_add,
            change=_change,
            initial=_initial,
            title=gettext_lazy("New calendar"),
        ),
        actions=(
            Action(
                "year",
                gettext_lazy("Enter a year"),
                _enter,
                form=lambda subject, row: Year,
            ),
        ),
        empty=gettext_lazy(
            "No calendar yet. The one of mainland China appears when the program is started anew;"
            " make others here."
        ),
    )
)

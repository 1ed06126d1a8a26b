"""Who is on call, and who stands in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject
from guanlan.core.people.organisation import organisation
from guanlan.response.alerts import arranging
from guanlan.response.alerts.arranging import names_of
from guanlan.response.alerts.oncall import Duty, duties, on_call
from guanlan.response.alerts.telling import rota_of, stand_ins
from guanlan.response.models import OnCallOverride, OnCallSchedule
from guanlan.response.terms import CATEGORIES
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Form,
    Heading,
    Link,
    Panel,
    Related,
    Resource,
    Saved,
    State,
    facts,
    register,
)
from guanlan.web.resource.fields import DayInput, HourInput, MomentInput

STRIP_DAYS = 14


class ScheduleForm(forms.Form):
    """Who takes turns, and when they change."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    people = forms.CharField(
        label=gettext_lazy("People, in the order of their turns"),
        help_text=gettext_lazy("User names with commas between them."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "li, wang, chen"}),
    )
    turn_days = forms.IntegerField(
        label=gettext_lazy("Days of a turn"), min_value=1, max_value=60, initial=7
    )
    handover = forms.TimeField(
        label=gettext_lazy("Hand-over at"),
        initial="09:00",
        widget=HourInput(),
    )
    start = forms.DateField(
        label=gettext_lazy("First turn begins on"),
        initial=timezone.localdate,
        widget=DayInput(),
    )
    zone = forms.CharField(
        label=gettext_lazy("Time zone"), max_length=64, initial=lambda: organisation().zone.key
    )

    commands = forms.MultipleChoiceField(
        label=gettext_lazy("Commands incidents of"),
        choices=CATEGORIES.items(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Who is on duty is asked to command incidents of these categories."),
    )

    def clean_zone(self) -> str:
        zone = str(self.cleaned_data["zone"])
        if zone not in available_timezones():
            raise ValidationError(_("Give a time zone such as Asia/Shanghai."))
        return zone


class StandingIn(forms.Form):
    """Who stands in, for which time and why."""

    schedule = Related(OnCallSchedule, label=gettext_lazy("Schedule"))
    person = forms.CharField(label=gettext_lazy("User name"), max_length=150)
    begins = forms.DateTimeField(
        label=gettext_lazy("From"),
        widget=MomentInput(),
    )
    ends = forms.DateTimeField(
        label=gettext_lazy("Until"),
        widget=MomentInput(),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)


def _initial(row: OnCallSchedule) -> Mapping[str, Any]:
    return {
        "name": row.name,
        "people": ", ".join(names_of(row.people)),
        "turn_days": row.turn_days,
        "handover": row.handover,
        "start": row.start,
        "zone": row.zone,
        "commands": row.commands,
    }


def _add(subject: Subject, values: dict[str, Any]) -> Saved:
    return Saved(arranging.save_schedule(subject, None, **values), _("The schedule holds."))


def _change(subject: Subject, row: OnCallSchedule, values: dict[str, Any]) -> Saved:
    return Saved(arranging.save_schedule(subject, row, **values), _("The schedule holds."))


def _stand_in(subject: Subject, values: dict[str, Any]) -> Saved:
    return Saved(arranging.stand_in(subject, **values), _("It holds."))


class Look:
    """A schedule with the duties of two weeks."""

    def __init__(self, row: OnCallSchedule) -> None:
        now = timezone.now()
        begin, end = now - dt.timedelta(days=1), now + dt.timedelta(days=STRIP_DAYS)
        rota, others = rota_of(row), stand_ins(row, begin, end)
        self.row = row
        self.now = on_call(rota, others, now)
        self.strip = duties(rota, others, begin, end)
        self.next = next((d for d in self.strip if d.begins > now and d.person != self.now), None)
        people = {duty.person for duty in self.strip} | {*row.people}
        self.names = dict(zip(sorted(people), names_of(sorted(people)), strict=True))


def heading(look: Look) -> Heading:
    """Who is on duty now."""
    name = look.names.get(look.now or 0, "")
    return Heading(look.row.name, owner=name or _("nobody"))


def turns(look: Look, subject: Subject) -> Mapping[str, Any]:
    """The calendar strip: a line for each stretch of duty."""
    now = timezone.now()
    return {"lines": [_line(one, look.names, now) for one in look.strip], "more": _("two weeks")}


def _line(one: Duty, names: Mapping[int, str], now: dt.datetime) -> dict[str, Any]:
    return {
        "name": names.get(one.person, ""),
        "begins": one.begins,
        "ends": one.ends,
        "now": one.begins <= now < one.ends,
        "stand_in": one.stand_in,
        "hours": round((one.ends - one.begins) / dt.timedelta(hours=1)),
    }


def next_one(look: Look, subject: Subject) -> Mapping[str, Any]:
    """Who is on call now and next."""
    after = look.next
    return facts(
        (_("Now"), look.names.get(look.now or 0) or _("nobody")),
        (_("Next"), look.names.get(after.person) if after else None),
        (_("From"), f"{timezone.localtime(after.begins):%Y-%m-%d %H:%M}" if after else None),
        (_("Turns of"), _("%(n)s days") % {"n": look.row.turn_days}),
        (_("Time zone"), look.row.zone),
    )


def show_schedules(rows: Sequence[Any], subject: Subject) -> Sequence[Any]:
    """Schedules with who is on duty now: names are read together."""
    now = timezone.now()
    others: dict[int, list[OnCallOverride]] = {}
    held = OnCallOverride.objects.for_user(subject).filter(begins__lte=now, ends__gt=now)
    for one in held.order_by("pk"):
        others.setdefault(one.schedule_id, []).append(one)
    found = []
    for row in rows:
        mine = others.get(row.pk)
        row.on_duty = mine[-1].person_id if mine else on_call(rota_of(row), (), now)
        found.append(row.on_duty or 0)
    names = dict(zip(found, names_of(found), strict=True))
    for row in rows:
        row.on_duty = names.get(row.on_duty or 0, "")
    return rows


def _window(row: OnCallOverride) -> State:
    now = timezone.now()
    if row.ends <= now:
        return State("off", _("over"))
    return State("on", _("holds")) if row.begins <= now else State("warn", _("to come"))


SCHEDULES = register(
    Resource(
        noun="response.oncallschedule",
        model=OnCallSchedule,
        title=gettext_lazy("On-call schedule"),
        titles=gettext_lazy("On call"),
        path="on-call",
        route="on_call",
        one="on_call_schedule",
        place=("respond", 80),
        columns=(
            Column("name", gettext_lazy("Name"), sort=True),
            Column("now", gettext_lazy("On duty now"), "people",
                   value=lambda row: row.on_duty or State("bad", _("nobody"))),
            Column("turn_days", gettext_lazy("Days of a turn"), cell="number"),
            Column("zone", gettext_lazy("Time zone"), shown=False),
            Column("created", gettext_lazy("Made"), cell="moment", sort=True, shown=False),
        ),
        filters=(Filter("name", gettext_lazy("Name"), "text"),),
        search=("name",),
        links=(
            Link(gettext_lazy("Stand-ins"), "stand_ins"),
            Link(gettext_lazy("Chains of escalation"), "alert_chains"),
        ),
        order="name",
        prepare=show_schedules,
        look=lambda row, subject: Look(row),
        heading=heading,
        facts=(),
        panels=(
            Panel(gettext_lazy("Turns"), "response/alert/turns.html", turns),
            Panel(gettext_lazy("On call"), "web/resource/facts.html", next_one, wide=False),
        ),
        form=Form(make=lambda subject, row: ScheduleForm, add=_add, change=_change,
                  initial=_initial, title=gettext_lazy("New schedule")),
        empty=gettext_lazy(
            "Nobody is on call yet. Make a schedule, and name it in a chain: then alerts reach"
            " whoever is on duty."
        ),
    )
)  # fmt: skip

OVERRIDES = register(
    Resource(
        noun="response.oncalloverride",
        model=OnCallOverride,
        title=gettext_lazy("Stand-in"),
        titles=gettext_lazy("Stand-ins"),
        path="on-call-stand-ins",
        route="stand_ins",
        under="on_call",
        one="stand_in",
        columns=(
            Column("schedule", gettext_lazy("Schedule"), "schedule__name"),
            Column("person", gettext_lazy("Person"), "person__username"),
            Column("begins", gettext_lazy("From"), cell="moment", sort=True),
            Column("ends", gettext_lazy("Until"), cell="until"),
            Column("state", gettext_lazy("State"), "ends", value=_window, cell="state"),
        ),
        filters=(Filter("person", gettext_lazy("Person"), "person", example="person:me"),),
        order="-begins",
        related=("schedule", "person"),
        state=_window,
        name_of=lambda row: f"{row.person.get_username()} · {row.schedule.name}",
        panels=(
            Panel(gettext_lazy("Why"), "web/resource/facts.html",
                  lambda row, subject: facts((_("Reason"), row.reason)), wide=False),
        ),
        chips=(Chip(gettext_lazy("all"), ""), Chip(gettext_lazy("mine"), "person:me")),
        form=Form(make=lambda subject, row: StandingIn, add=_stand_in,
                  title=gettext_lazy("Stand in")),
        actions=(
            Action("end", gettext_lazy("End now"),
                   lambda row, subject: arranging.end_stand_in(subject, row), verb="delete",
                   when=lambda row: row.ends > timezone.now(), danger=True,
                   words=gettext_lazy("From now on the turn of the schedule holds again.")),
        ),
        empty=gettext_lazy("Nobody stands in. Who cannot take a turn names somebody here."),
    )
)  # fmt: skip

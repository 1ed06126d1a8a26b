"""What is due for measures: a list, whose it is, done with evidence."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.risk.measure.catalogue import own_words
from guanlan.risk.measure.duties import may_do
from guanlan.risk.measure.showing import duty_state, step_line
from guanlan.risk.measure.terms import DUTY
from guanlan.risk.models import MeasureDuty
from guanlan.risk.pages import measure_forms as forms
from guanlan.web.resource import (
    Action,
    Chip,
    Clock,
    Column,
    Filter,
    Heading,
    Link,
    Panel,
    Resource,
    Term,
    facts,
    register,
)

YES_NO: Final = {"yes": gettext_lazy("yes"), "no": gettext_lazy("no")}


def by_lateness(term: Term, subject: Subject) -> Q:
    late = Q(done=None, due__lt=timezone.now())
    return late if term.value == "yes" else ~late


def name_of(row: MeasureDuty) -> str:
    return f"{row.measure.code} {own_words(row.measure.title)}"


def heading(row: MeasureDuty) -> Heading:
    return Heading(
        name_of(row),
        over=_("Duty"),
        owner=row.owner.get_username() if row.owner else "",
        clock=Clock(row.due) if row.done is None else row.done,
    )


def explained(row: MeasureDuty, subject: Subject) -> dict[str, Any]:
    """What was done, by whom."""
    found = facts(
        (pgettext_lazy("duty", "Due"), row.due),
        (_("Deputy"), row.measure.deputy.get_username() if row.measure.deputy else ""),
        (pgettext_lazy("duty", "Done"), row.done),
        (_("Done by"), row.done_by.get_username() if row.done_by else ""),
        (_("Evidence"), row.evidence),
        (_("Owner told that it is late"), row.told),
        (_("Escalated"), row.escalated),
    )
    return found | {"more": row.measure.code, "more_url": reverse("measure", args=[row.measure_id])}


def steps(row: MeasureDuty, subject: Subject) -> dict[str, Any]:
    """The steps to be done."""
    return {"steps": [step_line(one) for one in row.measure.steps.order_by("position")]}


KEPT: Final = register(
    Resource(
        noun=DUTY,
        model=MeasureDuty,
        title=gettext_lazy("Duty"),
        titles=gettext_lazy("What is due"),
        path="duties",
        route="duties",
        one="duty",
        place=("govern", 14),
        api="duties",
        columns=(
            Column("measure", pgettext_lazy("against risks", "Measure"), "measure__title",
                   value=name_of, wide=True),
            Column("due", pgettext_lazy("duty", "Due"), cell="moment", sort=True),
            Column("state", gettext_lazy("State"), "done", value=duty_state, cell="state"),
            Column("owner", pgettext_lazy("of a thing", "Owner"), "owner__username"),
            Column("done", pgettext_lazy("duty", "Done"), cell="moment"),
            Column("done_by", gettext_lazy("Done by"), "done_by__username"),
            Column("evidence", gettext_lazy("Evidence"), shown=False),
            Column("escalated", gettext_lazy("Escalated"), cell="moment", shown=False),
        ),
        filters=(
            Filter("late", gettext_lazy("Overdue"), "choice", choices=YES_NO, read=by_lateness,
                   level=2, example="late:yes"),
            Filter("done", pgettext_lazy("duty", "Done"), "flag", null=True, group=True),
            Filter("owner", pgettext_lazy("of a thing", "Owner"), "person", example="owner:me"),
            Filter("measure", pgettext_lazy("against risks", "Measure"), "exact", "measure__code",
                   example="measure:M-001"),
            Filter("before", gettext_lazy("Due by"), "time", "due", sign="<"),
            Filter("after", gettext_lazy("Due from then on"), "time", "due", sign=">="),
        ),
        search=("measure__title", "measure__code"),
        chips=(
            Chip(gettext_lazy("to be done"), "done:no"),
            Chip(gettext_lazy("mine"), "owner:me done:no"),
            Chip(gettext_lazy("overdue"), "late:yes"),
            Chip(gettext_lazy("all"), ""),
        ),
        order="due",
        related=("measure__owner", "measure__deputy", "owner", "done_by"),
        heading=heading,
        facts=(),
        state=duty_state,
        name_of=name_of,
        links=(Link(gettext_lazy("Calendar"), "duty_calendar"),),
        panels=(
            Panel(gettext_lazy("What is to be done"), "risk/measure/steps.html", steps),
            Panel(gettext_lazy("Duty"), "web/resource/facts.html", explained, wide=False),
        ),
        actions=(
            Action("done", gettext_lazy("Done"), forms.done, verb="see",
                   when=lambda row: row.done is None,
                   offered=lambda row, subject: may_do(subject, row),
                   form=lambda subject, row: forms.DoneForm),
        ),
        drifts=("told", "escalated"),
        empty=gettext_lazy(
            "Nothing is due. Measures in force with a rhythm fall due here."
        ),
    )
)  # fmt: skip

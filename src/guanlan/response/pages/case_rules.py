"""What holds for cases: how alerts are grouped, by when cases are resolved, and queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.response.alerts.arranging import names_of
from guanlan.response.alerts.showing import severity_name, severity_state
from guanlan.response.cases import rules
from guanlan.response.cases.arranging import save_queue
from guanlan.response.cases.sharing import Load
from guanlan.response.kinds import every_kind, kind_title
from guanlan.response.models import BusinessCalendar, CaseDeadline, CaseQueue, CaseRule
from guanlan.response.terms import CATEGORIES, SEVERITIES, Severity
from guanlan.web.resource import (
    Column,
    Filter,
    Form,
    Panel,
    Related,
    Resource,
    Saved,
    register,
)
from guanlan.web.words import duration, number

UNITS: Final[dict[str, str | Promise]] = {
    "elapsed": gettext_lazy("elapsed time"),
    "working_time": gettext_lazy("working time"),
}
NEVER: Final = "never"


class RuleForm(forms.Form):
    """How alerts of a category are grouped, and what is to be done in its cases."""

    minutes = forms.IntegerField(
        label=gettext_lazy("Window in minutes"),
        min_value=1,
        max_value=rules.LONGEST_WINDOW,
        help_text=gettext_lazy(
            "An alert joins the open case of its entity while the newest alert of that case is not"
            " older than this."
        ),
    )
    most = forms.IntegerField(
        label=gettext_lazy("Alerts in a case at most"), min_value=1, max_value=rules.MOST_ALERTS
    )
    kinds = forms.CharField(
        label=gettext_lazy("Grouped by"),
        max_length=400,
        help_text=gettext_lazy("Kinds of entities, the most telling first: user, device, ip."),
    )
    confirm_from = forms.ChoiceField(
        label=gettext_lazy("A second person confirms closing from"),
        choices=[*SEVERITIES.items(), (NEVER, pgettext_lazy("confirming", "never"))],
    )
    checklist = forms.CharField(
        label=gettext_lazy("Checklist of each new case"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("One line for each thing to be done."),
    )


class DeadlineForm(forms.Form):
    """By when, and how time is counted."""

    first = forms.IntegerField(
        label=gettext_lazy("Answered within minutes"), min_value=1,
        max_value=rules.LONGEST_DEADLINE, required=False,
        help_text=gettext_lazy("Nothing: no deadline."),
    )  # fmt: skip
    resolve = forms.IntegerField(
        label=gettext_lazy("Resolved within minutes"), min_value=1,
        max_value=rules.LONGEST_DEADLINE, required=False,
        help_text=gettext_lazy("Nothing: no deadline."),
    )  # fmt: skip
    unit = forms.ChoiceField(
        label=gettext_lazy("Time counted"), choices=[*UNITS.items()],
        help_text=gettext_lazy("24 hours of elapsed time are 24 hours on any watch."),
    )  # fmt: skip
    calendar = Related(
        BusinessCalendar, label=gettext_lazy("Business calendar"), required=False,
        help_text=gettext_lazy("Nothing: that of China, with its holidays and make-up workdays."),
    )  # fmt: skip


class QueueForm(forms.Form):
    """Who works on what."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    categories = forms.MultipleChoiceField(
        label=gettext_lazy("Categories"),
        choices=[*CATEGORIES.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    people = forms.CharField(
        label=gettext_lazy("People"),
        required=False,
        help_text=gettext_lazy("User names with commas between them."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "li, wang, chen"}),
    )
    shares = forms.BooleanField(
        label=gettext_lazy("New cases go to whoever has the least to do"), required=False
    )


def _change_rule(subject: Subject, row: CaseRule, values: dict[str, Any]) -> Saved:
    least = values.pop("confirm_from")
    confirm = None if least == NEVER else Severity[least]
    made = rules.change_rule(subject, row.category, confirm_from=confirm, **values)
    return Saved(made, _("It holds for cases from now on."))


def _rule(row: CaseRule) -> Mapping[str, Any]:
    least = row.confirm_from
    return {
        "minutes": row.minutes,
        "most": row.most,
        "kinds": ", ".join(row.kinds),
        "confirm_from": NEVER if least is None else Severity(least).name,
        "checklist": "\n".join(_(one) for one in row.checklist),
    }


def _change_deadline(subject: Subject, row: CaseDeadline, values: dict[str, Any]) -> Saved:
    made = rules.change_deadline(subject, Severity(row.severity), **values)
    return Saved(made, _("It holds for cases from now on."))


def _deadline(row: CaseDeadline) -> Mapping[str, Any]:
    return {
        "first": row.first, "resolve": row.resolve, "unit": row.unit, "calendar": row.calendar_id,
    }  # fmt: skip


def _save_queue(subject: Subject, row: CaseQueue | None, values: dict[str, Any]) -> Saved:
    return Saved(save_queue(subject, row, **values), _("The queue is kept."))


def _queue(row: CaseQueue) -> Mapping[str, Any]:
    return {
        "name": row.name, "categories": row.categories, "shares": row.shares,
        "people": ", ".join(name for name in names_of(row.people) if name),
    }  # fmt: skip


def within(minutes: int | None) -> str:
    """A deadline in words."""
    return _("no deadline") if minutes is None else duration(minutes * 60_000_000)


def checklist(row: CaseRule, subject: Subject) -> Mapping[str, Any]:
    """What is to be done in each case."""
    return {
        "rows": [(n, _(text)) for n, text in enumerate(row.checklist, 1)],
        "empty": _("Nothing. Change it to have a checklist in each new case."),
    }


def loads(row: CaseQueue, subject: Subject) -> Mapping[str, Any]:
    """What each of its people has to do."""
    load = Load([row])
    names = names_of(row.people)
    return {
        "heads": [_("Person"), _("Open cases"), _("Weight")],
        "rows": [
            (name, number(load.of(one)[1]), number(load.of(one)[0]))
            for one, name in zip(row.people, names, strict=True)
            if name
        ],
        "empty": _("Nobody works on this queue yet. Change it to name people."),
    }


class QueueRow:
    """A queue with the names of its people."""

    def __init__(self, row: CaseQueue, names: Mapping[int, str]) -> None:
        self.row = row
        self.people = [names[one] for one in row.people if names.get(one)]
        self.categories = ", ".join(str(CATEGORIES[one]) for one in row.categories)


def show_queues(rows: Sequence[CaseQueue], subject: Subject) -> list[QueueRow]:
    """A page of queues; names are read together."""
    every = sorted({one for row in rows for one in row.people})
    names = dict(zip(every, names_of(every), strict=True))
    return [QueueRow(row, names) for row in rows]


def _kinds(row: CaseRule) -> list[str]:
    """What its cases are grouped by, in words."""
    known = every_kind()
    return [kind_title(name, known) for name in row.kinds]


RULES = register(
    Resource(
        noun="response.caserule",
        model=CaseRule,
        title=gettext_lazy("What holds for cases"),
        titles=gettext_lazy("What holds for cases"),
        path="settings/case-rules",
        route="case_rules",
        under="cases",
        one="case_rule",
        columns=(
            Column("category", gettext_lazy("Category"), sort=True,
                   value=lambda row: str(CATEGORIES.get(row.category, row.category))),
            Column("minutes", gettext_lazy("Window"), value=lambda row: within(row.minutes)),
            Column("most", gettext_lazy("Alerts at most"), cell="number"),
            Column("kinds", gettext_lazy("Grouped by"), value=_kinds, cell="tags"),
            Column("confirm_from", gettext_lazy("Two close from"),
                   value=lambda row: pgettext("confirming", "never") if row.confirm_from is None
                   else severity_name(row.confirm_from)),
            Column("changed", gettext_lazy("Changed"), cell="moment"),
        ),
        order="category",
        name_of=lambda row: str(CATEGORIES.get(row.category, row.category)),
        discussed=False,
        panels=(Panel(gettext_lazy("Checklist"), "web/resource/table.html", checklist),),
        form=Form(make=lambda subject, row: RuleForm, change=_change_rule, initial=_rule),
        empty=gettext_lazy("What came with Guanlan holds."),
    )
)  # fmt: skip
DEADLINES = register(
    Resource(
        noun="response.casedeadline",
        model=CaseDeadline,
        title=gettext_lazy("Deadline of cases"),
        titles=gettext_lazy("Deadlines of cases"),
        path="settings/case-deadlines",
        route="case_deadlines",
        under="cases",
        one="case_deadline",
        columns=(
            Column("severity", gettext_lazy("Severity"), cell="state", sort=True,
                   value=lambda row: severity_state(row.severity)),
            Column("first", gettext_lazy("Answered within"), value=lambda row: within(row.first)),
            Column("resolve", gettext_lazy("Resolved within"),
                   value=lambda row: within(row.resolve)),
            Column("unit", gettext_lazy("Time counted"), value=lambda row: str(UNITS[row.unit])),
            Column("calendar", gettext_lazy("Business calendar"), "calendar__name"),
            Column("changed", gettext_lazy("Changed"), cell="moment"),
        ),
        order="-severity",
        related=("calendar",),
        name_of=lambda row: severity_name(row.severity),
        discussed=False,
        form=Form(
            make=lambda subject, row: DeadlineForm, change=_change_deadline, initial=_deadline
        ),
        empty=gettext_lazy("The deadlines that came with Guanlan hold."),
    )
)  # fmt: skip
QUEUES = register(
    Resource(
        noun="response.casequeue",
        model=CaseQueue,
        title=gettext_lazy("Queue of cases"),
        titles=gettext_lazy("Queues of cases"),
        path="case-queues",
        route="case_queues",
        one="case_queue",
        columns=(
            Column("name", pgettext_lazy("of cases", "Queue"), value=lambda row: row.row.name,
                   wide=True),
            Column("categories", gettext_lazy("Categories"), value=lambda row: row.categories),
            Column("people", gettext_lazy("People"), value=lambda row: row.people, cell="tags"),
            Column("shares", gettext_lazy("Shared by load"), value=lambda row: row.row.shares,
                   cell="flag"),
            Column("created", gettext_lazy("Made"), value=lambda row: row.row.created,
                   cell="moment", sort=True),
        ),
        filters=(Filter("name", gettext_lazy("Name"), "text"),),
        search=("name",),
        order="created",
        prepare=show_queues,
        name_of=lambda row: row.name,
        discussed=False,
        panels=(
            Panel(gettext_lazy("What its people have to do"), "web/resource/table.html", loads),
        ),
        form=Form(
            make=lambda subject, row: QueueForm,
            add=lambda subject, values: _save_queue(subject, None, values),
            change=_save_queue,
            initial=_queue,
            title=gettext_lazy("New queue"),
        ),
        empty=gettext_lazy(
            "There is no queue yet: cases belong to nobody until somebody takes them. Make one to"
            " share them among people."
        ),
    )
)  # fmt: skip

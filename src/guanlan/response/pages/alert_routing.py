"""Routing rules and chains: who is told of which alerts, and who else when nobody answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject
from guanlan.core.access.table import ROLES
from guanlan.core.models import Channel
from guanlan.response.alerts import arranging
from guanlan.response.alerts.showing import severity_name
from guanlan.response.models import AlertRoute, EscalationChain
from guanlan.response.terms import CATEGORIES, SEVERITIES, Severity
from guanlan.web.resource import (
    Column,
    Filter,
    Form,
    Link,
    Panel,
    Related,
    Resource,
    Saved,
    register,
)
from guanlan.web.resource.fields import HourInput
from guanlan.web.words import labelled

_ANY: Final = ("", "—")
_TARGETS: Final = {
    "role": gettext_lazy("Role"), "person": gettext_lazy("Person"),
    "channel": gettext_lazy("Channel"), "schedule": gettext_lazy("Schedule"),
}  # fmt: skip


class ChainForm(forms.Form):
    """A chain, its steps one a line."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    steps = forms.CharField(
        label=gettext_lazy("Steps, one a line"),
        widget=forms.Textarea(
            attrs={
                "rows": 6,
                "spellcheck": "false",
                "placeholder": "0 schedule:Night desk\n15 person:li\n30 role:owner",
            }
        ),
        help_text=gettext_lazy(
            "Minutes, then schedule:, person:, role: or channel: with a name. The first step is"
            " done at once, the others so many minutes after the deadline for acknowledging."
        ),
    )


class RouteForm(forms.Form):
    """Which alerts, when, and where to."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    position = forms.IntegerField(
        label=gettext_lazy("Order"), min_value=0, max_value=100_000, initial=10
    )
    category = forms.ChoiceField(
        label=gettext_lazy("Category of risk"),
        choices=[_ANY, *CATEGORIES.items()],
        required=False,
    )
    severity = forms.TypedChoiceField(
        label=gettext_lazy("Severity at least"),
        choices=[(int(one), SEVERITIES[one.name]) for one in Severity],
        coerce=int,
        initial=int(Severity.medium),
    )
    rule_prefix = forms.CharField(
        label=gettext_lazy("Rules that begin with"),
        max_length=128,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "fraud.transfer."}),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Days of the week"),
        choices=list(WEEKDAYS.items()),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None: every day."),
    )
    from_time = forms.TimeField(
        label=gettext_lazy("From"),
        required=False,
        widget=HourInput(),
    )
    to_time = forms.TimeField(
        label=gettext_lazy("Until"),
        required=False,
        widget=HourInput(),
    )
    chain = Related(EscalationChain, label=gettext_lazy("Chain"), required=False)
    channel = Related(Channel, label=gettext_lazy("Channel"), required=False)
    role = forms.ChoiceField(
        label=gettext_lazy("Role"), choices=[_ANY, *ROLES.items()], required=False
    )
    last = forms.BooleanField(
        label=gettext_lazy("Ask no further rule when this one fits"), required=False, initial=True
    )
    enabled = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)


def _chain(subject: Subject, row: EscalationChain | None, values: dict[str, Any]) -> Saved:
    return Saved(arranging.save_chain(subject, row, **values), _("The chain holds."))


def _route(subject: Subject, row: AlertRoute | None, values: dict[str, Any]) -> Saved:
    return Saved(arranging.save_route(subject, row, **values), _("The rule holds."))


def _fields(row: AlertRoute) -> Mapping[str, Any]:
    return {name: getattr(row, name) for name in RouteForm.base_fields}


def steps(row: EscalationChain, subject: Subject) -> Mapping[str, Any]:
    """The steps in words: when, and who or what is told."""
    rows = []
    for (minutes, kind, target), line in zip(
        row.steps, arranging.written_steps(row.steps), strict=True
    ):
        when = _("%(n)s min later") % {"n": minutes} if minutes else _("at once")
        name = ROLES.get(target, target) if kind == "role" else line.partition(":")[2]
        rows.append((when, labelled(_TARGETS[kind], name)))
    return {"rows": rows, "empty": ""}


def where(row: AlertRoute) -> str:
    """Where its alerts go."""
    return str(row.chain or row.channel or ROLES.get(row.role, row.role))


CHAINS = register(
    Resource(
        noun="response.escalationchain",
        model=EscalationChain,
        title=gettext_lazy("Chain"),
        titles=gettext_lazy("Chains of escalation"),
        path="settings/alert-chains",
        route="alert_chains",
        under="alert_routes",
        one="alert_chain",
        columns=(
            Column("name", gettext_lazy("Name"), sort=True),
            Column("steps", gettext_lazy("Steps"), value=lambda row: len(row.steps),
                   cell="number"),
            Column("created", gettext_lazy("Made"), cell="moment", sort=True),
        ),
        filters=(Filter("name", gettext_lazy("Name"), "text"),),
        search=("name",),
        order="name",
        panels=(Panel(gettext_lazy("Steps"), "web/resource/table.html", steps),),
        form=Form(
            make=lambda subject, row: ChainForm,
            add=lambda subject, values: _chain(subject, None, values),
            change=_chain,
            initial=lambda row: {
                "name": row.name, "steps": "\n".join(arranging.written_steps(row.steps))
            },
            title=gettext_lazy("New chain"),
        ),
        empty=gettext_lazy(
            "No chain yet. A chain says who is told first, and who else when nobody acknowledges."
        ),
    )
)  # fmt: skip

ROUTES = register(
    Resource(
        noun="response.alertroute",
        model=AlertRoute,
        title=gettext_lazy("Routing rule"),
        titles=gettext_lazy("Routing of alerts"),
        path="settings/alert-routes",
        route="alert_routes",
        one="alert_route",
        place=("settings", 45),
        columns=(
            Column("position", gettext_lazy("Order"), cell="number", sort=True),
            Column("name", gettext_lazy("Name")),
            Column("category", gettext_lazy("Category"),
                   value=lambda row: CATEGORIES.get(row.category)),
            Column("severity", gettext_lazy("Severity at least"),
                   value=lambda row: severity_name(row.severity)),
            Column("rule_prefix", gettext_lazy("Rules that begin with"), cell="code"),
            Column("where", gettext_lazy("Goes to"), value=where, level=2),
            Column("last", gettext_lazy("The last one"), cell="flag", shown=False),
            Column("enabled", gettext_lazy("In use"), cell="flag"),
        ),
        filters=(
            Filter("category", gettext_lazy("Category"), "choice", choices=CATEGORIES, group=True),
            Filter("enabled", gettext_lazy("In use"), "flag", group=True),
        ),
        search=("name",),
        order="position",
        related=("chain", "channel"),
        links=(
            Link(gettext_lazy("Chains of escalation"), "alert_chains"),
            Link(gettext_lazy("Deadlines for acknowledging"), "alert_deadlines"),
        ),
        form=Form(
            make=lambda subject, row: RouteForm,
            add=lambda subject, values: _route(subject, None, values),
            change=_route,
            initial=_fields,
            title=gettext_lazy("New routing rule"),
        ),
        empty=gettext_lazy(
            "No rule yet: what is high or critical goes to the owners at once, the rest when its"
            " deadline has passed. Make a chain, then a rule that leads to it."
        ),
    )
)  # fmt: skip

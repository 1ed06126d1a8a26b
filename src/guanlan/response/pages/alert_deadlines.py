"""Within how long alerts are to be acknowledged."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject
from guanlan.response.alerts.deadlines import LONGEST, change_deadline
from guanlan.response.alerts.showing import severity_name, severity_state
from guanlan.response.models import AckDeadline
from guanlan.response.terms import Severity
from guanlan.web.resource import Column, Form, Resource, Saved, register
from guanlan.web.words import duration


class Deadline(forms.Form):
    """A deadline in minutes."""

    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"),
        min_value=1,
        max_value=LONGEST,
        required=False,
        help_text=gettext_lazy("Nothing: such alerts have no deadline."),
    )


def _change(subject: Subject, row: AckDeadline, values: dict[str, Any]) -> Saved:
    made = change_deadline(subject, Severity(row.severity), values["minutes"])
    return Saved(made, _("It holds for alerts from now on."))


def within(row: AckDeadline) -> str:
    """The deadline in words."""
    if row.minutes is None:
        return _("no deadline")
    return duration(row.minutes * 60_000_000)


DEADLINES = register(
    Resource(
        noun="response.ackdeadline",
        model=AckDeadline,
        title=gettext_lazy("Deadline for acknowledging"),
        titles=gettext_lazy("Deadlines for acknowledging"),
        path="settings/alert-deadlines",
        route="alert_deadlines",
        under="alert_routes",
        one="alert_deadline",
        columns=(
            Column(
                "severity",
                gettext_lazy("Severity"),
                value=lambda row: severity_state(row.severity),
                cell="state",
                sort=True,
            ),
            Column("minutes", gettext_lazy("To be acknowledged within"), value=within),
            Column("changed", gettext_lazy("Changed"), cell="moment"),
        ),
        order="-severity",
        name_of=lambda row: severity_name(row.severity),
        discussed=False,
        form=Form(
            make=lambda subject, row: Deadline,
            change=_change,
            initial=lambda row: {"minutes": row.minutes},
        ),
        empty=gettext_lazy("The deadlines that came with Guanlan hold."),
    )
)

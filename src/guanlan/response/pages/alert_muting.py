"""Snoozes and maintenance windows: times in which nobody is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.response.alerts import muting
from guanlan.response.alerts.showing import severity_name
from guanlan.response.alerts.titles import rule_title
from guanlan.response.kinds import every_kind, masked
from guanlan.response.models import MaintenanceWindow, Snooze
from guanlan.response.pages import status_components
from guanlan.response.terms import CATEGORIES
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Form,
    Panel,
    Resource,
    Saved,
    State,
    Term,
    facts,
    register,
)
from guanlan.web.resource.fields import MomentInput

HOLDS = {"yes": gettext_lazy("yes"), "no": gettext_lazy("no")}


class WindowForm(forms.Form):
    """Which alerts nobody is told of, and when."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    category = forms.ChoiceField(
        label=gettext_lazy("Category of risk"),
        choices=[("", "—"), *CATEGORIES.items()],
        required=False,
    )
    rule_prefix = forms.CharField(
        label=gettext_lazy("Rules that begin with"), max_length=128, required=False
    )
    begins = forms.DateTimeField(
        label=gettext_lazy("From"),
        widget=MomentInput(),
    )
    ends = forms.DateTimeField(
        label=gettext_lazy("Until"),
        widget=MomentInput(),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)


def _add(subject: Subject, values: dict[str, Any]) -> Saved:
    return Saved(muting.add_window(subject, **values), _("Nobody is told within this time."))


def _end_window(row: MaintenanceWindow, subject: Subject) -> str:
    muting.end_window(subject, row)
    return _("It has ended; its alerts come back within a minute.")


def _end_snooze(row: Snooze, subject: Subject) -> str:
    muting.end_snooze(subject, row)
    return _("It has ended; its alerts come back within a minute.")


def window_state(row: MaintenanceWindow) -> State:
    """Whether it holds now."""
    now = timezone.now()
    if row.ended is not None or row.ends <= now:
        return State("off", _("over"))
    return State("warn", _("holds")) if row.begins <= now else State("off", _("to come"))


def snooze_state(row: Snooze) -> State:
    """Whether it holds now."""
    over = row.ended is not None or row.until <= timezone.now()
    return State("off", _("over")) if over else State("warn", _("holds"))


def holding_windows(term: Term, subject: Subject) -> Q:
    """Windows that hold now, or the others."""
    now = timezone.now()
    holds = Q(begins__lte=now, ends__gt=now, ended=None)
    return holds if term.value == "yes" else ~holds


def holding_snoozes(term: Term, subject: Subject) -> Q:
    """Snoozes that hold now, or the others."""
    holds = Q(until__gt=timezone.now(), ended=None)
    return holds if term.value == "yes" else ~holds


def show_snoozes(rows: Sequence[Any], subject: Subject) -> Sequence[Any]:
    """Snoozes with what they are of, keys masked."""
    kinds = every_kind()
    for row in rows:
        row.whom = masked(row.entity, kinds) if row.entity else ""
    return rows


WINDOWS = register(
    Resource(
        noun="response.maintenancewindow",
        model=MaintenanceWindow,
        title=gettext_lazy("Maintenance window"),
        titles=gettext_lazy("Maintenance windows"),
        path="maintenance",
        route="maintenance_windows",
        under="alerts",
        one="maintenance_window",
        columns=(
            Column("name", gettext_lazy("Name")),
            Column("state", gettext_lazy("State"), "ends", value=window_state, cell="state"),
            Column("category", gettext_lazy("Category"),
                   value=lambda row: CATEGORIES.get(row.category)),
            Column("rule_prefix", gettext_lazy("Rules that begin with"), cell="code"),
            Column("begins", gettext_lazy("From"), cell="moment", sort=True),
            Column("ends", gettext_lazy("Until"), cell="until"),
            Column("made_by", gettext_lazy("Made by"), "made_by__username"),
        ),
        filters=(
            Filter("holds", gettext_lazy("Holds now"), "choice", choices=HOLDS,
                   read=holding_windows, level=2, example="holds:yes"),
        ),
        search=("name",),
        chips=(Chip(gettext_lazy("all"), ""), Chip(gettext_lazy("holds"), "holds:yes")),
        order="-begins",
        related=("made_by",),
        state=window_state,
        panels=(
            Panel(gettext_lazy("Why"), "web/resource/facts.html",
                  lambda row, subject: facts((_("Reason"), row.reason)), wide=False),
        ),
        form=Form(make=lambda subject, row: WindowForm, add=_add,
                  title=gettext_lazy("New maintenance window")),
        actions=(
            Action("public", gettext_lazy("On the status page"),
                   status_components.show_maintenance, verb="add",
                   when=lambda row: row.ended is None, offered=status_components.may_show,
                   form=status_components.maintenance_form),
            Action("end", gettext_lazy("End now"), _end_window, verb="delete",
                   when=lambda row: row.ended is None and row.ends > timezone.now(), danger=True,
                   words=gettext_lazy("Alerts that live still come back and are told.")),
        ),
        empty=gettext_lazy(
            "No window yet. Within one, alerts are recorded and nobody is told until it ends."
        ),
    )
)  # fmt: skip

SNOOZES = register(
    Resource(
        noun="response.snooze",
        model=Snooze,
        title=gettext_lazy("Snooze"),
        titles=gettext_lazy("Snoozes"),
        path="alert-snoozes",
        route="alert_snoozes",
        under="alerts",
        one="alert_snooze",
        columns=(
            Column("title", gettext_lazy("Alert"), "rule",
                   value=lambda row: rule_title(row.rule), wide=True),
            Column("whom", pgettext_lazy("in an alert", "Who"), value=lambda row: row.whom,
                   level=2),
            Column("state", gettext_lazy("State"), "until", value=snooze_state, cell="state"),
            Column("severity", gettext_lazy("Up to severity"),
                   value=lambda row: severity_name(row.severity)),
            Column("begins", gettext_lazy("From"), cell="moment", sort=True),
            Column("until", gettext_lazy("Until"), cell="until"),
            Column("made_by", gettext_lazy("Made by"), "made_by__username"),
        ),
        filters=(
            Filter("holds", gettext_lazy("Holds now"), "choice", choices=HOLDS,
                   read=holding_snoozes, level=2, example="holds:yes"),
            Filter("rule", gettext_lazy("Rule"), group=True),
        ),
        search=("rule",),
        chips=(Chip(gettext_lazy("all"), ""), Chip(gettext_lazy("holds"), "holds:yes")),
        order="-begins",
        related=("made_by", "entity"),
        prepare=show_snoozes,
        state=snooze_state,
        name_of=lambda row: rule_title(row.rule),
        panels=(
            Panel(gettext_lazy("Why"), "web/resource/facts.html",
                  lambda row, subject: facts((_("Reason"), row.reason)), wide=False),
        ),
        actions=(
            Action("end", gettext_lazy("End now"), _end_snooze, verb="delete",
                   when=lambda row: row.ended is None and row.until > timezone.now()),
        ),
        empty=gettext_lazy(
            "Nothing is snoozed. An alert is snoozed on its page, for 30 days at most."
        ),
    )
)  # fmt: skip

"""Criteria that declare incidents."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.response.incidents import criteria
from guanlan.response.incidents.criteria import Said
from guanlan.response.incidents.matrix import IMPACTS, URGENCIES
from guanlan.response.incidents.showing import severity_state
from guanlan.response.models import DeclarationCriterion
from guanlan.response.terms import CATEGORIES, SEVERITIES, Severity
from guanlan.web.dashboards import Tile
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Form,
    Numbers,
    Resource,
    Saved,
    State,
    register,
)


class CriterionForm(forms.Form):
    """When it declares, and what."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        help_text=gettext_lazy("Such as: many account takeovers"),
    )
    category = forms.ChoiceField(
        label=gettext_lazy("Category of the alerts"), choices=[*CATEGORIES.items()]
    )
    severity = forms.ChoiceField(
        label=gettext_lazy("Of this severity at least"),
        choices=[*SEVERITIES.items()],
        initial="high",
    )
    rule = forms.CharField(
        label=gettext_lazy("Only of this rule"),
        max_length=128,
        required=False,
        help_text=gettext_lazy("Empty: of any rule."),
    )
    count = forms.IntegerField(
        label=gettext_lazy("So many live alerts"), min_value=1, max_value=criteria.MOST_ALERTS
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("Within so many minutes"), min_value=1, max_value=criteria.MOST_MINUTES
    )
    title = forms.CharField(
        label=gettext_lazy("Title of the incident"),
        max_length=120,
        help_text=gettext_lazy("In one line, without customers' data."),
    )
    impact = forms.ChoiceField(label=gettext_lazy("Impact"), choices=[*IMPACTS.items()])
    urgency = forms.ChoiceField(label=gettext_lazy("Urgency"), choices=[*URGENCIES.items()])
    confidential = forms.BooleanField(label=gettext_lazy("Confidential"), required=False)


def _said(values: dict[str, Any]) -> Said:
    return Said(**{**values, "severity": Severity[values["severity"]]})


def add(subject: Subject, values: dict[str, Any]) -> Saved:
    row = criteria.add_criterion(subject, _said(values), timezone.now())
    return Saved(row, _("The criterion is in force."))


def change(subject: Subject, row: DeclarationCriterion, values: dict[str, Any]) -> Saved:
    changed = criteria.change_criterion(subject, row, _said(values), timezone.now())
    return Saved(changed, _("The criterion is changed."))


def initial(row: DeclarationCriterion) -> dict[str, Any]:
    said = {name: getattr(row, name) for name in CriterionForm.base_fields}
    return {**said, "severity": Severity(row.severity).name}


def switch_on(row: DeclarationCriterion, subject: Subject) -> str:
    criteria.switch_criterion(subject, row, True, timezone.now())
    return _("The criterion is in force.")


def switch_off(row: DeclarationCriterion, subject: Subject) -> str:
    criteria.switch_criterion(subject, row, False, timezone.now())
    return _("The criterion is out of force.")


def in_force(row: DeclarationCriterion) -> State:
    if row.enabled:
        return State("on", gettext_lazy("in force"))
    return State("off", gettext_lazy("out of force"))


def tiles(row: DeclarationCriterion, subject: Subject) -> list[Tile]:
    """How near it is to declaring."""
    found = criteria.matching(row, timezone.now())
    n = len(found.values_list("pk")[: row.count])
    query = f"live:yes category:{row.category} severity:>={Severity(row.severity).name}"
    query += f" rule:{row.rule}" if row.rule else ""
    return [
        Tile(label=_("Alerts that count now"), value=f"{n} / {row.count}",
             link=f"{reverse('alerts')}?q={query}", state="bad" if n >= row.count else ""),
        Tile(label=_("Incidents that it declared"), value=str(row.incidents.count()),
             link=f"{reverse('incidents')}?q=how:criterion"),
    ]  # fmt: skip


KEPT: Final = register(
    Resource(
        noun="response.declarationcriterion",
        model=DeclarationCriterion,
        title=gettext_lazy("Criterion for incidents"),
        titles=gettext_lazy("Criteria for incidents"),
        path="incident-criteria",
        route="incident_criteria",
        under="incidents",
        one="incident_criterion",
        api="incident-criteria",
        columns=(
            Column("name", gettext_lazy("Criterion"), sort=True, wide=True),
            Column("state", gettext_lazy("State"), "enabled", value=in_force, cell="state"),
            Column("category", gettext_lazy("Category"),
                   value=lambda row: str(CATEGORIES[row.category])),
            Column("severity", gettext_lazy("At least"), cell="state",
                   value=lambda row: severity_state(row.severity)),
            Column("rule", gettext_lazy("Rule"), cell="code", shown=False),
            Column("count", gettext_lazy("Alerts"), cell="number"),
            Column("minutes", gettext_lazy("Within minutes"), cell="number"),
            Column("title", gettext_lazy("Title of the incident"), shown=False),
            Column("impact", gettext_lazy("Impact"), shown=False,
                   value=lambda row: str(IMPACTS.get(row.impact, row.impact))),
            Column("urgency", gettext_lazy("Urgency"), shown=False,
                   value=lambda row: str(URGENCIES.get(row.urgency, row.urgency))),
            Column("confidential", gettext_lazy("Confidential"), cell="flag", shown=False),
            Column("fired", gettext_lazy("Last declared"), cell="moment"),
            Column("created", gettext_lazy("Made"), cell="moment", sort=True, shown=False),
            Column("created_by", pgettext_lazy("who did it", "By"), "created_by__username",
                   shown=False),
        ),
        filters=(
            Filter("enabled", gettext_lazy("In force"), "flag", group=True, example="enabled:yes"),
            Filter("category", gettext_lazy("Category"), "choice", choices=CATEGORIES, group=True),
        ),
        search=("name", "title"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("in force"), "enabled:yes"),
        ),
        order="name",
        related=("created_by",),
        state=in_force,
        name_of=lambda row: row.name,
        panels=(Numbers(tiles),),
        form=Form(make=lambda subject, row: CriterionForm, add=add, change=change,
                  initial=initial, title=gettext_lazy("New criterion")),
        actions=(
            Action("switch_on", gettext_lazy("Put in force"), switch_on,
                   when=lambda row: not row.enabled),
            Action("switch_off", gettext_lazy("Take out of force"), switch_off, danger=True,
                   when=lambda row: row.enabled,
                   words=gettext_lazy("It declares nothing until it is in force again.")),
        ),
        empty=gettext_lazy(
            "No criterion declares incidents: people do, by hand. Add one, such as ten live"
            " alerts of high severity within fifteen minutes."
        ),
    )
)  # fmt: skip

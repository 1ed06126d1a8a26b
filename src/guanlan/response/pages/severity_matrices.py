"""Versions of the matrix of severities."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from guanlan.core.access import SYSTEM, Subject
from guanlan.response.incidents.matrix import (
    IMPACTS,
    MOST_MINUTES,
    SHIPPED,
    URGENCIES,
    Matrix,
    add_matrix,
    matrix_in_force,
    matrix_of,
)
from guanlan.response.incidents.showing import severity_state
from guanlan.response.models import Plan, SeverityMatrix
from guanlan.response.plans.showing import titled
from guanlan.response.terms import CATEGORIES, SEVERITIES, Severity
from guanlan.web.resource import Column, Filter, Form, Link, Panel, Resource, Saved, register
from guanlan.web.words import duration, labelled

LIMITS: Final = {
    "stable_within": gettext_lazy("Stable within, minutes"),
    "told_every": gettext_lazy("News every, minutes"),
}


def make_form(subject: Subject, row: SeverityMatrix | None) -> type[forms.Form]:
    """A field for each cell and each limit, as they are in force now."""
    # The declaration is checked while the platform starts, when there may be no table yet.
    now = SHIPPED if subject is SYSTEM else matrix_in_force()
    fields: dict[str, forms.Field] = {}
    sections: dict[str, list[str]] = {}
    for impact, title in IMPACTS.items():
        section = sections.setdefault(labelled(_("Impact"), title), [])
        for urgency, pressing in URGENCIES.items():
            section += [f"{impact}_{urgency}", f"starts_{impact}_{urgency}"]
            fields[f"{impact}_{urgency}"] = forms.ChoiceField(
                label=f"{title} · {pressing}",
                choices=[*SEVERITIES.items()],
                initial=now.cells[impact][urgency],
            )
            fields[f"starts_{impact}_{urgency}"] = forms.BooleanField(
                label=_("The plan starts by itself: %(impact)s · %(urgency)s")
                % {"impact": title, "urgency": pressing},
                required=False,
                initial=now.starts_plan(impact, urgency),
            )
    for limit, title in LIMITS.items():
        section = sections.setdefault(str(title), [])
        for name in reversed(Severity.__members__):
            section.append(f"{limit}_{name}")
            fields[f"{limit}_{name}"] = forms.IntegerField(
                label=f"{title} · {SEVERITIES[name]}",
                required=False,
                min_value=1,
                max_value=MOST_MINUTES,
                initial=getattr(now, limit)[name],
            )
    offered = _plans_of(subject)
    section = sections.setdefault(_("Plans by kind of risk"), [])
    for name, category in CATEGORIES.items():
        section.append(f"plan_{name}")
        fields[f"plan_{name}"] = forms.ChoiceField(
            label=_("Plan for %(category)s") % {"category": category},
            choices=[("", _("none")), *offered],
            required=False,
            initial=str(now.plans.get(name, "")),
        )
    fields["reason"] = forms.CharField(label=gettext_lazy("Why it is changed"), max_length=300)
    return type("MatrixForm", (forms.Form,), {**fields, "sections": sections})


def _plans_of(subject: Subject) -> list[tuple[str, str]]:
    """The plans in force that the subject sees, by category."""
    if subject is SYSTEM:
        return []
    rows = Plan.objects.for_user(subject).filter(current__isnull=False, retired=None)
    return [
        (str(one.pk), f"{CATEGORIES[one.category]} · {titled(one.titles) or one.name}")
        for one in rows.order_by("category", "name")
    ]


def add(subject: Subject, values: dict[str, Any]) -> Saved:
    cells = {
        impact: {urgency: values[f"{impact}_{urgency}"] for urgency in URGENCIES}
        for impact in IMPACTS
    }
    minutes = {
        limit: {name: values[f"{limit}_{name}"] for name in Severity.__members__}
        for limit in LIMITS
    }
    row = add_matrix(
        subject, cells, minutes["stable_within"], minutes["told_every"], values["reason"],
        timezone.now(),
        plans={
            name: int(values[f"plan_{name}"]) for name in CATEGORIES if values[f"plan_{name}"]
        },
        starts={
            impact: {urgency: values[f"starts_{impact}_{urgency}"] for urgency in URGENCIES}
            for impact in IMPACTS
        },
    )  # fmt: skip
    return Saved(row, _("This matrix is in force for what is declared from now on."))


def cells_of(matrix: Matrix) -> dict[str, Any]:
    """The matrix as a table."""
    rows = [
        (
            title,
            [
                (severity_state(matrix.severity(impact, one)), matrix.starts_plan(impact, one))
                for one in URGENCIES
            ],
        )
        for impact, title in IMPACTS.items()
    ]
    return {"heads": [*URGENCIES.values()], "rows": rows}


def plans_of(matrix: Matrix, subject: Subject) -> dict[str, Any]:
    """The plan of each category, which starts by itself where a cell says so."""
    seen = Plan.objects.for_user(subject).in_bulk([*matrix.plans.values()])
    named = {pk: titled(one.titles) or one.name for pk, one in seen.items()}
    rows = [
        (CATEGORIES[name], named.get(plan, str(plan)))
        for name, plan in matrix.plans.items()
        if name in CATEGORIES
    ]
    return {
        "heads": [_("Category"), _("Plan")],
        "rows": rows,
        "empty": _("No plan starts by itself: name one for a category, and switch on its cells."),
    }


def limits_of(matrix: Matrix) -> dict[str, Any]:
    """The limits as a table."""
    heads = [
        _("Severity"),
        pgettext_lazy("limit of an incident", "stable within"),
        pgettext_lazy("limit of an incident", "news every"),
    ]
    return {
        "heads": heads,
        "rows": [
            (SEVERITIES[name], _limit(matrix.stable_within[name]), _limit(matrix.told_every[name]))
            for name in reversed(Severity.__members__)
        ],
    }


def _limit(minutes: int | None) -> str:
    if minutes is None:
        return pgettext("limit of an incident", "no limit")
    return duration(minutes * 60_000_000)


MATRICES = register(
    Resource(
        noun="response.severitymatrix",
        model=SeverityMatrix,
        title=gettext_lazy("Matrix of severities"),
        titles=gettext_lazy("Matrices of severities"),
        path="severity-matrices",
        route="severity_matrices",
        under="incidents",
        one="severity_matrix",
        columns=(
            Column("number", gettext_lazy("Version"), "id", cell="number"),
            Column("reason", gettext_lazy("Why it was changed"), wide=True),
            Column("created", gettext_lazy("In force since"), cell="moment", sort=True),
            Column("created_by", pgettext_lazy("who did it", "By"), "created_by__username"),
        ),
        filters=(
            Filter("by", pgettext_lazy("who did it", "By"), "person", "created_by",
                   example="by:me"),
            Filter("after", gettext_lazy("From then on"), "time", "created", sign=">="),
        ),
        search=("reason",),
        order="-created",
        related=("created_by",),
        name_of=lambda row: _("Version %(n)s") % {"n": row.pk},
        look=lambda row, subject: matrix_of(row),
        panels=(
            Panel(gettext_lazy("What impact and urgency make"), "response/incident/matrix.html",
                  lambda matrix, subject: cells_of(matrix)),
            Panel(gettext_lazy("Plans that start by themselves"), "web/resource/table.html",
                  plans_of),
            Panel(gettext_lazy("Limits"), "web/resource/table.html",
                  lambda matrix, subject: limits_of(matrix)),
        ),
        form=Form(
            make=make_form,
            add=add,
            button=gettext_lazy("Put in force"),
            title=gettext_lazy("A new matrix of severities"),
        ),
        links=(Link(gettext_lazy("In force now"), "severity_matrix_now"),),
        empty=gettext_lazy(
            "The matrix that comes with the platform is in force. Put one of your own in force to"
            " change what impact and urgency make of severity."
        ),
    )
)  # fmt: skip

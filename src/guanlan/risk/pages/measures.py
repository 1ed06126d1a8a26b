"""Measures: what is done against risks, by whom, how well it works, what it costs."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject, may
from guanlan.risk.measure.catalogue import own_words, titles_with
from guanlan.risk.measure.effects import on_risk
from guanlan.risk.measure.showing import (
    costs,
    duties,
    effects,
    explained,
    guide,
    heading,
    look,
    rhythm,
    state_of,
    tests,
    tiles,
    title_of,
    wanting,
)
from guanlan.risk.measure.terms import LAYERS, NOUN, layer_title
from guanlan.risk.models import Measure, Risk
from guanlan.risk.pages import measure_forms as forms
from guanlan.risk.terms import CATEGORIES
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Form,
    Link,
    Numbers,
    Panel,
    Resource,
    Term,
    register,
)


def by_words(term: Term, subject: Subject) -> Q:
    """Those whose code, or title as it is shown to the reader, contains the words."""
    found = Q(pk=None)
    for value in term.values:
        found |= Q(code__icontains=value) | Q(title__icontains=value)
        found |= Q(title__in=titles_with(value))
    return found


def by_risk(term: Term, subject: Subject) -> Q | str:
    """Those that were said to do something about a risk."""
    risks = Risk.objects.for_user(subject).filter(code__in=term.values)
    found = Q(pk=None)
    for risk in risks:
        found |= on_risk(risk)
    return found


def steps(shown: Any, subject: Subject) -> dict[str, Any]:
    """The steps; each leads to its form for who may change it."""
    living = shown.row.state != Measure.State.RETIRED
    return guide(shown, subject) | {"may_change": living and may(subject, "change", NOUN)}


def living(row: Measure) -> bool:
    return row.state != Measure.State.RETIRED


KEPT: Final = register(
    Resource(
        noun=NOUN,
        model=Measure,
        title=pgettext_lazy("against risks", "Measure"),
        titles=pgettext_lazy("against risks", "Measures"),
        path="measures",
        route="measures",
        one="measure",
        place=("govern", 10),
        api="measures",
        columns=(
            Column("code", gettext_lazy("Code"), cell="code", sort=True),
            Column("title", gettext_lazy("What is done"), wide=True,
                   value=lambda row: own_words(row.title)),
            Column("state", gettext_lazy("State"), value=state_of, cell="state"),
            Column("category", gettext_lazy("Kind of risk"),
                   value=lambda row: str(CATEGORIES.get(row.category, row.category))),
            Column("acts", gettext_lazy("Works on"), value=lambda row: row.get_acts_display()),
            Column("layer", gettext_lazy("Line of defence"), shown=False,
                   value=lambda row: layer_title(row.layer)),
            Column("owner", pgettext_lazy("of a thing", "Owner"), "owner__username"),
            Column("deputy", gettext_lazy("Deputy"), "deputy__username", shown=False),
            Column("every_days", pgettext_lazy("of a measure", "How often"),
                   value=lambda row: rhythm(row.every_days)),
            Column("next_due", gettext_lazy("Next due"), cell="moment"),
            Column("test", gettext_lazy("Automatic test"), cell="code", shown=False),
            Column("yearly", gettext_lazy("Cost a year, minor units"), cell="number", shown=False),
            Column("since", gettext_lazy("In force from"), cell="moment", shown=False),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", choices=dict(Measure.State.choices),
                   group=True, example="state:in_force"),
            Filter("category", gettext_lazy("Kind of risk"), "choice", choices=CATEGORIES,
                   group=True),
            Filter("acts", gettext_lazy("Works on"), "choice", choices=dict(Measure.Acts.choices),
                   group=True),
            Filter("layer", gettext_lazy("Line of defence"), "choice", choices=LAYERS, group=True),
            Filter("owner", pgettext_lazy("of a thing", "Owner"), "person", example="owner:me"),
            Filter("risk", pgettext_lazy("of a measure", "Risk"), "own", read=by_risk, level=2,
                   example="risk:R-001"),
        ),
        free=by_words,
        chips=(
            Chip(gettext_lazy("in force"), "state:in_force"),
            Chip(pgettext_lazy("measures", "planned"), "state:planned"),
            Chip(gettext_lazy("mine"), "owner:me"),
            Chip(gettext_lazy("all"), ""),
        ),
        order="code",
        related=("owner", "deputy"),
        look=look,
        heading=heading,
        facts=(),
        state=state_of,
        name_of=title_of,
        links=(
            Link(gettext_lazy("Catalogue"), "measure_catalogue"),
            Link(gettext_lazy("Operating guide"), "guide"),
        ),
        form=Form(
            make=lambda subject, row: forms.MeasureForm,
            add=forms.add,
            change=forms.change,
            initial=forms.initial,
        ),
        panels=(
            Numbers(tiles),
            Panel(gettext_lazy("What it lacks to come into force"), "web/resource/table.html",
                  wanting, when=lambda shown, subject: bool(shown.lacks)),
            Panel(gettext_lazy("What it is"), "web/resource/facts.html", explained, wide=False),
            Panel(gettext_lazy("What it is worth"), "web/resource/table.html", effects),
            Panel(gettext_lazy("Steps"), "risk/measure/steps.html", steps, id="steps"),
            Panel(gettext_lazy("Tests"), "web/resource/table.html", tests),
            Panel(gettext_lazy("Duties"), "web/resource/table.html", duties,
                  when=lambda shown, subject: shown.row.every_days is not None),
            Panel(gettext_lazy("Costs"), "web/resource/table.html", costs),
        ),
        actions=(
            Action("start", gettext_lazy("Bring into force"), forms.start, verb="approve",
                   when=lambda row: row.state == Measure.State.PLANNED),
            Action("effect", gettext_lazy("Say what it is worth"), forms.set_effect, when=living,
                   form=lambda subject, row: forms.EffectForm),
            Action("step", gettext_lazy("Add a step"), forms.add_step, when=living,
                   form=lambda subject, row: forms.StepForm),
            Action("test", gettext_lazy("Write down a test"), forms.record_test, when=living,
                   form=lambda subject, row: forms.TestForm),
            Action("cost", gettext_lazy("Write down a cost"), forms.record_cost,
                   form=lambda subject, row: forms.CostForm),
            Action("retire", gettext_lazy("Retire"), forms.retire, verb="approve", danger=True,
                   aside=True, when=living, form=lambda subject, row: forms.ReasonForm,
                   words=gettext_lazy("It counts no more, and nothing of it falls due.")),
        ),
        drifts=("next_due",),
        placeholder="state:in_force owner:me",
        empty=gettext_lazy(
            "No measure fits. Take some over from the catalogue, or write one of your own."
        ),
    )
)  # fmt: skip

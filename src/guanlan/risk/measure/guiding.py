"""The operating guide: every measure in force with its steps, for everybody or for one role."""

from __future__ import annotations

from typing import NamedTuple

from guanlan.core.access.table import ROLES
from guanlan.risk.measure.catalogue import own_words
from guanlan.risk.measure.showing import StepLine, rhythm, step_line
from guanlan.risk.measure.terms import layer_title
from guanlan.risk.models import Measure, MeasureStep
from guanlan.risk.terms import CATEGORIES

PARTS = ("responsible", "accountable", "consulted", "informed")


class Chapter(NamedTuple):
    """A measure of the guide, in the reader's language."""

    row: Measure
    title: str
    purpose: str
    layer: str
    rhythm: str
    steps: list[StepLine]


class Part(NamedTuple):
    """The measures of a kind of risk."""

    title: str
    chapters: list[Chapter]


def _names(step: MeasureStep) -> set[str]:
    said = (getattr(step, part) for part in PARTS)
    return {one.strip() for text in said for one in text.split(",") if one.strip()}


def roles_with_part() -> list[str]:
    """The roles that the guide has a part for, in the policy's order. One query."""
    steps = MeasureStep.objects.filter(measure__state=Measure.State.IN_FORCE)
    named = set().union(*(_names(one) for one in steps))
    return [role for role in ROLES if role in named]


def operating_guide(role: str = "") -> list[Part]:
    """The guide by kind of risk; of a role only the measures that it has a part in. Two
    queries."""
    rows = Measure.objects.filter(state=Measure.State.IN_FORCE)
    rows = rows.select_related("owner", "deputy").prefetch_related("steps").order_by("code")
    chapters = [
        (row.category, _chapter(row))
        for row in rows
        if not role or any(role in _names(step) for step in row.steps.all())
    ]
    parts = (
        Part(str(title), [one for category, one in chapters if category == name])
        for name, title in CATEGORIES.items()
    )
    return [part for part in parts if part.chapters]


def _chapter(row: Measure) -> Chapter:
    return Chapter(
        row,
        own_words(row.title),
        own_words(row.purpose),
        layer_title(row.layer),
        rhythm(row.every_days),
        [step_line(one) for one in row.steps.all()],
    )

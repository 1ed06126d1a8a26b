"""The matrix of severities: what impact and urgency make of severity, as versions of data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.response.models import Plan, SeverityMatrix
from guanlan.response.terms import CATEGORIES, Severity, Words

IMPACTS: Final[dict[str, Words]] = {
    "minor": pgettext_lazy("impact", "minor"),
    "moderate": pgettext_lazy("impact", "moderate"),
    "major": pgettext_lazy("impact", "major"),
    "severe": pgettext_lazy("impact", "severe"),
}
URGENCIES: Final[dict[str, Words]] = {
    "low": pgettext_lazy("urgency", "can wait"),
    "medium": pgettext_lazy("urgency", "today"),
    "high": pgettext_lazy("urgency", "at once"),
}
MOST_MINUTES: Final = 30 * 24 * 60

Cells = Mapping[str, Mapping[str, str]]
Minutes = Mapping[str, int | None]


class Matrix(NamedTuple):
    """What a version says; version 0 is what comes with the platform."""

    version: int
    cells: Cells
    stable_within: Minutes
    told_every: Minutes
    plans: Mapping[str, int] = {}
    starts: Mapping[str, Mapping[str, bool]] = {}

    def starts_plan(self, impact: str, urgency: str) -> bool:
        """Whether an incident of this cell starts the plan of its category by itself."""
        return bool(self.starts.get(impact, {}).get(urgency, False))

    def severity(self, impact: str, urgency: str) -> Severity:
        """The severity of a cell. Raises ValidationError by field."""
        if impact not in IMPACTS:
            text = _("The impact is one of %(names)s.") % {"names": ", ".join(IMPACTS)}
            raise ValidationError({"impact": text})
        if urgency not in URGENCIES:
            text = _("The urgency is one of %(names)s.") % {"names": ", ".join(URGENCIES)}
            raise ValidationError({"urgency": text})
        return Severity[self.cells[impact][urgency]]

    def stable_by(self, severity: int, known: dt.datetime) -> dt.datetime | None:
        """By when an incident of this severity is to be stable; None: no limit."""
        return _after(self.stable_within, severity, known)

    def told_by(self, severity: int, since: dt.datetime) -> dt.datetime | None:
        """By when those with a stake are to hear the next news; None: no rhythm."""
        return _after(self.told_every, severity, since)


def _after(minutes: Minutes, severity: int, since: dt.datetime) -> dt.datetime | None:
    found = minutes[Severity(severity).name]
    return None if found is None else since + dt.timedelta(minutes=found)


def _row(*names: str) -> dict[str, str]:
    return dict(zip(URGENCIES, names, strict=True))


SHIPPED: Final = Matrix(
    version=0,
    cells={
        "minor": _row("info", "low", "medium"),
        "moderate": _row("low", "medium", "high"),
        "major": _row("medium", "high", "critical"),
        "severe": _row("high", "critical", "critical"),
    },
    stable_within={"info": None, "low": 4320, "medium": 1440, "high": 480, "critical": 240},
    told_every={"info": None, "low": 1440, "medium": 480, "high": 120, "critical": 60},
)


def matrix_of(row: SeverityMatrix) -> Matrix:
    """What a stored version says."""
    return Matrix(row.pk, row.cells, row.stable_within, row.told_every, row.plans, row.starts)


def matrix_in_force() -> Matrix:
    """The newest version, or what comes with the platform."""
    newest = SeverityMatrix.objects.order_by("-created", "-id").first()
    return SHIPPED if newest is None else matrix_of(newest)


def add_matrix(
    subject: Subject,
    cells: Cells,
    stable_within: Minutes,
    told_every: Minutes,
    reason: str,
    now: dt.datetime,
    *,
    plans: Mapping[str, int] | None = None,
    starts: Mapping[str, Mapping[str, bool]] | None = None,
) -> SeverityMatrix:
    """Put a version in force; incidents that are there keep what they have. Raises Denied, or
    ValidationError where a cell is missing or more impact or urgency would be less severe."""
    require(subject, "add", "response.severitymatrix")
    checked = _checked(cells)
    row = SeverityMatrix(
        cells=checked,
        stable_within=_minutes(stable_within, "stable_within"),
        told_every=_minutes(told_every, "told_every"),
        plans=_plans(plans or {}),
        starts={
            impact: {urgency: bool((starts or {}).get(impact, {}).get(urgency)) for urgency in row}
            for impact, row in checked.items()
        },
        created=now,
        created_by_id=subject.id,
        reason=reason.strip(),
    )
    if not 3 <= len(row.reason) <= 300:
        raise ValidationError({"reason": _("Give a reason of 3 to 300 characters.")})
    with act("matrix.add") as on:
        row.save()
        on(row)
    return row


def _checked(cells: Cells) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for impact in IMPACTS:
        found[impact] = {}
        for urgency in URGENCIES:
            name = cells.get(impact, {}).get(urgency, "")
            if name not in Severity.__members__:
                text = _("Say the severity of impact “%(impact)s” and urgency “%(urgency)s”.")
                values = {"impact": IMPACTS[impact], "urgency": URGENCIES[urgency]}
                raise ValidationError({f"{impact}_{urgency}": text % values})
            found[impact][urgency] = name
    names = list(IMPACTS)
    for impact, lesser in zip(names, [names[0], *names], strict=False):
        rising = 0
        for urgency in URGENCIES:
            here = Severity[found[impact][urgency]]
            if here < max(rising, Severity[found[lesser][urgency]]):
                text = _("More impact or more urgency cannot be less severe.")
                raise ValidationError({f"{impact}_{urgency}": text})
            rising = here
    return found


def _plans(plans: Mapping[str, int]) -> dict[str, int]:
    found = {category: plan for category, plan in plans.items() if category in CATEGORIES}
    there = Plan.objects.filter(pk__in=found.values(), current__isnull=False, retired=None)
    known = set(there.values_list("pk", flat=True))
    for category, plan in found.items():
        if plan not in known:
            raise ValidationError({f"plan_{category}": _("This plan is not in force.")})
    return found


def _minutes(minutes: Minutes, field: str) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for name in Severity.__members__:
        value = minutes.get(name)
        if value is not None and not 0 < value <= MOST_MINUTES:
            text = _("A limit is 1 to %(n)s minutes, or empty.") % {"n": MOST_MINUTES}
            raise ValidationError({f"{field}_{name}": text})
        found[name] = value
    return found

"""Taking measures over from the catalogue: planned, with their steps, in the reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access import Subject
from guanlan.core.models import User
from guanlan.risk.measure.catalogue import Shipped, catalogue, here
from guanlan.risk.measure.keeping import Said, SaidStep, add_measure, add_step
from guanlan.risk.measure.testing import TESTS
from guanlan.risk.models import Measure


def taken() -> dict[str, Measure]:
    """The living measures that still have a title of the catalogue, by key. One query."""
    keys = {title: one.key for one in catalogue().values() for title in one.title}
    rows = Measure.objects.exclude(state=Measure.State.RETIRED).filter(title__in=[*keys])
    return {keys[row.title]: row for row in rows.order_by("-pk")}


def take_over(
    subject: Subject, keys: Iterable[str], owner: User | None, now: dt.datetime
) -> list[Measure]:
    """Write measures of the catalogue down as planned, all owned by one person at first. Raises
    Denied, or ValidationError by field, also for one that is there already."""
    wanted = []
    there = taken()
    for key in keys:
        one = catalogue().get(key)
        if one is None:
            raise ValidationError({"keys": _("The catalogue has no such measure.")})
        if key in there:
            values = {"code": there[key].code}
            text = _("%(code)s is this measure already: choose others.") % values
            raise ValidationError({"keys": text})
        wanted.append(one)
    if not wanted:
        raise ValidationError({"keys": _("Choose a measure at least.")})
    return [_take(subject, one, owner, now) for one in wanted]


def _take(subject: Subject, one: Shipped, owner: User | None, now: dt.datetime) -> Measure:
    at = here()
    measure = add_measure(
        subject,
        Said(
            title=one.title[at], purpose=one.purpose[at], category=one.category, acts=one.acts,
            layer=one.layer, owner=owner, every_days=one.every_days or None,
            test=one.test if one.test in TESTS else "",
        ),
        now,
    )  # fmt: skip
    for step in one.steps:
        said = SaidStep(
            title=step.title[at], when=step.when[at], evidence=step.evidence[at],
            responsible=step.responsible, accountable=step.accountable,
            consulted=step.consulted, informed=step.informed,
        )  # fmt: skip
        add_step(subject, measure, said)
    return measure

"""What measures cost: as planned, and as it came."""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.core.people.organisation import organisation
from guanlan.risk.measure.terms import NOUN, said
from guanlan.risk.models import Measure, MeasureCost, RiskSettings

MOST_MONEY: Final = 10**15
YEAR: Final = dt.timedelta(days=365)


def register_currency(at: dt.datetime) -> str:
    """The currency of the register at a time; the organisation's where none was said yet."""
    newest = RiskSettings.objects.filter(effective__lte=at).order_by("-version").first()
    return newest.currency if newest is not None else organisation().currency


def record_cost(
    subject: Subject,
    measure: Measure,
    *,
    kind: str,
    amount: int,
    at: dt.date,
    note: str,
    now: dt.datetime,
) -> MeasureCost:
    """Write down what was spent, minor units; a correction is a line with a minus. Raises Denied,
    or ValidationError by field."""
    require(subject, "change", NOUN)
    if kind not in MeasureCost.Kind.values:
        raise ValidationError({"kind": _("Choose a kind of resource.")})
    if amount == 0 or abs(amount) > MOST_MONEY:
        raise ValidationError({"amount": _("Write an amount other than zero.")})
    if at > now.date() + dt.timedelta(days=1):
        raise ValidationError({"at": _("This day is still to come.")})
    words = said("note", note, 0, 200)
    with act("measure.cost", measure, detail={"kind": kind}):
        return MeasureCost.objects.create(
            measure=measure, kind=kind, amount=amount, at=at, note=words, added=now,
            added_by_id=subject.id,
        )  # fmt: skip


class Spent(NamedTuple):
    """What the last 365 days cost, by kind, and what was planned for a year, minor units."""

    kinds: dict[str, int]
    plan: int

    @property
    def total(self) -> int:
        return sum(self.kinds.values())


def spent(measures: list[Measure], now: dt.datetime) -> dict[int, Spent]:
    """By measure, what the last 365 days cost. One query."""
    since = (now - YEAR).date()
    rows = MeasureCost.objects.filter(measure__in=measures, at__gt=since)
    found: dict[int, dict[str, int]] = {one.pk: {} for one in measures}
    for key, kind, amount in rows.values_list("measure", "kind").annotate(n=Sum("amount")):
        found[key][kind] = amount
    return {one.pk: Spent(found[one.pk], one.yearly) for one in measures}

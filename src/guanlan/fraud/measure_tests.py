"""What decisions tell of measures: tests that run by themselves."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from guanlan.fraud.models import Decision
from guanlan.risk.measure.testing import Outcome, measure_test
from guanlan.risk.registry import address

SECOND: Final = 1_000_000


@measure_test(
    name="fraud.whole",
    title=_("Decisions are made with everything they need"),
    what=_("Decisions of the day: whole, or degraded because a model, list or feature was"
           " missing."),
    rows=lambda since, until: address("decisions", "degraded:yes"),
)  # fmt: skip
def whole(since: dt.datetime, until: dt.datetime) -> Outcome:
    begin, end = (round(at.timestamp()) * SECOND for at in (since, until))
    rows = Decision.objects.filter(clock__gte=begin, clock__lt=end)
    found = rows.aggregate(n=Count("pk"), bad=Count("pk", filter=Q(degraded=True)))
    return Outcome(found["n"] - found["bad"], found["bad"])

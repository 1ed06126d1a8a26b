"""What cases say of risk, as indicators."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Count, Min, Q
from django.utils.translation import gettext_lazy as _

from guanlan.response.models import Case
from guanlan.risk.registry import Measured, Span, address, indicator

MINUTE: Final = dt.timedelta(minutes=1)
DAY: Final = dt.timedelta(days=1)


@indicator(
    name="cases.past_deadline",
    title=_("Cases past their time limits"),
    what=_(
        "Open cases that were not answered or not resolved in time; those that wait for the"
        " customer are left out."
    ),
    unit="count",
    direction="higher",
    category="operations",
    window=DAY,
    every=5 * MINUTE,
    amber=1,
    red=10,
    minimum_duration=10 * MINUTE,
    reason=_("One is somebody's bad day; ten at once are more work than there are people."),
    drill=lambda span: address("cases", "late:yes"),
)
def past_deadline(span: Span) -> Measured:
    over = Q(waiting=None) & (
        Q(resolve_due__lte=span.end) | Q(first_due__lte=span.end, first_response=None)
    )
    found = Case.objects.filter(live=True).aggregate(
        live=Count("pk"), late=Count("pk", filter=over)
    )
    return Measured(found["late"], found["live"], found)


@indicator(
    name="cases.oldest",
    title=_("Age of the oldest open case"),
    what=_("How long the case that was opened first, of those that are open, has been open."),
    unit="seconds",
    direction="higher",
    category="fraud",
    window=DAY,
    every=5 * MINUTE,
    amber=14 * DAY.total_seconds(),
    red=30 * DAY.total_seconds(),
    reason=_("What is older than a month is worked on by nobody any more, or cannot be settled."),
    drill=lambda span: address("cases", "live:yes"),
)
def oldest(span: Span) -> Measured:
    found = Case.objects.filter(live=True, opened__lte=span.end).aggregate(
        live=Count("pk"), first=Min("opened")
    )
    first = found["first"]
    age = (span.end - first).total_seconds() if first is not None else 0.0
    return Measured(age, found["live"])

"""How indicators themselves are looked after."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from guanlan.risk.models import Indicator
from guanlan.risk.registry import Measured, Span, address, indicator

DAY: Final = dt.timedelta(days=1)


@indicator(
    name="risk.unanswered",
    title=_("Indicators that nobody answered for in time"),
    what=_("Indicators that are red or unknown and whose owner has not answered by the deadline."),
    unit="count",
    direction="higher",
    category="operations",
    window=DAY,
    every=dt.timedelta(minutes=5),
    amber=1,
    red=3,
    reason=_("A warning that nobody answers is no warning; three are a habit."),
    drill=lambda span: address("indicators", "late:yes"),
)
def unanswered(span: Span) -> Measured:
    # Not itself: it would never come back by itself.
    rows = Indicator.objects.filter(enabled=True).exclude(name="risk.unanswered")
    found = rows.aggregate(n=Count("pk"), late=Count("pk", filter=Q(answer_due__lt=span.end)))
    return Measured(found["late"], found["n"], found)

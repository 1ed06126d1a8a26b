"""What incidents say of risk, as indicators. Confidential ones are left out: their number would
tell of them."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from guanlan.response.incidents.figures import figure
from guanlan.response.models import Incident
from guanlan.risk.registry import Measured, Span, address, indicator, listed

MINUTE: Final = dt.timedelta(minutes=1)
DAY: Final = dt.timedelta(days=1)
OPEN: Final = "state:active,stable confidential:no"


@indicator(
    name="incidents.open",
    title=_("Open incidents"),
    what=_("Incidents that are not closed, without confidential ones."),
    unit="count",
    direction="higher",
    category="operations",
    window=DAY,
    every=MINUTE,
    amber=1,
    red=3,
    reason=_("One is a bad day; with three at once the same people lead several."),
    drill=lambda span: address("incidents", OPEN),
)
def open_ones(span: Span) -> Measured:
    found = (
        Incident.objects.filter(confidential=False)
        .exclude(state=Incident.State.CLOSED)
        .aggregate(
            open=Count("pk"),
            late=Count("pk", filter=Q(stable=None, stable_due__lte=span.end)),
        )
    )
    return Measured(found["open"], found["open"], found)


@indicator(
    name="incidents.acknowledge",
    title=_("Time until somebody leads an incident"),
    what=_(
        "The median time from when an incident was known to when somebody took command, of the"
        " incidents declared within the last 90 days, without confidential ones."
    ),
    unit="seconds",
    direction="higher",
    category="operations",
    window=90 * DAY,
    every=15 * MINUTE,
    amber=900,
    red=3600,
    hysteresis=60,
    minimum_volume=3,
    reason=_(
        "An incident without a leader grows: a quarter of an hour is the usual aim, and after an"
        " hour a regulator's first time limit runs out."
    ),
    drill=listed("incidents", "confidential:no", before=""),
)
def acknowledge(span: Span) -> Measured:
    rows = Incident.objects.filter(
        confidential=False, declared__gt=span.start, declared__lte=span.end
    )
    found = figure(rows.values_list("known", "acknowledged"))
    return Measured(found.median, found.known, {"unknown": found.unknown})

"""What alerts say of risk, as indicators. Alerts of indicators themselves are left out: they would
feed themselves."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from guanlan.response.alerts.crossing import RULES
from guanlan.response.models import Alert, DeadLetter
from guanlan.risk.registry import Measured, Span, address, indicator, share

MINUTE: Final = dt.timedelta(minutes=1)
DAY: Final = dt.timedelta(days=1)
OTHERS: Final = "-rule:" + ",".join(RULES.values())


def alerts() -> QuerySet[Alert]:
    """All alerts but those of indicators."""
    return Alert.objects.exclude(rule__in=RULES.values())


@indicator(
    name="alerts.past_deadline",
    title=_("Alerts that nobody acknowledged in time"),
    what=_("New alerts past the deadline of their severity, without those that are muted."),
    unit="count",
    direction="higher",
    category="operations",
    window=DAY,
    every=MINUTE,
    amber=1,
    red=10,
    minimum_duration=5 * MINUTE,
    reason=_(
        "An alert that nobody looks at is as good as none. Ten at once mean that nobody is on duty,"
        " or that there are too many."
    ),
    drill=lambda span: address("alerts", "late:yes", OTHERS),
)
def past_deadline(span: Span) -> Measured:
    found = (
        alerts()
        .filter(live=True)
        .aggregate(
            live=Count("pk"),
            late=Count("pk", filter=Q(state="new", deadline__lte=span.end, muted="")),
        )
    )
    return Measured(found["late"], found["live"], found)


@indicator(
    name="alerts.false_positives",
    title=_("False alarms among alerts"),
    what=_(
        "Of the alerts closed within the last 30 days that were judged, the share that was a false"
        " positive, benign or an error of the customer."
    ),
    unit="share",
    direction="higher",
    category="operations",
    window=30 * DAY,
    every=5 * MINUTE,
    amber=0.7,
    red=0.9,
    hysteresis=0.02,
    minimum_volume=20,
    reason=_(
        "Who is called nine times of ten for nothing does not come the tenth time; from seven of"
        " ten on rules want to be sharpened."
    ),
    drill=lambda span: address(
        "alerts", "live:no was:false_positive,benign,customer_error", OTHERS
    ),
)
def false_positives(span: Span) -> Measured:
    found = (
        alerts()
        .filter(closed__gt=span.start, closed__lte=span.end)
        .aggregate(
            judged=Count("pk", filter=~Q(disposition__in=("", "suspected"))),
            right=Count("pk", filter=Q(disposition="confirmed")),
        )
    )
    return share(found["judged"] - found["right"], found["judged"])


@indicator(
    name="platform.dead_letters",
    title=_("Findings that could not be understood"),
    what=_("Findings that are kept as dead letters and wait for somebody to look at them."),
    unit="count",
    direction="higher",
    category="operations",
    window=DAY,
    every=5 * MINUTE,
    amber=1,
    red=20,
    reason=_("Each is an alert that nobody was told of."),
    drill=lambda span: address("alert_letters", "state:waiting"),
)
def dead_letters(span: Span) -> Measured:
    waiting = DeadLetter.objects.filter(state="waiting", received__lte=span.end).count()
    return Measured(waiting, waiting)

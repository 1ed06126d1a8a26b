"""What decisions say of risk, as indicators: from the sums of each whole minute."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from guanlan.engine.scenario.model import Outcome
from guanlan.fraud.models import Decision, MinuteLatency, MinuteOutcome
from guanlan.risk.models import Indicator
from guanlan.risk.registry import Measured, Span, indicator, listed, share

MINUTE: Final = dt.timedelta(minutes=1)
HOUR: Final = dt.timedelta(hours=1)
ENOUGH: Final = 200  # decisions that a share stands on, at least
LATE: Final = 133  # histogram bucket whose end, 2 ** (n / 8) µs, is past a tenth of a second
SECOND: Final = 1_000_000
LOOKED: Final = (Outcome.review, Outcome.challenge, Outcome.hold)
QUARTER: Final = 15  # minutes
DAY_MINUTES: Final = 24 * 60
WATCHED: Final = 120  # minutes that its own traffic is compared with, at least


def minutes(span: Span) -> Q:
    """The minutes of a span. The one that its end lies in belongs to it, the one that its start
    lies in does not: a live indicator is measured at any second."""
    first, end = (-int(-at.timestamp() // 60) for at in (span.start, span.end))
    return Q(minute__gte=first, minute__lt=end)


def outcomes(span: Span) -> dict[int, int]:
    """Decisions by outcome; one query for all that ask."""

    def read() -> dict[int, int]:
        rows = MinuteOutcome.objects.filter(minutes(span)).values("outcome").order_by()
        return dict(rows.annotate(n=Sum("decisions")).values_list("outcome", "n"))

    return span.once("outcomes", read)


@indicator(
    name="fraud.decline_share",
    title=_("Declined decisions"),
    what=_("Of the decisions of the last hour, the share that was declined."),
    unit="share",
    direction="higher",
    category="fraud",
    window=HOUR,
    every=MINUTE,
    amber=0.05,
    red=0.1,
    hysteresis=0.005,
    minimum_duration=3 * MINUTE,
    minimum_volume=ENOUGH,
    reason=_(
        "A wallet declines one in a hundred on a usual day; one in ten is an attack, or a rule that"
        " stops customers."
    ),
    drill=listed("decisions", "outcome:decline"),
    live=True,
)
def decline_share(span: Span) -> Measured:
    found = outcomes(span)
    return share(found.get(Outcome.decline, 0), sum(found.values()))


@indicator(
    name="fraud.review_share",
    title=_("Decisions that wait for somebody"),
    what=_("Of the decisions of the last hour, the share that was reviewed, challenged or held."),
    unit="share",
    direction="higher",
    category="fraud",
    window=HOUR,
    every=MINUTE,
    amber=0.1,
    red=0.2,
    hysteresis=0.01,
    minimum_duration=3 * MINUTE,
    minimum_volume=ENOUGH,
    reason=_("From one in ten on a review desk falls behind, and customers wait."),
    drill=listed("decisions", "outcome:review,challenge,hold"),
    live=True,
)
def review_share(span: Span) -> Measured:
    found = outcomes(span)
    return share(sum(found.get(one, 0) for one in LOOKED), sum(found.values()))


@indicator(
    name="fraud.degraded_share",
    title=_("Degraded decisions"),
    what=_(
        "Of the decisions of the last quarter of an hour, the share that was made without something"
        " that it should have known: a model, a list, a feature."
    ),
    unit="share",
    direction="higher",
    category="operations",
    window=dt.timedelta(minutes=QUARTER),
    every=5 * MINUTE,  # it reads each decision
    amber=0.001,
    red=0.01,
    hysteresis=0.0005,
    minimum_volume=ENOUGH,
    reason=_("Each is decided by the fallback; one in a hundred is an outage."),
    drill=listed("decisions", "degraded:yes"),
)
def degraded_share(span: Span) -> Measured:
    first, end = (round(at.timestamp()) * SECOND for at in (span.start, span.end))
    rows = Decision.objects.filter(clock__gte=first, clock__lt=end)
    found = rows.aggregate(whole=Count("pk"), part=Count("pk", filter=Q(degraded=True)))
    return share(found["part"], found["whole"])


@indicator(
    name="fraud.traffic",
    title=_("Traffic against the day before"),
    what=_(
        "Events of the last quarter of an hour, divided by what a quarter of an hour of the 24"
        " hours before it held on average, as far as this platform has been watching: a past that"
        " was imported says nothing of its traffic. It is told from two hours on."
    ),
    unit="score",
    direction="band",
    category="operations",
    window=dt.timedelta(minutes=QUARTER),
    every=MINUTE,
    amber=3,
    red=10,
    amber_low=0.3,
    red_low=0.1,
    hysteresis=0.05,
    minimum_duration=5 * MINUTE,
    minimum_volume=1000,
    reason=_(
        "Nights hold about a third of a usual day. A tenth is a source that has fallen silent; ten"
        " times as much is an attack or something sent twice."
    ),
    drill=listed("decisions"),
)
def traffic(span: Span) -> Measured:
    end = int(span.end.timestamp() // 60)
    now = Q(minute__gte=end - QUARTER, minute__lt=end)
    known = Indicator.objects.filter(name="fraud.traffic").values_list("created", flat=True).first()
    since = int(known.timestamp() // 60) + 1 if known is not None else end
    first = max(end - QUARTER - DAY_MINUTES, since)
    watched = end - QUARTER - first
    before = Q(minute__gte=first, minute__lt=end - QUARTER)
    found = MinuteOutcome.objects.filter(now | before).aggregate(
        now=Sum("decisions", filter=now), before=Sum("decisions", filter=before)
    )
    fresh, past = found["now"] or 0, found["before"] or 0
    told = past and watched >= WATCHED
    value = fresh / (past * QUARTER / watched) if told else None
    return Measured(value, past, {"now": fresh, "before": past})


@indicator(
    name="fraud.slow_share",
    title=_("Slow decisions"),
    what=_("Of the decisions of the last hour, the share that took a tenth of a second or more."),
    unit="share",
    direction="higher",
    category="operations",
    window=HOUR,
    every=MINUTE,
    amber=0.01,
    red=0.05,
    hysteresis=0.002,
    minimum_duration=3 * MINUTE,
    minimum_volume=ENOUGH,
    reason=_("A payment waits for its decision: products give up after a fifth of a second."),
    drill=lambda span: reverse("health"),
)
def slow_share(span: Span) -> Measured:
    found = MinuteLatency.objects.filter(minutes(span)).aggregate(
        whole=Sum("decisions"), part=Sum("decisions", filter=Q(bucket__gte=LATE))
    )
    return share(found["part"] or 0, found["whole"] or 0)

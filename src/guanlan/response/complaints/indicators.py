"""What complaints say of risk, as indicators."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Avg, Count, F, Q
from django.utils.translation import gettext_lazy as _

from guanlan.response.complaints.bursts import RULES, find_bursts
from guanlan.response.complaints.terms import OPEN
from guanlan.response.models import Complaint
from guanlan.risk.registry import Measured, Span, address, indicator, listed, share, written

MINUTE: Final = dt.timedelta(minutes=1)
DAY: Final = dt.timedelta(days=1)
EVERY: Final = 5 * MINUTE
RATED: Final = 10  # ratings that a mean stands on, at least
JUDGED: Final = 20  # complaints that a share stands on, at least


def counts(span: Span) -> dict[str, int]:
    """Numbers of the complaints that came in within the span; one query for all that ask."""

    def read() -> dict[str, int]:
        final = Q(outcome__in=("upheld", "partly", "rejected"))
        labelled = Q(media=True) | Q(regulator=True) | Q(legal=True)
        found: dict[str, int] = Complaint.objects.filter(
            received__gt=span.start, received__lte=span.end
        ).aggregate(
            received=Count("pk"),
            judged=Count("pk", filter=final),
            upheld=Count("pk", filter=Q(outcome__in=("upheld", "partly"))),
            same=Count("pk", filter=Q(outcome="duplicate")),
            labelled=Count("pk", filter=labelled),
        )
        return found

    return span.once("complaints", read)


@indicator(
    name="complaints.received",
    title=_("Complaints received in a day"),
    what=_("The number of complaints that came in within the last 24 hours, by any way."),
    unit="count",
    direction="higher",
    category="operations",
    window=DAY,
    every=EVERY,
    amber=30,
    red=60,
    hysteresis=3,
    reason=_(
        "A desk of three answers about thirty a day; at twice that time limits are at stake. Set"
        " it to what your desk can answer."
    ),
    drill=listed("complaints"),
)
def received(span: Span) -> Measured:
    found = counts(span)
    return Measured(found["received"], found["received"], found)


@indicator(
    name="complaints.past_due",
    title=_("Complaints past their legal time"),
    what=_("Complaints whose customer has not been told the outcome though the time is over."),
    unit="count",
    direction="higher",
    category="compliance",
    window=DAY,
    every=EVERY,
    amber=1,
    red=5,
    reason=_("No complaint may go unanswered past its time; five at once are no mere oversight."),
    drill=lambda span: address("complaints", "late:yes"),
)
def past_due(span: Span) -> Measured:
    found = Complaint.objects.filter(state__in=OPEN, told=None).aggregate(
        waiting=Count("pk"), late=Count("pk", filter=Q(due__lte=span.end))
    )
    return Measured(found["late"], found["waiting"], found)


@indicator(
    name="complaints.in_time",
    title=_("Complaints answered in time"),
    what=_(
        "Of the complaints whose customer was told within the last 30 days, or has not been told"
        " past the time limit, the share that was told in time. Duplicates are left out."
    ),
    unit="share",
    direction="lower",
    category="compliance",
    window=30 * DAY,
    every=EVERY,
    amber=0.98,
    red=0.95,
    hysteresis=0.005,
    minimum_volume=JUDGED,
    reason=_("The law wants all of them in time; below 95 % a regulator asks for a plan."),
    drill=lambda span: address("complaints", f"told:{written(span.start)}"),
)
def in_time(span: Span) -> Measured:
    rows = Complaint.objects.exclude(outcome="duplicate")
    ended = Q(told__gt=span.start, told__lte=span.end)
    overdue = Q(told=None, state__in=OPEN, due__lte=span.end)
    found = rows.filter(ended | overdue).aggregate(
        whole=Count("pk"), good=Count("pk", filter=Q(told__lte=F("due")))
    )
    return share(found["good"], found["whole"])


@indicator(
    name="complaints.upheld",
    title=_("Complaints that were justified"),
    what=_(
        "Of the complaints of the last 30 days that were judged, the share that was found justified"
        " wholly or in part."
    ),
    unit="share",
    direction="higher",
    category="operations",
    window=30 * DAY,
    every=EVERY,
    amber=0.5,
    red=0.7,
    hysteresis=0.02,
    minimum_volume=JUDGED,
    reason=_("When most who complain are right, the fault lies in the product."),
    drill=listed("complaints", "outcome:upheld,partly"),
)
def upheld(span: Span) -> Measured:
    found = counts(span)
    return share(found["upheld"], found["judged"])


@indicator(
    name="complaints.duplicates",
    title=_("Complaints made again"),
    what=_("Of the complaints of the last 30 days, the share that was the same as another one."),
    unit="share",
    direction="higher",
    category="operations",
    window=30 * DAY,
    every=EVERY,
    amber=0.15,
    red=0.3,
    hysteresis=0.02,
    minimum_volume=JUDGED,
    reason=_("Who complains again was not heard the first time; one in seven is a sign of it."),
    drill=listed("complaints", "outcome:duplicate"),
)
def duplicates(span: Span) -> Measured:
    found = counts(span)
    return share(found["same"], found["received"])


@indicator(
    name="complaints.escalated",
    title=_("Complaints that go to media, regulator or court"),
    what=_(
        "Complaints of the last seven days that are labelled media, regulator or legal: as the"
        " customer wrote, or a colleague said."
    ),
    unit="count",
    direction="higher",
    category="reputation",
    window=7 * DAY,
    every=EVERY,
    amber=3,
    red=10,
    hysteresis=1,
    reason=_("One is a matter of its own case; several within a week are a matter of the house."),
    drill=listed("complaints", "label:media,regulator,legal"),
)
def escalated(span: Span) -> Measured:
    found = counts(span)
    return Measured(found["labelled"], found["received"], found)


@indicator(
    name="complaints.satisfaction",
    title=_("Satisfaction with answers"),
    what=_("The mean of the customers' ratings, 1 to 5, of the complaints of the last 30 days."),
    unit="score",
    direction="lower",
    category="reputation",
    window=30 * DAY,
    every=EVERY,
    amber=3.5,
    red=2.5,
    hysteresis=0.1,
    minimum_volume=RATED,
    reason=_("Below the middle of the scale more customers are put off by the answer than won."),
    drill=listed("complaints", "stars:>=1"),
)
def satisfaction(span: Span) -> Measured:
    rows = Complaint.objects.filter(
        received__gt=span.start, received__lte=span.end, satisfaction__isnull=False
    ).exclude(outcome="duplicate")
    found = rows.aggregate(mean=Avg("satisfaction"), rated=Count("pk"))
    mean = float(found["mean"]) if found["mean"] is not None else None
    return Measured(mean, found["rated"], {"rated": found["rated"]})


@indicator(
    name="complaints.bursts",
    title=_("Bursts of complaints"),
    what=_(
        "Categories and products of which more complaints came in within 24 hours than their own"
        " past lets expect (an exact Poisson limit)."
    ),
    unit="count",
    direction="higher",
    category="operations",
    window=DAY,
    every=EVERY,
    amber=1,
    red=3,
    reason=_("One burst may be one cause; three at once mean that something larger has broken."),
    drill=lambda span: address("alerts", "live:yes", "rule:" + ",".join(RULES.values())),
)
def bursts(span: Span) -> Measured:
    found = find_bursts(span.end)
    return Measured(len(found), sum(one.number for one in found))


@indicator(
    name="complaints.oldest",
    title=_("Age of the oldest open complaint"),
    what=_("How long the customer who has waited longest has been waiting for an outcome."),
    unit="seconds",
    direction="higher",
    category="compliance",
    window=DAY,
    every=EVERY,
    amber=12 * DAY.total_seconds(),
    red=30 * DAY.total_seconds(),
    reason=_(
        "A simple complaint is to be answered within fifteen days and a hard one within thirty;"
        " three days before the first of them there is still time to act."
    ),
    drill=lambda span: address("complaints", "open:yes"),
)
def oldest(span: Span) -> Measured:
    rows = Complaint.objects.filter(state__in=OPEN, told=None, received__lte=span.end)
    first = rows.order_by("received").values_list("received", flat=True).first()
    waiting = rows.count()
    age = (span.end - first).total_seconds() if first is not None else 0.0
    return Measured(age, waiting)

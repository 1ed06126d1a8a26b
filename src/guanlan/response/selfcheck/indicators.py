"""How the platform itself fares, as indicators."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from guanlan.core.models import Delivery, Job
from guanlan.response.restrictions.sinks import sinks
from guanlan.response.selfcheck.checks import audit_gaps, differing_sinks
from guanlan.risk.registry import Measured, Span, address, indicator, listed

MINUTE: Final = dt.timedelta(minutes=1)
DAY: Final = dt.timedelta(days=1)


@indicator(
    name="restrictions.sinks_differing",
    title=_("Sinks that do not hold what they should"),
    what=_(
        "Places that enforce restrictions and cannot be read, are not reached, differed at the last"
        " read-back, or have not taken a change for five minutes."
    ),
    unit="count",
    direction="higher",
    category="security",
    window=DAY,
    every=MINUTE,
    amber=1,
    red=1,
    minimum_duration=2 * MINUTE,
    reason=_("Somebody who is to be stopped is not: there is no lesser state of that."),
    drill=lambda span: reverse("restriction_sinks"),
)
def differing(span: Span) -> Measured:
    return Measured(len(differing_sinks(span.end)), len(sinks()))


@indicator(
    name="platform.jobs_late",
    title=_("Jobs that are late"),
    what=_("Jobs of the platform that were to run and did not, beyond what each may be late."),
    unit="count",
    direction="higher",
    category="operations",
    window=DAY,
    every=MINUTE,
    amber=1,
    red=5,
    minimum_duration=5 * MINUTE,
    reason=_("One may wait for a long one before it; five mean that no worker runs."),
    drill=lambda span: address("job_runs", "late:yes"),
)
def jobs_late(span: Span) -> Measured:
    found = Job.objects.filter(enabled=True).aggregate(
        jobs=Count("pk"), late=Count("pk", filter=Q(late_since__lte=span.end))
    )
    return Measured(found["late"], found["jobs"], found)


@indicator(
    name="platform.outbox_failed",
    title=_("Messages that could not be delivered"),
    what=_("Messages to people that failed for good within the last 24 hours."),
    unit="count",
    direction="higher",
    category="operations",
    window=DAY,
    every=5 * MINUTE,
    amber=1,
    red=10,
    reason=_("Whoever was to be told was not. Ten a day are a channel that is out of order."),
    drill=listed("deliveries", "state:failed", before=""),
)
def outbox_failed(span: Span) -> Measured:
    ended = Q(finished__gt=span.start, finished__lte=span.end)
    failed = Delivery.objects.filter(ended, state=Delivery.State.FAILED).count()
    return Measured(failed, failed)


@indicator(
    name="platform.outbox_waiting",
    title=_("Oldest message that waits to be sent"),
    what=_("How long the message that has been due longest has been waiting."),
    unit="seconds",
    direction="higher",
    category="operations",
    window=DAY,
    every=MINUTE,
    amber=300,
    red=1800,
    reason=_("Messages leave within a minute; after half an hour nobody is warned in time."),
    drill=lambda span: address("deliveries", "state:pending"),
)
def outbox_waiting(span: Span) -> Measured:
    rows = Delivery.objects.filter(state=Delivery.State.PENDING, due__lte=span.end)
    found = rows.aggregate(n=Count("pk"), first=Min("due"))
    first = found["first"]
    return Measured((span.end - first).total_seconds() if first else 0.0, found["n"])


@indicator(
    name="platform.audit_gaps",
    title=_("Times in which the audit log could not be written"),
    what=_("Gaps of the audit log that began or ended within the last 24 hours."),
    unit="count",
    direction="higher",
    category="security",
    window=DAY,
    every=5 * MINUTE,
    amber=1,
    red=1,
    reason=_("What is not written down cannot be proven: every gap is looked into."),
    drill=lambda span: address("audit", "act:audit.gap"),
)
def gaps(span: Span) -> Measured:
    found = len(audit_gaps(span.end))
    return Measured(found, found)

"""Within how long an alert is to be acknowledged, by severity: data that people may change."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.response.models import AckDeadline
from guanlan.response.terms import Severity

# What holds until somebody changes it; minutes, None: no deadline.
SHIPPED: Final[dict[Severity, int | None]] = {
    Severity.info: None,
    Severity.low: 24 * 60,
    Severity.medium: 4 * 60,
    Severity.high: 30,
    Severity.critical: 15,
}
LONGEST: Final = 60 * 24 * 60  # minutes


def ensure_deadlines() -> None:
    """Put the shipped deadlines where there are none; after each migration."""
    AckDeadline.objects.bulk_create(
        (AckDeadline(severity=int(one), minutes=minutes) for one, minutes in SHIPPED.items()),
        ignore_conflicts=True,
    )


def deadlines() -> dict[int, timedelta | None]:
    """The time to acknowledge, by severity; None: no deadline."""
    found: dict[int, int | None] = {int(one): minutes for one, minutes in SHIPPED.items()}
    found.update(AckDeadline.objects.values_list("severity", "minutes"))
    return {one: None if n is None else timedelta(minutes=n) for one, n in found.items()}


def earlier(kept: datetime | None, fresh: datetime | None) -> datetime | None:
    """The earlier of two deadlines, of which either may be absent."""
    return min((one for one in (kept, fresh) if one is not None), default=None)


def change_deadline(subject: Subject, severity: Severity, minutes: int | None) -> AckDeadline:
    """Give a severity another deadline, for alerts from now on. Raises Denied."""
    require(subject, "change", "response.ackdeadline")
    row = AckDeadline.objects.get(severity=int(severity))
    detail = {"before": row.minutes, "minutes": minutes}
    with act("alert.deadline", row, detail=detail):
        row.minutes, row.changed = minutes, timezone.now()
        row.save()
    return row

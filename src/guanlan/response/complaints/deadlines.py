"""By when a customer is told: calendar days from when the complaint came in, as data.

A time limit is fixed when the complaint comes in. It grows only from simple to complex, and by one
extension that another person approves; nothing else gives time, opening again neither. Waiting for
the customer does not stop the clock.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.core.people.organisation import organisation
from guanlan.response.clocks.arithmetic import Clock, Limit
from guanlan.response.models import Complaint, ComplaintTerms

MOST_DAYS: Final = 366
SOURCE: Final = "《银行业保险业消费投诉处理管理办法》（银保监会令2020年第3号）"


class Terms(NamedTuple):
    """Time limits in calendar days; version 0 comes with the platform."""

    version: int
    simple: int
    complex: int
    extension: int
    source: str


SHIPPED: Final = Terms(0, 15, 30, 30, SOURCE)


def terms_of(row: ComplaintTerms) -> Terms:
    """What a stored version says."""
    return Terms(row.pk, row.simple, row.complex, row.extension, row.source)


def terms_in_force() -> Terms:
    """The newest version, or what comes with the platform."""
    newest = ComplaintTerms.objects.order_by("-created", "-id").first()
    return SHIPPED if newest is None else terms_of(newest)


def terms_for(complaint: Complaint) -> Terms:
    """The version that a complaint was taken in with."""
    row = ComplaintTerms.objects.filter(pk=complaint.terms).first() if complaint.terms else None
    return SHIPPED if row is None else terms_of(row)


def due_of(received: dt.datetime, days: int, extension: int = 0, zone: str = "") -> dt.datetime:
    """The end of the last day, in UTC; days end in the organisation's zone."""
    place = zone or str(organisation().zone)
    more = (extension,) if extension else ()
    return Clock(received, Limit("days", days), place, extensions=more).due()


def last_day(due: dt.datetime) -> dt.date:
    """The last day on which it is in time, where people are: what ends at midnight ends the day
    before."""
    return timezone.localtime(due - dt.timedelta(microseconds=1)).date()


def in_time(due: dt.datetime, told: dt.datetime | None, now: dt.datetime) -> bool | None:
    """Whether the customer was told in time; None while that is still open."""
    if told is not None:
        return told <= due
    return None if now <= due else False


def add_terms(
    subject: Subject,
    *,
    simple: int,
    complex: int,
    extension: int,
    source: str,
    reason: str,
    now: dt.datetime,
) -> ComplaintTerms:
    """Put a version in force; complaints that are there keep theirs. Raises Denied, or
    ValidationError by field."""
    require(subject, "add", "response.complaintterms")
    for name, days in (("simple", simple), ("complex", complex), ("extension", extension)):
        if not 1 <= days <= MOST_DAYS:
            text = _("A time limit is 1 to %(n)s days.") % {"n": MOST_DAYS}
            raise ValidationError({name: text})
    if complex < simple:
        text = _("A complex complaint has no less time than a simple one.")
        raise ValidationError({"complex": text})
    row = ComplaintTerms(
        simple=simple, complex=complex, extension=extension, source=" ".join(source.split()),
        reason=" ".join(reason.split()), created=now, created_by_id=subject.id,
    )  # fmt: skip
    for name, value, most in (("source", row.source, 200), ("reason", row.reason, 300)):
        if not 3 <= len(value) <= most:
            text = _("Write %(low)s to %(high)s characters.") % {"low": 3, "high": most}
            raise ValidationError({name: text})
    with act("complaintterms.add") as on:
        row.save()
        on(row)
    return row

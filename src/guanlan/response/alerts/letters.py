"""Dead letters: findings that could not be understood, raised after all or thrown away."""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.response.alerts.finding import Finding, fault_of, read_back
from guanlan.response.alerts.handling import reason_of
from guanlan.response.alerts.raising import raise_alert
from guanlan.response.alerts.titles import said
from guanlan.response.models import Alert, DeadLetter


def read(letter: DeadLetter) -> Finding | None:
    """The finding that was sent; None where it is none at all."""
    try:
        return read_back(str(letter.body))
    except (ValueError, TypeError, KeyError):
        return None


def retry(
    subject: Subject, letter: DeadLetter, category: str, now: datetime | None = None
) -> Alert:
    """Raise it after all, of this category. Raises Denied, or ValidationError that says what is
    still not understood."""
    require(subject, "change", "response.deadletter")
    at = now or timezone.now()
    with act("deadletter.retry", letter, detail={"category": category}):
        row = _waiting(letter)
        finding = read(row)
        if finding is None:
            raise ValidationError(_("What was sent is no finding at all; it can be discarded."))
        finding = msgspec.structs.replace(finding, category=category)
        if (fault := fault_of(finding)) is not None:
            raise ValidationError(said(fault.why, fault.values))
        alert = raise_alert(finding, at)
        row.state, row.alert = "raised", alert
        row.decided, row.decided_by_id = at, subject.id
        row.save()
    if alert is None:  # what `fault_of` lets pass is raised
        raise ValidationError(_("It could not be raised."))
    return alert


def discard(
    subject: Subject, letter: DeadLetter, reason: str, now: datetime | None = None
) -> DeadLetter:
    """Throw it away, saying why; the row stays. Raises Denied, or ValidationError."""
    require(subject, "change", "response.deadletter")
    reason = reason_of(reason)
    with act("deadletter.discard", letter):
        row = _waiting(letter)
        row.state, row.reason = "discarded", reason
        row.decided, row.decided_by_id = now or timezone.now(), subject.id
        row.save()
    return row


def _waiting(letter: DeadLetter) -> DeadLetter:
    row = DeadLetter.objects.select_for_update().get(pk=letter.pk)
    if row.state != "waiting":
        raise ValidationError(_("It has been dealt with already."))
    return row

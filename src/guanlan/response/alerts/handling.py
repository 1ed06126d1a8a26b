"""What people do with alerts. Clocks start once: opening again gives no new time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.response.alerts.deadlines import deadlines, earlier
from guanlan.response.alerts.history import note
from guanlan.response.models import Alert
from guanlan.response.terms import Severity, Words

STATES: Final[dict[str, Words]] = {
    "new": pgettext_lazy("state of an alert", "new"),
    "acknowledged": pgettext_lazy("state of an alert", "acknowledged"),
    "contained": pgettext_lazy("state of an alert", "contained"),
    "closed": pgettext_lazy("state of an alert", "closed"),
}
DISPOSITIONS: Final[dict[str, Words]] = {
    "confirmed": pgettext_lazy("disposition of an alert", "confirmed"),
    "suspected": pgettext_lazy("disposition of an alert", "suspected"),
    "false_positive": pgettext_lazy("disposition of an alert", "false positive"),
    "benign": pgettext_lazy("disposition of an alert", "benign"),
    "customer_error": pgettext_lazy("disposition of an alert", "customer error"),
}
LONGEST_REASON: Final = 500


def acknowledge(subject: Subject, alert: Alert, now: datetime | None = None) -> Alert:
    """Say that somebody looks at it: who does, owns it where nobody did. Raises Denied, or
    ValidationError where it is not new."""
    at = now or timezone.now()
    with _changing(subject, alert, "alert.acknowledge") as row:
        if row.state != "new":
            raise ValidationError(_("Only a new alert is acknowledged."))
        _seen(row, subject, at)
        row.state = "acknowledged"
        row.owner_id = row.owner_id or subject.id
        note(row, "acknowledged", at, by=subject)
    return row


def contain(subject: Subject, alert: Alert, now: datetime | None = None) -> Alert:
    """Say that it does no more harm. Raises Denied, or ValidationError where it is closed or
    contained already."""
    at = now or timezone.now()
    with _changing(subject, alert, "alert.contain") as row:
        if row.state not in ("new", "acknowledged"):
            raise ValidationError(_("Only an alert that is new or acknowledged is contained."))
        _seen(row, subject, at)
        row.state = "contained"
        row.contained = row.contained or at
        row.owner_id = row.owner_id or subject.id
        note(row, "contained", at, by=subject)
    return row


def close(
    subject: Subject, alert: Alert, disposition: str, reason: str, now: datetime | None = None
) -> Alert:
    """Close it with what it was; the next finding makes a new alert. Raises Denied, or
    ValidationError by field."""
    at = now or timezone.now()
    if disposition not in DISPOSITIONS:
        names = ", ".join(DISPOSITIONS)
        text = _("Say what it was: one of %(names)s.") % {"names": names}
        raise ValidationError({"disposition": text})
    reason = reason_of(reason)
    detail = {"disposition": disposition}
    with _changing(subject, alert, "alert.close", detail) as row:
        if not row.live:
            raise ValidationError(_("It is closed already."))
        _seen(row, subject, at)
        row.state, row.live, row.current = "closed", False, False
        row.disposition = disposition
        row.closed, row.closed_by_id = at, subject.id
        row.muted, row.muted_until, row.due = "", None, None
        note(row, "closed", at, by=subject, values=detail, reason=reason)
    return row


def reopen(subject: Subject, alert: Alert, reason: str, now: datetime | None = None) -> Alert:
    """Open a closed one again, with the deadlines that it had. Findings are added to it again
    unless a newer alert takes them. Raises Denied, or ValidationError by field."""
    at = now or timezone.now()
    reason = reason_of(reason)
    with _changing(subject, alert, "alert.reopen") as row:
        if row.live:
            raise ValidationError(_("It is not closed."))
        taken = Alert.objects.select_for_update().filter(fingerprint=row.fingerprint, current=True)
        row.state = "contained" if row.contained else "acknowledged"
        row.live, row.current = True, not taken.exists()
        row.disposition = ""
        row.closed = row.closed_by = None
        note(row, "reopened", at, by=subject, reason=reason)
    return row


def assign(
    subject: Subject, alert: Alert, person: User | None, now: datetime | None = None
) -> Alert:
    """Give it to a person, or to nobody. Raises Denied, or ValidationError by field."""
    at = now or timezone.now()
    if person is not None and not person.is_active:
        raise ValidationError({"person": _("This account is disabled.")})
    name = person.get_username() if person else ""
    with _changing(
        subject, alert, "alert.assign", {"person": person.pk if person else None}
    ) as row:
        row.owner = person
        note(row, "assigned", at, by=subject, values={"person": name})
    return row


def change_severity(
    subject: Subject, alert: Alert, severity: Severity, reason: str, now: datetime | None = None
) -> Alert:
    """Make it more or less severe; the earlier deadline holds. Raises Denied, or ValidationError
    by field."""
    at = now or timezone.now()
    reason = reason_of(reason)
    detail = {"from": alert.severity, "to": int(severity)}
    with _changing(subject, alert, "alert.severity", detail) as row:
        if row.severity == severity:
            raise ValidationError({"severity": _("It has this severity already.")})
        detail["from"] = row.severity
        within = deadlines()[int(severity)]
        if row.state == "new" and within is not None and not row.muted:
            row.deadline = earlier(row.deadline, at + within)
        row.severity = int(severity)
        if row.live and not row.muted:
            row.due = at
        note(row, "severity", at, by=subject, values=detail, reason=reason)
    return row


def reason_of(text: str) -> str:
    """A reason as it is kept. Raises ValidationError where it is empty or too long."""
    reason = text.replace("\0", "").strip()
    if not 3 <= len(reason) <= LONGEST_REASON:
        raise ValidationError({"reason": _("Give a reason of 3 to 500 characters.")})
    return reason


def _seen(row: Alert, subject: Subject, at: datetime) -> None:
    """Whatever is done with an alert first, acknowledges it."""
    if row.acknowledged is None:
        row.acknowledged, row.acknowledged_by_id = at, subject.id


@contextmanager
def _changing(
    subject: Subject, alert: Alert, name: str, detail: Mapping[str, int | str | None] | None = None
) -> Iterator[Alert]:
    """The alert as it is now, locked, to be changed and written by one act."""
    require(subject, "change", "response.alert")
    with act(name, alert, detail=detail or {}):
        row = Alert.objects.select_for_update().get(pk=alert.pk)
        yield row
        row.save()

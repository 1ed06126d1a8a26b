"""What people do with complaints. The time limit never begins anew, and nobody handles a complaint
about themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access import Denied, Subject, Verb, may, require, subject_of
from guanlan.core.audit import act
from guanlan.core.audit.recording import Detail
from guanlan.core.models import User
from guanlan.response.complaints.deadlines import due_of, terms_for
from guanlan.response.complaints.history import note
from guanlan.response.complaints.labels import priority_of
from guanlan.response.complaints.telling import tell_escalated
from guanlan.response.complaints.terms import CAUSES, LABELS, NOUN, OPEN, OUTCOMES
from guanlan.response.models import Complaint, ComplaintCategory

LONGEST_REASON: Final = 500


def reason_of(text: str, field: str = "reason") -> str:
    """A reason as it is kept. Raises ValidationError where it is too short or too long."""
    said = text.replace("\0", "").strip()
    if not 3 <= len(said) <= LONGEST_REASON:
        raise ValidationError({field: _("Give a reason of 3 to 500 characters.")})
    return said


def handler(name: str, subject: Subject, field: str = "person") -> User | None:
    """The person of a user name, or the subject for `me`; None for an empty name. Raises
    ValidationError, by field, for one who may not work on complaints."""
    wanted = subject.name if name.strip() == "me" else name.strip()
    if not wanted:
        return None
    found = User.objects.filter(username=wanted, is_active=True).first()
    if found is None or not may(subject_of(found), "change", NOUN):
        raise ValidationError({field: _("Nobody of this name works on complaints.")})
    return found


def colleague(name: str, field: str) -> User | None:
    """Any person of a user name; None for an empty one. Raises ValidationError by field."""
    if not name.strip():
        return None
    found = User.objects.filter(username=name.strip()).first()
    if found is None:
        raise ValidationError({field: _("There is nobody of this name.")})
    return found


def assign(
    subject: Subject, complaint: Complaint, person: User | None, now: dt.datetime
) -> Complaint:
    """Give it to a person, or to nobody. Raises Denied, or ValidationError by field; also for
    one whom it is about."""
    with changing(subject, complaint, "complaint.assign", now,
                  {"person": person.pk if person else None}) as row:  # fmt: skip
        if person is not None and person.pk == row.about_id:
            text = _("Nobody handles a complaint about themselves.")
            raise ValidationError({"person": text})
        _open(row)
        row.owner = person
        if person is not None and row.state == "new":
            row.state = "working"
        name = person.get_username() if person else ""
        note(row, "assigned", now, by=subject, values={"person": name})
    return row


def triage(
    subject: Subject,
    complaint: Complaint,
    *,
    category: ComplaintCategory,
    product: str,
    about: User | None,
    now: dt.datetime,
) -> Complaint:
    """Say what it is about, and whom. One of a complex category gets that time limit; one that
    was complex stays so. Whom it is about loses it. Raises Denied, or ValidationError."""
    detail: Detail = {"category": category.code, "about": about.pk if about else None}
    with changing(subject, complaint, "complaint.triage", now, detail) as row:
        if about is not None and about.pk == subject.id:
            text = _("Ask a colleague: nobody handles a complaint about themselves.")
            raise ValidationError({"about": text})
        row.category, row.risk = category, category.risk
        row.product, row.about = " ".join(product.split())[:60], about
        if about is not None and row.owner_id == about.pk:
            row.owner = None
        if category.complex and not row.complex and row.told is None:
            _lengthen(row)
        note(row, "triaged", now, by=subject, values={"category": category.code})
    return row


def find_complex(
    subject: Subject, complaint: Complaint, reason: str, now: dt.datetime
) -> Complaint:
    """Give it the time limit of complex ones, counted from when it came in. Raises Denied, or
    ValidationError where it is one, or the simple limit is over."""
    said = reason_of(reason)
    with changing(subject, complaint, "complaint.complex", now) as row:
        _open(row)
        if row.complex:
            raise ValidationError(_("It counts as complex already."))
        if row.due < now:
            raise ValidationError(_("Its time limit is over: it cannot become longer any more."))
        _lengthen(row)
        note(row, "complex", now, by=subject, values={"days": row.days}, reason=said)
    return row


def _lengthen(row: Complaint) -> None:
    days = terms_for(row).complex
    row.complex = True
    row.days = max(row.days, days)
    row.due = max(row.due, due_of(row.received, row.days, row.extension))
    row.reminded = 0


def relabel(
    subject: Subject, complaint: Complaint, labels: frozenset[str], now: dt.datetime
) -> Complaint:
    """Say what it is escalated for; who leads is told of a label that is new. Raises Denied."""
    chosen = [name for name in LABELS if name in labels]
    with changing(subject, complaint, "complaint.label", now, {"labels": chosen}) as row:
        before = frozenset(name for name in LABELS if getattr(row, name))
        row.media, row.regulator = "media" in labels, "regulator" in labels
        row.legal = "legal" in labels
        row.priority = priority_of(frozenset(chosen))
        note(row, "labels", now, by=subject, values={"labels": " ".join(chosen)})
        if set(chosen) - before:
            row.save()
            tell_escalated(row, now)
    return row


def ask_extension(
    subject: Subject, complaint: Complaint, reason: str, now: dt.datetime
) -> Complaint:
    """Ask for the one extension; another person decides. Raises Denied, or ValidationError where
    it had one, waits for one, or its time is over."""
    said = reason_of(reason)
    with changing(subject, complaint, "complaint.extend_ask", now) as row:
        _open(row)
        if row.extension or row.extension_asked:
            raise ValidationError(_("It was extended, or that was asked for, already."))
        if row.due < now:
            raise ValidationError(_("Its time limit is over: it cannot become longer any more."))
        row.extension_asked, row.extension_by_id, row.extension_why = now, subject.id, said
        note(row, "extension_asked", now, by=subject, reason=said)
    return row


def decide_extension(
    subject: Subject, complaint: Complaint, approved: bool, reason: str, now: dt.datetime
) -> Complaint:
    """Approve or refuse the extension that another person asked for. Raises Denied, also to who
    asked, or ValidationError."""
    said = reason_of(reason)
    require(subject, "approve", NOUN)
    with changing(
        subject, complaint, "complaint.extend", now, {"approved": approved}, verb="approve"
    ) as row:
        if row.extension_asked is None or row.extension:
            raise ValidationError(_("Nobody asked for more time."))
        if row.extension_by_id == subject.id:
            raise Denied(f"{subject.name} asked for this time", "approve", NOUN)
        if approved:
            row.extension = terms_for(row).extension
            row.due = max(row.due, due_of(row.received, row.days, row.extension))
            row.extension_approved_id = subject.id
            row.reminded = 0
            values = {"days": row.extension}
            note(row, "extension_approved", now, by=subject, values=values, reason=said)
        else:
            row.extension_asked = row.extension_by = row.extension_why = None
            note(row, "extension_refused", now, by=subject, reason=said)
    return row


def tell_outcome(
    subject: Subject, complaint: Complaint, outcome: str, now: dt.datetime, at: dt.datetime | None
) -> Complaint:
    """Record that the customer was told the outcome, which stops the clock; `at` now where it is
    not said. Raises Denied, or ValidationError by field."""
    moment = at or now
    if outcome not in OUTCOMES or outcome == "duplicate":
        names = ", ".join(name for name in OUTCOMES if name != "duplicate")
        raise ValidationError({"outcome": _("It is one of %(names)s.") % {"names": names}})
    with changing(subject, complaint, "complaint.told", now, {"outcome": outcome}) as row:
        _open(row)
        if row.state == "answered":
            raise ValidationError(_("The customer was told already."))
        if not row.received <= moment <= now:
            raise ValidationError({"at": _("This is between when it came in and now.")})
        _told(row, outcome, moment)
        note(row, "told", moment, by=subject, values={"outcome": outcome})
    return row


def _told(row: Complaint, outcome: str, at: dt.datetime) -> None:
    row.told = row.told or at  # opening again gives no new time
    row.outcome, row.state = outcome, "answered"
    row.extension_asked = row.extension_asked if row.extension else None


def close(
    subject: Subject, complaint: Complaint, cause: str, reason: str, now: dt.datetime
) -> Complaint:
    """Close what was answered, with its root cause. Raises Denied, or ValidationError by field."""
    if cause not in CAUSES:
        names = ", ".join(CAUSES)
        raise ValidationError({"cause": _("It is one of %(names)s.") % {"names": names}})
    said = reason_of(reason)
    with changing(subject, complaint, "complaint.close", now, {"cause": cause}) as row:
        if row.state == "closed":
            raise ValidationError(_("It is closed already."))
        if row.state != "answered":
            raise ValidationError(_("Tell the customer the outcome first; then it is closed."))
        row.state, row.cause = "closed", cause
        row.closed, row.closed_by_id = now, subject.id
        note(row, "closed", now, by=subject, values={"cause": cause}, reason=said)
    return row


def reopen(subject: Subject, complaint: Complaint, reason: str, now: dt.datetime) -> Complaint:
    """Open one again that was answered or closed; its clock does not begin anew. Raises Denied,
    or ValidationError."""
    said = reason_of(reason)
    with changing(subject, complaint, "complaint.reopen", now) as row:
        if row.state in OPEN:
            raise ValidationError(_("It is open."))
        row.state, row.closed, row.closed_by = "working", None, None
        row.duplicate_of = None
        row.outcome = ""
        note(row, "reopened", now, by=subject, reason=said)
    return row


def find_same(
    subject: Subject, complaint: Complaint, other: Complaint, now: dt.datetime
) -> Complaint:
    """Say that it is the same as an earlier one, which goes on; this one is closed. Raises
    Denied, or ValidationError by field."""
    with changing(subject, complaint, "complaint.duplicate", now, {"of": other.pk}) as row:
        _open(row)
        first = Complaint.objects.for_user(subject).filter(pk=other.pk).first()
        if first is None or first.pk == row.pk or first.duplicate_of_id is not None:
            text = _("Name another complaint, one that is itself no duplicate.")
            raise ValidationError({"number": text})
        if row.duplicates.exists():
            text = _("Others are the same as this one: name this one for them, not the reverse.")
            raise ValidationError({"number": text})
        row.duplicate_of, row.like = first, None
        row.outcome, row.state, row.closed, row.closed_by_id = (
            "duplicate",
            "closed",
            now,
            subject.id,
        )
        note(row, "duplicate", now, by=subject, values={"of": first.pk})
    return row


def find_distinct(subject: Subject, complaint: Complaint, now: dt.datetime) -> Complaint:
    """Say that it is another complaint than the one it is like. Raises Denied."""
    with changing(subject, complaint, "complaint.distinct", now) as row:
        note(row, "distinct", now, by=subject, values={"of": row.like_id})
        row.like, row.likeness = None, 0
    return row


def _open(row: Complaint) -> None:
    if row.state == "closed":
        raise ValidationError(_("It is closed: open it again first."))


@contextmanager
def changing(
    subject: Subject,
    complaint: Complaint,
    name: str,
    now: dt.datetime,
    detail: Detail | None = None,
    verb: Verb = "change",
) -> Iterator[Complaint]:
    """The complaint as it is now, locked, to be changed and written by one act. Raises Denied,
    also to whom it is about."""
    require(subject, verb, NOUN)
    with act(name, complaint, detail=detail or {}):
        rows = Complaint.objects.for_user(subject, verb).select_for_update(of=("self",))
        row = rows.filter(pk=complaint.pk).first()
        if row is None:
            raise Denied(f"{subject.name} may not {verb} this complaint", verb, NOUN)
        yield row
        row.touched = now
        row.save()

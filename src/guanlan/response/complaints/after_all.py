"""Letters and calls that were not understood: a person takes them in after all, or discards them.

A complaint made so is known again as the message itself: it has the id that the message has at its
source, and its time limit runs from when the message came, not from when a person read it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import msgspec
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.access.masking import mask
from guanlan.core.audit import act
from guanlan.response.alerts.handling import reason_of
from guanlan.response.complaints.history import note
from guanlan.response.complaints.intake import Identity, Incoming, Taken, take_in, twin_of
from guanlan.response.complaints.letters import NOUN, draft_of
from guanlan.response.complaints.markup import has_markup, text_of
from guanlan.response.complaints.masking import masked_text, plain
from guanlan.response.complaints.replying import acknowledge_letter
from guanlan.response.complaints.sorting import categories_in_use
from guanlan.response.models import Complaint, ComplaintLetter

FIELDS: Final = (
    "text", "subject", "category", "product", "customer", "email", "phone", "language",
)  # fmt: skip
_MASKS: Final = {"email": "email", "phone": "phone", "customer": "user"}


def offered(letter: ComplaintLetter) -> dict[str, str]:
    """What could be read of it, field by field, as it may be shown: what names somebody is
    hidden, of HTML only the text is left, a category that there is not is left out."""
    draft = draft_of(letter)
    found: dict[str, str] = {}
    for name in FIELDS:
        value = str(getattr(draft, name))
        if name in _MASKS:
            found[name] = mask(_MASKS[name], value, 3) if value.strip() else ""
        else:
            found[name] = masked_text(text_of(value) if has_markup(value) else value)
    if found["category"] not in {row.code for row in categories_in_use()}:
        found["category"] = ""
    return found


def completed(letter: ComplaintLetter, values: Mapping[str, str]) -> Incoming:
    """What comes in: a field that stands as it was offered is taken as it was sent, with what was
    hidden in it; any other as the person wrote it."""
    draft, shown = draft_of(letter), offered(letter)
    kept = {
        name: str(getattr(draft, name)) if name != "category" and shown[name]
        and plain(values[name]) == plain(shown[name]) else values[name]
        for name in FIELDS
    }  # fmt: skip
    return msgspec.structs.replace(draft, received=letter.came, **kept)


def take_after_all(
    subject: Subject, letter: ComplaintLetter, values: Mapping[str, str], now: dt.datetime
) -> Taken:
    """Take it in with these values of `FIELDS`, and tell the customer that it came in, as of one
    that was understood. The same message that is a complaint already makes
    no other; whatever waits of the same message is settled with it.

    Raises Denied, or ValidationError by field; also where another person was faster.
    """
    require(subject, "change", NOUN)
    detail: dict[str, int] = {}
    with act("complaintletter.take", letter, detail=detail):
        rows = _locked(letter)
        row = next(one for one in rows if one.pk == letter.pk)
        if row.state == "taken" and row.complaint is not None:
            text = _("It was taken in already, as complaint %(number)s.")
            raise ValidationError(text % {"number": row.complaint.receipt})
        _must_wait(row)
        taken = take_in(subject, completed(row, values), now, _identity(row))
        if taken.new:
            note(taken.complaint, "after_all", now, by=subject, values={"letter": row.pk})
            acknowledge_letter(taken.complaint, now)
        for one in rows:
            if one.state == "waiting":
                one.state, one.complaint = "taken", taken.complaint
                one.decided, one.decided_by_id = now, subject.id
                one.save(update_fields=["state", "complaint", "decided", "decided_by"])
        detail |= {"complaint": taken.complaint.pk, "new": taken.new}
    return taken


def _identity(row: ComplaintLetter) -> Identity:
    """Its own; where the sender used its id for a message of other words, that of a twin."""
    other = Complaint.objects.filter(origin=row.origin).exclude(digest=row.digest)
    if other.exists():
        return Identity(twin_of(row.origin, row.digest), row.digest)
    return Identity(row.origin, row.digest)


def discard(
    subject: Subject, letter: ComplaintLetter, reason: str, now: dt.datetime
) -> ComplaintLetter:
    """Throw it away, saying why; the row stays. Raises Denied, or ValidationError."""
    require(subject, "change", NOUN)
    reason = reason_of(reason)
    with act("complaintletter.discard", letter):
        row = ComplaintLetter.objects.select_for_update(of=("self",)).get(pk=letter.pk)
        _must_wait(row)
        row.state, row.reason = "discarded", reason
        row.decided, row.decided_by_id = now, subject.id
        row.save(update_fields=["state", "reason", "decided", "decided_by"])
    return row


def _locked(letter: ComplaintLetter) -> list[ComplaintLetter]:
    """It, and what waits of the same message: locked in one order, so that two people who take
    in two letters of it do not wait for each other."""
    same = Q(origin=letter.origin, digest=letter.digest, state="waiting")
    rows = ComplaintLetter.objects.select_for_update(of=("self",))
    # Without the complaint: where one waits for the lock, PostgreSQL reads only the row anew, and
    # not what it is joined with.
    return list(rows.filter(Q(pk=letter.pk) | same).order_by("pk"))


def _must_wait(row: ComplaintLetter) -> None:
    if row.state != "waiting":
        raise ValidationError(_("It has been dealt with already."))

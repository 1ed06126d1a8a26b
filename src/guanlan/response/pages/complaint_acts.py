"""What is done with a complaint on its page: a sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject
from guanlan.response.complaints import handling, tying
from guanlan.response.complaints.intake import Incoming, take_in
from guanlan.response.complaints.replying import reply as write
from guanlan.response.complaints.replying import text_for
from guanlan.response.complaints.terms import OUTCOMES
from guanlan.response.models import Complaint
from guanlan.web.resource import Saved

Values = Mapping[str, Any]
KEY = "key "  # the subject of an API key is called so


def add(subject: Subject, values: dict[str, Any]) -> Saved:
    """Enter one; the same id at its source finds the one that is there."""
    by_key = subject.name.startswith(KEY) and subject.id is None
    incoming = Incoming(
        channel=values["channel"] or ("api" if by_key else "phone"),
        source=subject.name,
        external=values["idempotency_key"].strip(),
        subject=values["subject"],
        text=values["text"],
        received=values["received"],
        product=values["product"],
        category=values["category"].code if values["category"] else "",
        customer=values["customer"],
        email=values["email"],
        phone=values["phone"],
        language=values["language"],
    )
    taken = take_in(subject, incoming, timezone.now())
    said = {"number": taken.complaint.receipt}
    if taken.new:
        return Saved(taken.complaint, _("Complaint %(number)s is taken in.") % said)
    return Saved(taken.complaint, _("Complaint %(number)s was taken in already.") % said)


def take(row: Complaint, subject: Subject) -> str:
    """Take it oneself."""
    handling.assign(subject, row, handling.handler("me", subject), timezone.now())
    return _("Complaint %(number)s is yours.") % {"number": row.receipt}


def give(row: Complaint, subject: Subject, values: Values) -> str:
    """Give it to a person, or to nobody."""
    person = handling.handler(values["person"], subject)
    handling.assign(subject, row, person, timezone.now())
    said = {"number": row.receipt, "person": person}
    if person is None:
        return _("Complaint %(number)s belongs to nobody now.") % said
    return _("Complaint %(number)s belongs to %(person)s.") % said


def sort(row: Complaint, subject: Subject, values: Values) -> str:
    """Say what it is about."""
    about = values.get("about")  # many of a list are given a category, and keep the rest
    handling.triage(
        subject,
        row,
        category=values["category"],
        product=values.get("product", row.product),
        about=row.about if about is None else handling.colleague(about, "about"),
        now=timezone.now(),
    )
    return _("It is sorted.")


def reply(row: Complaint, subject: Subject, values: Values) -> str:
    """Write to the customer."""
    answer, then = values["template"], values["then"]
    parts = [text_for(row, answer) if answer else "", values["text"].strip()]
    made = write(
        subject,
        row,
        "\n\n".join(part for part in parts if part),
        how=values["how"],
        template=answer.code if answer else "",
        asks=then == "asks",
        outcome=then if then in OUTCOMES else "",
        now=timezone.now(),
    )
    if made.delivery:
        return _("The SMS is on its way; below it stands what becomes of it.")
    return _("The letter is on its way.") if made.how == "email" else _("It is recorded.")


def told(row: Complaint, subject: Subject, values: Values) -> str:
    """Record that the customer knows the outcome."""
    handling.tell_outcome(subject, row, values["outcome"], timezone.now(), values["at"])
    return _("It is answered: its clock has stopped.")


def find_complex(row: Complaint, subject: Subject, values: Values) -> str:
    """Give it the longer time limit."""
    found = handling.find_complex(subject, row, values["reason"], timezone.now())
    return _("It has %(n)s days now, from when it came in.") % {"n": found.days}


def ask_extension(row: Complaint, subject: Subject, values: Values) -> str:
    """Ask for more time."""
    handling.ask_extension(subject, row, values["reason"], timezone.now())
    return _("Another person decides on more time.")


def decide_extension(row: Complaint, subject: Subject, values: Values) -> str:
    """Approve more time, or refuse it."""
    yes = values["decision"] == "yes"
    handling.decide_extension(subject, row, yes, values["reason"], timezone.now())
    return _("It has more time.") if yes else _("It has no more time.")


def label(row: Complaint, subject: Subject, values: Values) -> str:
    """Change the labels."""
    handling.relabel(subject, row, frozenset(values["labels"]), timezone.now())
    return _("The labels are changed.")


def close(row: Complaint, subject: Subject, values: Values) -> str:
    """Close it."""
    handling.close(subject, row, values["cause"], values["reason"], timezone.now())
    return _("Complaint %(number)s is closed.") % {"number": row.receipt}


def reopen(row: Complaint, subject: Subject, values: Values) -> str:
    """Open it again."""
    handling.reopen(subject, row, values["reason"], timezone.now())
    return _("Complaint %(number)s is open again.") % {"number": row.receipt}


def same(row: Complaint, subject: Subject, values: Values) -> str:
    """Say which it is the same as."""
    other = Complaint.objects.for_user(subject).filter(pk=values["number"]).first()
    if other is None:
        raise ValidationError({"number": _("There is no complaint of this number.")})
    handling.find_same(subject, row, other, timezone.now())
    return _("It is closed; %(number)s goes on.") % {"number": other.receipt}


def distinct(row: Complaint, subject: Subject) -> str:
    """Say that it is another one."""
    handling.find_distinct(subject, row, timezone.now())
    return _("It counts as another complaint.")


def tie(row: Complaint, subject: Subject, values: Values) -> str:
    """Tie it to an incident."""
    tying.tie(subject, row, values["incident"], timezone.now())
    return _("It is tied to this incident.")

"""Rows of cases, locked for a change, and the people who are named in them."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may, require, subject_of
from guanlan.core.models import User
from guanlan.response.models import Case

NOUN = "response.case"
LONGEST_REASON = 500


def locked(subject: Subject, case: Case) -> Case:
    """The case as it is now, for a change within a transaction. Raises Denied."""
    require(subject, "change", NOUN)
    return Case.objects.for_user(subject, "change").select_for_update().get(pk=case.pk)


def open_row(subject: Subject, case: Case) -> Case:
    """The same, of a case that is open. Raises Denied, or ValidationError where it is closed."""
    row = locked(subject, case)
    if not row.live:
        raise ValidationError(_("The case is closed."))
    return row


def colleague(name: str, subject: Subject, field: str = "person") -> User | None:
    """The person of a user name, oneself for `me`; None for an empty name. Raises ValidationError
    by field for one who may not work on cases."""
    wanted = subject.name if name.strip() == "me" else name.strip()
    if not wanted:
        return None
    found = User.objects.filter(username=wanted, is_active=True).first()
    if found is None or not may(subject_of(found), "change", NOUN):
        raise ValidationError({field: _("Nobody of this name works on cases.")})
    return found


def reason_of(text: str, field: str = "reason") -> str:
    """A reason as it is kept. Raises ValidationError where it is too short or too long."""
    said = text.replace("\0", "").strip()
    if not 3 <= len(said) <= LONGEST_REASON:
        raise ValidationError({field: _("Give a reason of 3 to 500 characters.")})
    return said

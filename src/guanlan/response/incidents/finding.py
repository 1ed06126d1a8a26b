"""Rows of incidents, locked for a change, and the people who are named in them."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access import Denied, Subject, may, require, subject_of
from guanlan.core.models import User
from guanlan.response.models import Incident

NOUN = "response.incident"


def locked(subject: Subject, incident: Incident) -> Incident:
    """The incident as it is now, for a change within a transaction. Raises Denied, also where it
    is confidential for this subject."""
    require(subject, "change", NOUN)
    rows = Incident.objects.for_user(subject, "change").select_for_update(of=("self",))
    found = rows.filter(pk=incident.pk).first()
    if found is None:
        raise Denied(f"{subject.name} may not change this incident", "change", NOUN)
    return found


def colleague(name: str, subject: Subject, field: str = "person") -> User:
    """The person of a user name; the subject's own for `me` or nothing. Raises ValidationError by
    field for one who may not work on incidents."""
    wanted = subject.name if name.strip() in ("", "me") else name.strip()
    found = User.objects.filter(username=wanted, is_active=True).first()
    if found is None or not may(subject_of(found), "change", NOUN):
        raise ValidationError({field: _("Nobody of this name works on incidents.")})
    return found


def reason_of(text: str, field: str = "reason") -> str:
    """A reason as it is kept. Raises ValidationError where it is too short or too long."""
    said = text.replace("\0", "").strip()
    if not 3 <= len(said) <= 500:
        raise ValidationError({field: _("Give a reason of 3 to 500 characters.")})
    return said

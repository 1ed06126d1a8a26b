"""People that alerts are given to."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may, subject_of
from guanlan.core.models import User


def responder(name: str, subject: Subject) -> User | None:
    """The person of a user name, or the subject for `me`; None for an empty name. Raises
    ValidationError, by field, for one who may not work on alerts."""
    wanted = subject.name if name.strip() == "me" else name.strip()
    if not wanted:
        return None
    found = User.objects.filter(username=wanted, is_active=True).first()
    if found is None or not may(subject_of(found), "change", "response.alert"):
        text = _("Nobody of this name works on alerts.")
        raise ValidationError({"person": text})
    return found

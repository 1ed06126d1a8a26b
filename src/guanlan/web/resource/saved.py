"""Saved views of lists: made, shared, removed by their owner."""

from __future__ import annotations

from typing import Final

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from guanlan.core.access import Subject
from guanlan.core.audit import act
from guanlan.web.models import SavedView

MOST: Final = 50  # views of one list that one person keeps


def views_of(subject: Subject, noun: str) -> list[SavedView]:
    """The subject's own views of a list and those shared, by name."""
    if subject.id is None:
        return []
    found = SavedView.objects.filter(Q(owner_id=subject.id) | Q(shared=True), noun=noun)
    return list(found.select_related("owner").order_by("name", "pk")[: MOST * 4])


def save_view(subject: Subject, noun: str, name: str, query: str, *, shared: bool) -> SavedView:
    """Keep a view under a name, in place of the subject's own of that name.

    Raises ValidationError when the name is empty or too long, or there are too many.
    """
    name = name.strip()
    if not 1 <= len(name) <= 80 or len(query) > 2000 or subject.id is None:
        raise ValidationError(_("Give the view a name of 1 to 80 characters."))
    own = SavedView.objects.filter(owner_id=subject.id, noun=noun)
    if not own.filter(name=name).exists() and own.count() >= MOST:
        raise ValidationError(_("You keep %(n)s views of this list already.") % {"n": MOST})
    with act("view.save", ("web.savedview", noun), detail={"noun": noun, "shared": shared}):
        view, _made = SavedView.objects.update_or_create(
            owner_id=subject.id, noun=noun, name=name, defaults={"query": query, "shared": shared}
        )
    return view


def remove_view(subject: Subject, noun: str, identity: int) -> bool:
    """Remove the subject's own view; False where it has none of this number."""
    own = SavedView.objects.filter(owner_id=subject.id, noun=noun, pk=identity)
    if not own.exists():
        return False
    with act("view.remove", ("web.savedview", str(identity)), detail={"noun": noun}):
        own.delete()
    return True

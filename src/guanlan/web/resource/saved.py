"""Saved views of lists: made, shared, removed by their owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.core.audit.recording import Detail
from guanlan.web.models import SavedView
from guanlan.web.resource.asked import personal
from guanlan.web.resource.declared import Resource

NOUN: Final = "web.savedview"
MOST: Final = 50  # views of one list that one person keeps
_LONGEST: Final = 2000


def views_of(subject: Subject, resource: Resource) -> list[SavedView]:
    """The subject's own views of a list and those shared, by name."""
    if subject.id is None:
        return []
    seen = SavedView.objects.for_user(subject).filter(noun=resource.noun)
    found = seen.filter(Q(owner_id=subject.id) | Q(shared=True)).select_related("owner")
    views = found.order_by("name", "pk")[: MOST * 4]
    return [view for view in views if isinstance(view.query, str)]  # what can be opened


def save_view(
    subject: Subject, resource: Resource, name: str, kept: Mapping[str, str], *, shared: bool
) -> SavedView:
    """Keep what a list shows under a name, in place of the subject's own view of that name.

    Raises Denied for who may keep none; ValidationError when the name is empty or too long, when
    there are too many, or when what may name a person would be shared.
    """
    require(subject, "add", NOUN)
    name = name.strip()
    query = urlencode([(part, text) for part, text in kept.items() if text])
    if not 1 <= len(name) <= 80 or len(query) > _LONGEST or subject.id is None:
        raise ValidationError(_("Give the view a name of 1 to 80 characters."))
    if shared and personal(resource, kept.get("q", "")):
        raise ValidationError(
            _("A view that may name a person is not shared: keep it for yourself.")
        )
    own = SavedView.objects.for_user(subject).filter(owner_id=subject.id, noun=resource.noun)
    if not own.filter(name=name).exists() and own.count() >= MOST:
        raise ValidationError(_("You keep %(n)s views of this list already.") % {"n": MOST})
    detail: Detail = {"noun": resource.noun, "shared": shared}
    with act("view.save", (NOUN, resource.noun), detail=detail):
        view, _made = own.update_or_create(
            owner_id=subject.id,
            noun=resource.noun,
            name=name,
            defaults={"query": query, "shared": shared},
        )
    return view


def remove_view(subject: Subject, resource: Resource, identity: int) -> bool:
    """Remove the subject's own view; False where it has none of this number. Raises Denied."""
    require(subject, "delete", NOUN)
    seen = SavedView.objects.for_user(subject, "delete")
    own = seen.filter(owner_id=subject.id, noun=resource.noun, pk=identity)
    if not own.exists():
        return False
    with act("view.remove", (NOUN, str(identity)), detail={"noun": resource.noun}):
        own.delete()
    return True

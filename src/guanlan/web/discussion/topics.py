"""Which objects may be discussed, and who may see one of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.http import Http404

from guanlan.core.access import ScopedQuerySet, Subject, may, subject_of
from guanlan.core.models import User

MENTIONABLE = 50  # names listed for a mention
OFFERED = 8  # names offered while one types


Seen = Callable[[Subject], models.QuerySet[Any]]


class Topic(NamedTuple):
    """A noun whose objects may be discussed; `address` is the page of one of them, `seen` the
    rows that a subject may see."""

    noun: str
    address: Callable[[Any], str]
    seen: Seen


_topics: dict[str, Topic] = {}


def discussed(noun: str, *, address: Callable[[Any], str], seen: Seen | None = None) -> None:
    """Let the objects of `noun` (`app.model`) be discussed; a declared resource says it of its
    own. A second time is an error."""
    if noun in _topics:
        raise ValueError(f"{noun} is discussed twice")
    _topics[noun] = Topic(noun, address, seen or (lambda subject: _of_model(subject, noun)))


def topic(noun: str) -> Topic:
    """The topic of a noun; Http404 where its objects are not discussed."""
    try:
        return _topics[noun]
    except KeyError:
        raise Http404 from None


def _of_model(subject: Subject, noun: str) -> models.QuerySet[Any]:
    rows = apps.get_model(noun)._default_manager.all()
    if isinstance(rows, ScopedQuerySet):
        return rows.for_user(subject)
    allowed: models.QuerySet[Any] = rows if may(subject, "see", noun) else rows.none()
    return allowed


def find_object(subject: Subject, noun: str, identity: str) -> Any:
    """The object, when `subject` may see it; else Http404, which tells nothing apart."""
    seen = topic(noun).seen(subject)
    if "\0" in identity:
        raise Http404
    try:
        found = seen.filter(pk=identity).first()
    except (ValueError, ValidationError, OverflowError):
        found = None
    if found is None:
        raise Http404
    return found


def may_see(user: User, noun: str, identity: str) -> bool:
    """Whether this person may see the object."""
    return topic(noun).seen(subject_of(user)).filter(pk=identity).exists()


def mentionable(noun: str, identity: str, begun: str = "", most: int = MENTIONABLE) -> list[User]:
    """The active people who may see the object, by name: who may be mentioned beside it.

    `begun` is what a name holds: at its beginning, or after a dot, a dash and the like.
    """
    active = User.objects.filter(is_active=True).order_by("username")
    if begun:
        within = [models.Q(username__icontains=mark + begun) for mark in "._+-"]
        active = active.filter(reduce(or_, within, models.Q(username__istartswith=begun)))
    found = []
    for user in active.iterator():
        if may_see(user, noun, identity):
            found.append(user)
            if len(found) >= most:
                break
    return found

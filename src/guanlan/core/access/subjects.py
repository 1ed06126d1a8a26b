"""Subjects of requests and of programs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import timezone

from guanlan.core.access.nouns import OWNER
from guanlan.core.access.policy import EVERYWHERE, Grant, Subject

SYSTEM: Final = Subject(
    id=None,
    name="system",
    roles=frozenset({OWNER}),
    clearance=4,
    scopes=frozenset({EVERYWHERE}),
)
ANONYMOUS: Final = Subject(id=None, name="anonymous")
STARTING_CLEARANCE: Final = 2  # of a person of whom nothing else was said


def subject_of(user: Any, now: datetime | None = None) -> Subject:
    """The subject of a signed-in user; one without rights for anybody else.

    Two queries: roles with clearance, and grants. What is not in force at `now` is left out.
    """
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return ANONYMOUS
    moment = now or timezone.now()
    held: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    clearance, purposes = STARTING_CLEARANCE, frozenset[str]()
    for level, named, role, scope, since, until in _held().filter(pk=user.pk):
        if level is not None:
            clearance, purposes = level, frozenset(named)
        if role is not None and since <= moment and (until is None or until > moment):
            held[scope] |= {role}
    grants = user.access_grants.filter(
        starts__lte=moment, ends__gt=moment, revoked__isnull=True
    ).values_list("id", "verb", "noun", "level", "purpose", "scope", "ends", "broken_glass")
    return Subject(
        id=user.pk,
        name=user.get_username(),
        roles=frozenset().union(*held.values()),
        clearance=clearance,
        purposes=purposes,
        scopes=frozenset(held),
        held=dict(held),
        grants=tuple(
            Grant(
                id=number,
                verb=verb,
                noun=noun,
                level=level,
                purpose=purpose,
                scope=scope,
                until=ends.timestamp(),
                broken_glass=broken,
            )
            for number, verb, noun, level, purpose, scope, ends, broken in grants
        ),
        at=moment.timestamp(),
    )


@cache
def _held() -> QuerySet[Any, tuple[Any, ...]]:
    """Clearance and roles of everybody, built once: every request narrows it to one person. What
    is in force is told afterwards, for the few roles that one person was ever given."""
    return get_user_model()._default_manager.values_list(
        "clearance__level",
        "clearance__purposes",
        "role_assignments__role",
        "role_assignments__scope",
        "role_assignments__since",
        "role_assignments__until",
    )


def subject_of_key(identity: str, scopes: Iterable[str]) -> Subject:
    """The subject of an API key: each of its scopes is a role of the policy table."""
    return Subject(
        id=None,
        name=f"key {identity}",
        roles=frozenset(f"key {scope}" for scope in scopes),
        clearance=STARTING_CLEARANCE,
        scopes=frozenset({EVERYWHERE}),
    )

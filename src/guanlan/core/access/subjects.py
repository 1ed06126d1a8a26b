"""Subjects of requests and of programs."""

from __future__ import annotations

from typing import Any, Final

from guanlan.core.access.policy import EVERYWHERE, Subject

SYSTEM: Final = Subject(
    id=None,
    name="system",
    roles=frozenset({"owner"}),
    clearance=5,
    scopes=frozenset({EVERYWHERE}),
)


def subject_of(user: Any) -> Subject:
    """The subject of a signed-in user; one without rights for anybody else."""
    if not getattr(user, "is_authenticated", False):
        return Subject(id=None, name="anonymous")
    roles = frozenset({"owner"}) if user.is_superuser else frozenset()
    return Subject(
        id=user.pk, name=user.get_username(), roles=roles, clearance=4, scopes=frozenset({"*"})
    )

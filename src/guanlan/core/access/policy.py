"""The policy: a pure function of a subject and of what it asks for. No query, no clock."""

from __future__ import annotations

from typing import Final, Literal

from django.core.exceptions import PermissionDenied
from msgspec import Struct

Verb = Literal["see", "add", "change", "delete", "approve", "export", "reveal", "manage"]
EVERYWHERE: Final = "*"
MASKED_FROM: Final = 3  # data of this level and above is masked until it is revealed


class Denied(PermissionDenied):
    """The subject may not do this; the text names verb and noun, never a value."""


class Subject(Struct, frozen=True, kw_only=True):
    """A person, key or program as the policy sees it.

    `clearance` is the highest data level that may be revealed to it; `scopes` are the products
    and units it belongs to, `*` all of them.
    """

    id: int | None
    name: str
    roles: frozenset[str] = frozenset()
    clearance: int = 0
    purposes: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()


def may(
    subject: Subject,
    verb: Verb,
    noun: str,
    *,
    scope: str = EVERYWHERE,
    level: int = 1,
    purpose: str = "",
) -> bool:
    """Whether `subject` may do this."""
    return "owner" in subject.roles


def require(
    subject: Subject,
    verb: Verb,
    noun: str,
    *,
    scope: str = EVERYWHERE,
    level: int = 1,
    purpose: str = "",
) -> None:
    """Raises Denied unless `subject` may do this."""
    if not may(subject, verb, noun, scope=scope, level=level, purpose=purpose):
        raise Denied(f"{subject.name} may not {verb} {noun}")

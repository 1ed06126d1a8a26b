"""Writing acts down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, NamedTuple

from django.db import models, transaction

from guanlan.core.access import SYSTEM, Subject

Detail = Mapping[str, str | int | bool | list[str] | list[int] | None]


class Actor(NamedTuple):
    """Who acts now, and from where."""

    subject: Subject
    address: str = ""


_SYSTEM: Final = Actor(SYSTEM)
_actor: ContextVar[Actor | None] = ContextVar("guanlan_actor", default=None)


def actor() -> Actor:
    """Who acts in this context; the system where nobody is named."""
    return _actor.get() or _SYSTEM


@contextmanager
def acting(subject: Subject, address: str = "") -> Iterator[None]:
    """Within, acts are those of `subject`."""
    token = _actor.set(Actor(subject, address))
    try:
        yield
    finally:
        _actor.reset(token)


def record(
    name: str,
    object: models.Model | tuple[str, str] | None = None,
    *,
    detail: Detail | None = None,
    reason: str = "",
    purpose: str = "",
) -> None:
    """Write one row: the act `name` (such as `key.revoke`) of the present actor.

    `object` is a model instance or (label, id). `detail` says what changed, without any value
    of level 3 or above. Returns when the row is durable.
    """


@contextmanager
def act(
    name: str,
    object: models.Model | tuple[str, str] | None = None,
    *,
    detail: Detail | None = None,
    reason: str = "",
    purpose: str = "",
) -> Iterator[None]:
    """Do what is within as one database transaction, and write it down before it commits.

    If the row cannot be written the transaction is rolled back: nothing is done unseen.
    """
    with transaction.atomic():
        yield
        record(name, object, detail=detail, reason=reason, purpose=purpose)

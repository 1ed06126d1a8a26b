"""In a drill nothing leaves: a wall around whatever a step does, whoever wrote the step.

Within, no call goes out, and a message to a channel, or to a person who does not take part, is
refused where its row is written, which undoes the step.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from django.db.models.signals import pre_save
from django.utils.translation import gettext_noop

from guanlan.core import egress
from guanlan.core.models import Message

_inside: Final[ContextVar[frozenset[int] | None]] = ContextVar("guanlan_drill", default=None)


class LeavesTheDrill(Exception):
    """Something in a drill wanted to reach somebody outside it."""

    text = gettext_noop("A drill tells nobody but those who take part.")


class _Closed(egress.Policy, frozen=True):
    """A policy under which no address may be called."""

    def addresses(self, *args: Any, **kwargs: Any) -> Any:
        raise egress.Refused("nothing is called in a drill")

    def check_by_proxy(self, *args: Any, **kwargs: Any) -> None:
        raise egress.Refused("nothing is called in a drill")


@contextmanager
def drill(participants: frozenset[int]) -> Iterator[None]:
    """Within, only these people (ids) can be told anything, and nothing can be called."""
    token = _inside.set(participants)
    try:
        with egress.using(_Closed()):
            yield
    finally:
        _inside.reset(token)


def _stop(instance: Message, **_signal: Any) -> None:
    inside = _inside.get()
    if inside is not None and instance.recipient_id not in inside:
        raise LeavesTheDrill


pre_save.connect(_stop, sender=Message, dispatch_uid="response.plans.guard")

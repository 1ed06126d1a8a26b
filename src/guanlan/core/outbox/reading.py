"""A person's own messages: the bell, reading, acknowledging."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import get_language

from guanlan.core.access import Denied, Subject
from guanlan.core.audit import act
from guanlan.core.models import Message
from guanlan.core.outbox.keeping import context_of
from guanlan.core.outbox.templates import Text, get_template, rendered

Escalate = Callable[[Message], None]
Answer = Callable[[Message, datetime], None]

_answers: dict[str, list[Answer]] = {}
_escalations: dict[str, Escalate] = {}


def _nobody(message: Message) -> None:
    """Until a default is set, a message without an escalation of its own is only marked."""


_default: list[Escalate] = [_nobody]


class Notice(NamedTuple):
    """A message as its reader sees it."""

    message: Message
    text: Text


def own(subject: Subject) -> QuerySet[Message]:
    """The messages of this person, newest first; never another's."""
    if subject.id is None:
        return Message.objects.none()
    return Message.objects.filter(recipient_id=subject.id)


def unread(subject: Subject) -> QuerySet[Message]:
    """What the bell counts: this person's messages not read yet, newest first."""
    return own(subject).filter(read=None)


def unread_counts(people: Collection[int]) -> dict[int, int]:
    """How many messages each of these people (ids) has not read; without those who have none."""
    found = Message.objects.filter(recipient_id__in=people, read=None).order_by()
    return dict(found.values_list("recipient_id").annotate(n=Count("pk")))


def notices(messages: Iterable[Message], language: str | None = None) -> list[Notice]:
    """The messages with their texts, in the language of the page."""
    code = language or get_language() or "en"
    return [Notice(m, rendered(m.template, context_of(m), code)) for m in messages]


def mark_read(subject: Subject, ids: Iterable[int] | None = None) -> int:
    """Mark messages of this person as read (all, or those of `ids`); how many became so."""
    found = unread(subject)
    if ids is not None:
        found = found.filter(pk__in=list(ids))
    return found.update(read=timezone.now())


def acknowledge(subject: Subject, message: Message, now: datetime | None = None) -> bool:
    """Say that the message is being seen to; False when somebody has said so before.

    Raises Denied to anyone but its recipient.
    """
    if subject.id is None or message.recipient_id != subject.id:
        raise Denied(f"{subject.name} may not acknowledge core.message")
    at = now or timezone.now()
    with transaction.atomic():
        mine = Message.objects.filter(pk=message.pk, acknowledged=None)
        if mine.select_for_update().first() is None:
            return False
        with act("message.acknowledge", message, detail={"template": message.template}):
            mine.update(acknowledged=at, acknowledged_by_id=subject.id, read=message.read or at)
            for answer in _answers.get(message.template, ()):
                answer(message, at)
    return True


def on_unacknowledged(template: str, escalate: Escalate) -> None:
    """What to do when a message of this template is not acknowledged in its time.

    Raises ValueError where the template does not exist or has an escalation already.
    """
    get_template(template)
    if template in _escalations:
        raise ValueError(f"template {template} has an escalation already")
    _escalations[template] = escalate


def on_acknowledged(template: str, answer: Answer) -> None:
    """Call `answer(message, now)` when a message of this template is acknowledged, in the same
    transaction. Raises ValueError where the template does not exist."""
    get_template(template)
    _answers.setdefault(template, []).append(answer)


def escalate_others(escalate: Escalate) -> None:
    """What to do with messages whose template has no escalation of its own."""
    _default[0] = escalate


def escalate_overdue(now: datetime | None = None) -> int:
    """Escalate each message whose time to be acknowledged has passed, once; how many."""
    at = now or timezone.now()
    overdue = Message.objects.filter(acknowledge_due__lte=at, acknowledged=None, escalated=None)
    count = 0
    for message in overdue.order_by("pk")[:500]:
        with act("message.escalate", message, detail={"template": message.template}):
            mine = Message.objects.filter(pk=message.pk, escalated=None, acknowledged=None)
            if mine.update(escalated=at):
                _escalations.get(message.template, _default[0])(message)
                count += 1
    return count

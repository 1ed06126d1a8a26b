"""Putting messages into the outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

from django.db import models, transaction
from django.utils import timezone

from guanlan.core.access import Verb, may, subject_of
from guanlan.core.audit import act
from guanlan.core.audit.recording import Detail
from guanlan.core.models import Channel, Delivery, Message, User
from guanlan.core.outbox.routing import routes
from guanlan.core.outbox.templates import Value, prepared

Urgency = Literal["info", "normal", "urgent", "critical"]
Recipient = User | Channel
About = models.Model | tuple[str, str | int] | None

_nudges: list[Callable[[], None]] = []


def on_sent(nudge: Callable[[], None]) -> None:
    """Call `nudge` after each commit that put a message into the outbox (the jobs do this)."""
    _nudges.append(nudge)


def people_who_may(verb: Verb, noun: str) -> list[User]:
    """The active people whom the policy lets do `verb` to `noun`."""
    return [
        user for user in User.objects.filter(is_active=True) if may(subject_of(user), verb, noun)
    ]


def send(
    template: str,
    *,
    to: Recipient | Iterable[Recipient],
    context: Mapping[str, Value] | None = None,
    urgency: Urgency = "normal",
    about: About = None,
    dedup: str = "",
    acknowledge_within: timedelta | None = None,
    now: datetime | None = None,
) -> list[Message]:
    """Send a message to people (console, and by their wishes e-mail or SMS) or to channels.

    The rows are written in the caller's transaction: no commit, no message. With `dedup` a
    second message of that key to the same recipient is not made. `about` is the object, or its
    noun and id. Raises ValueError where template, names or values do not fit.
    """
    ready = prepared(template, context or {})
    at = now or timezone.now()
    noun, identity = _about(about)
    recipients = {_target(one): one for one in ([to] if isinstance(to, User | Channel) else to)}
    if dedup:
        told = Message.objects.filter(dedup=dedup, target__in=[*recipients])
        for target in told.values_list("target", flat=True):
            del recipients[target]
        if not recipients:
            return []
    detail: Detail = {"template": template, "urgency": urgency, "recipients": len(recipients)}
    made: list[Message] = []
    with act("message.send", ("core.message", template), detail=detail):
        for target, recipient in recipients.items():
            person = recipient if isinstance(recipient, User) else None
            channel = recipient if isinstance(recipient, Channel) else None
            message = Message.objects.create(
                template=template,
                context=ready,
                recipient=person,
                channel=channel,
                target=target,
                urgency=urgency,
                about_noun=noun,
                about_id=identity,
                dedup=dedup,
                created=at,
                acknowledge_due=at + acknowledge_within if acknowledge_within else None,
            )
            Delivery.objects.bulk_create(
                Delivery(
                    message=message,
                    channel=route.channel,
                    due=route.due,
                    bundle=route.bundle,
                    state=route.state,
                    why=route.why,
                )
                for route in routes(message, at)
            )
            made.append(message)
        if made:
            transaction.on_commit(nudge_all, robust=True)
    return made


def _target(recipient: Recipient) -> str:
    return f"{'person' if isinstance(recipient, User) else 'channel'}:{recipient.pk}"


def nudge_all() -> None:
    """Have the outbox looked at soon."""
    for nudge in _nudges:
        nudge()


def _about(about: About) -> tuple[str, str]:
    if about is None:
        return "", ""
    if isinstance(about, models.Model):
        return about._meta.label_lower, str(about.pk)
    return about[0], str(about[1])

"""Delivering what waits in the outbox.

A delivery goes pending → sending → sent. It is claimed with one conditional update, so that two
workers never send the same one. A process that ends while it sends leaves `sending` behind; when
the claim has lapsed it is sent once more under the same key, and where that is lost too it has
failed: at most one repeat, which the receiver can tell by the key.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Case, F, QuerySet, Value, When
from django.utils import timezone

from guanlan.core.egress import Refused
from guanlan.core.models import Channel, Delivery, Message
from guanlan.core.outbox.adapters import ADAPTERS, NotDelivered, Parcel, Why
from guanlan.core.outbox.keeping import (
    Unreadable,
    config_of,
    context_of,
    letter_of,
    phone_of,
)
from guanlan.core.outbox.limits import channel_full, number_free_at, number_hash, person_full
from guanlan.core.outbox.routing import language_of, preference_of
from guanlan.core.outbox.templates import Text, rendered

logger = logging.getLogger("guanlan.outbox")

State = Delivery.State
ATTEMPTS: Final = 6  # over about three hours
FIRST_PAUSE: Final = timedelta(seconds=30)
CLAIM: Final = timedelta(minutes=5)
ROUND: Final = 200  # deliveries looked at in one go
DOWN: Final = ("unreachable", "busy", "unreadable")
ALOUD: Final = (Message.Urgency.URGENT, Message.Urgency.CRITICAL)

DIGEST_SUBJECT: Final = {
    "en": "{n} messages",
    "zh-hans": "{n} 条消息",
    "zh-hant": "{n} 則訊息",
}


def deliver_due(
    now: datetime | None = None, step: Callable[[], None] = lambda: None
) -> tuple[int, int]:
    """Deliver what is due; (sent, not sent) of this round. `step` is called before each.

    A channel that cannot be reached is not tried again in the round, so that what waits for
    others does not wait for it.
    """
    _recover(now or timezone.now())
    sent = failed = 0
    down: set[int] = set()
    for delivery in [*_due(now or timezone.now())]:
        channel = delivery.channel
        if channel is not None and channel.pk in down:
            continue
        step()
        outcome = deliver(delivery, now or timezone.now())
        sent += outcome is True
        failed += outcome is False
        if outcome is False and channel is not None and channel.fault in DOWN:
            down.add(channel.pk)
    return sent, failed


def _due(at: datetime) -> QuerySet[Delivery]:
    rank = Case(
        When(message__urgency="critical", then=Value(0)),
        When(message__urgency="urgent", then=Value(1)),
        default=Value(2),
    )
    waiting = Delivery.objects.filter(state=State.PENDING, due__lte=at)
    ordered = waiting.order_by(rank, "due", "pk")
    return ordered.select_related("message", "message__recipient", "channel")[:ROUND]


def _recover(at: datetime) -> None:
    """Take up what a process that ended left in the middle."""
    stale = Delivery.objects.filter(state=State.SENDING, claimed__lt=at - CLAIM)
    stale.filter(lapses__gte=1).update(state=State.FAILED, why="lost", finished=at)
    stale.filter(lapses=0).update(state=State.PENDING, lapses=F("lapses") + 1)


def deliver(delivery: Delivery, at: datetime) -> bool | None:
    """Deliver one; True sent, False not, None put off or another worker's."""
    channel = delivery.channel
    if channel is None or not channel.enabled:
        _finish([delivery], State.SUPPRESSED, at, "channel_off")
        return False
    person = delivery.message.recipient
    if person is not None and not person.is_active:
        _finish([delivery], State.SUPPRESSED, at, "disabled")
        return False
    try:
        config = config_of(channel)
        phone, email = _addresses(delivery, config)
    except Unreadable:
        logger.error("channel %s or its reader's number cannot be opened", channel.pk)
        _finish([delivery], State.FAILED, at, "unreadable")
        _note_fault(channel, at, "unreadable")
        return False
    needs = ADAPTERS[channel.kind].needs
    if (needs == "phone" and not phone) or (needs == "email" and not email):
        _finish([delivery], State.SUPPRESSED, at, "no_address")
        return False
    hashed = number_hash(phone) if needs == "phone" else ""
    if _put_off(delivery, hashed, at):
        return None
    taken = _claim(delivery, at)
    if not taken:
        return None
    why: Why
    try:
        ADAPTERS[channel.kind].deliver(config, _parcel(taken, email, phone, at))
    except NotDelivered as error:
        again, why = error.again, error.why
    except Refused:
        again, why = False, "refused"
    except OSError:
        again, why = True, "unreachable"
    except KeyError:
        again, why = False, "misconfigured"
    except Exception as error:  # noqa: BLE001 - one bad channel must not stop the others
        logger.error("channel %s: %s", channel.pk, type(error).__name__)
        again, why = True, "fault"
    else:
        _finish(taken, State.SENT, at, "", hashed)
        Message.objects.filter(pk=delivery.message.pk, letter__isnull=False).update(letter=None)
        Channel.objects.filter(pk=channel.pk).update(last_sent=at, fault="")
        return True
    if not (needs and why in ("rejected", "no_address")):  # there it is the reader's address
        _note_fault(channel, at, why)
    retried = [row for row in taken if again and row.attempts < ATTEMPTS]
    for row in retried:
        pause = FIRST_PAUSE * 4 ** (row.attempts - 1) * random.uniform(0.8, 1.2)
        _mine(row).update(state=State.PENDING, due=at + pause, why=why)
    _finish([row for row in taken if row not in retried], State.FAILED, at, why)
    return False


def _note_fault(channel: Channel, at: datetime, why: Why) -> None:
    channel.fault = why
    channel.last_failed = at
    channel.save(update_fields=["fault", "last_failed"])


def _addresses(delivery: Delivery, config: Mapping[str, str]) -> tuple[str, str]:
    """Phone and e-mail: of the person, or where a message to the channel itself goes."""
    if delivery.message.letter is not None:
        letter = letter_of(delivery.message)
        return letter.phone, letter.to
    person = delivery.message.recipient
    if person is not None:
        return phone_of(preference_of(person)), person.email
    to = config.get("to", "")
    return ("", to) if "@" in to else (to, "")


def _put_off(delivery: Delivery, hashed: str, at: datetime) -> bool:
    """Whether a limit makes it wait. A critical one waits only for what a network refuses."""
    waiting = Delivery.objects.filter(pk=delivery.pk, state=State.PENDING)
    if hashed and (free := number_free_at(hashed, at)) > at:
        waiting.update(due=free, why="capped")
        return True
    urgency = delivery.message.urgency
    if urgency == Message.Urgency.CRITICAL:
        return False
    if channel_full(delivery, at):
        waiting.update(due=at + timedelta(minutes=1), why="busy")
        return True
    if urgency not in ALOUD and not delivery.bundle and person_full(delivery, at):
        waiting.update(due=at + timedelta(hours=1), bundle=Delivery.Bundle.OVERFLOW)
        return True
    return False


def _claim(delivery: Delivery, at: datetime) -> list[Delivery]:
    """Take this delivery, and those that go with it in one digest."""
    wanted = [delivery]
    if delivery.bundle:
        together = Delivery.objects.filter(
            state=State.PENDING,
            due__lte=at,
            channel=delivery.channel,
            message__recipient=delivery.message.recipient,
        ).exclude(bundle="")
        wanted += together.exclude(pk=delivery.pk).select_related("message").order_by("pk")[:100]
    taken: list[Delivery] = []
    for row in wanted:
        free = Delivery.objects.filter(pk=row.pk, state=State.PENDING, attempts=row.attempts)
        if free.update(state=State.SENDING, claimed=at, attempts=F("attempts") + 1):
            row.attempts += 1
            taken.append(row)
        elif row is delivery:
            return []
    return taken


def _mine(row: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk=row.pk, state=State.SENDING, attempts=row.attempts)


def _finish(rows: Sequence[Delivery], state: str, at: datetime, why: str, hashed: str = "") -> None:
    for row in rows:
        open_rows = Delivery.objects.filter(pk=row.pk, attempts=row.attempts)
        open_rows.filter(state__in=(State.PENDING, State.SENDING)).update(
            state=state, finished=at, why=why, number_hash=hashed
        )


def _parcel(rows: Sequence[Delivery], email: str, phone: str, at: datetime) -> Parcel:
    first = rows[0].message
    if first.letter is not None:
        letter = letter_of(first)
        return Parcel(
            key=f"{first.key}-{rows[0].pk}",
            template=first.template,
            subject=letter.subject,
            body=letter.body,
            urgency=first.urgency,
            email=email,
            phone=phone,
            sent=at.timestamp(),
        )
    language = language_of(first.recipient)
    texts = [rendered(row.message.template, context_of(row.message), language) for row in rows]
    text = texts[0] if len(texts) == 1 else _digest(texts, language)
    return Parcel(
        key=f"{first.key}-{rows[0].pk}",
        template=first.template if len(rows) == 1 else "digest",
        subject=text.subject,
        body=text.body,
        link=f"{settings.ADDRESS}/notifications" if settings.ADDRESS else "",
        urgency=first.urgency,
        email=email,
        phone=phone,
        sent=at.timestamp(),
    )


def _digest(texts: Sequence[Text], language: str) -> Text:
    subject = DIGEST_SUBJECT.get(language, DIGEST_SUBJECT["en"]).replace("{n}", str(len(texts)))
    return Text(subject, "\n\n".join(f"• {text.subject}\n{text.body}" for text in texts))

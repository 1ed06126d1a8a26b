"""How much may be sent: by a channel, to a person, to a number."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from guanlan.core.models import Delivery

PERSON_PER_HOUR: Final = 20  # of one channel; what is above comes together an hour later
# What Chinese networks let through for one number and signature.
NUMBER_CAPS: Final = ((1, timedelta(minutes=1)), (5, timedelta(hours=1)), (10, timedelta(days=1)))
_WENT: Final = (Delivery.State.SENT, Delivery.State.SENDING)


def number_hash(phone: str) -> str:
    """The number as it may be counted: keyed, so that it cannot be guessed back."""
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"sms:{phone}".encode(), hashlib.sha256).hexdigest()


def channel_full(delivery: Delivery, now: datetime) -> bool:
    """Whether the channel has sent what it may within the last minute."""
    channel = delivery.channel
    assert channel is not None
    since = now - timedelta(minutes=1)
    sent = Delivery.objects.filter(channel=channel, state=Delivery.State.SENT, finished__gt=since)
    return sent.count() >= channel.per_minute


def person_full(delivery: Delivery, now: datetime) -> bool:
    """Whether the person has had enough through this channel within the last hour."""
    person = delivery.message.recipient
    if person is None:
        return False
    sent = Delivery.objects.filter(
        message__recipient=person,
        channel=delivery.channel,
        state=Delivery.State.SENT,
        finished__gt=now - timedelta(hours=1),
    )
    return sent.count() >= PERSON_PER_HOUR


def number_free_at(hashed: str, now: datetime) -> datetime:
    """When the number may be sent to again; `now` where it may be at once."""
    free = now
    for cap, window in NUMBER_CAPS:
        sent = Delivery.objects.filter(
            number_hash=hashed, state=Delivery.State.SENT, finished__gt=now - window
        )
        times = list(sent.order_by("-finished").values_list("finished", flat=True)[:cap])
        if len(times) == cap and times[-1] is not None:
            free = max(free, times[-1] + window)
    return free

"""E-mails that Django and its apps write (invitations, new passwords) go through the outbox too.

So they are under the egress policy, are tried again, and take the request that causes them no
time: one who asks cannot tell by the clock whether there is such an account.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone
from msgspec.structs import asdict

from guanlan.core.audit import act
from guanlan.core.models import Channel, Delivery, Message
from guanlan.core.outbox.keeping import Letter
from guanlan.core.outbox.routing import SMS_KINDS, first_channel
from guanlan.core.outbox.sending import nudge_all
from guanlan.core.outbox.templates import LETTER

TEXT_KINDS = (*SMS_KINDS, "file")  # of channels that take a text message

logger = logging.getLogger("guanlan.outbox")


class Tracked(EmailMessage):
    """A letter to one address of which its sender wants to know what became: `posted` is the
    message in the outbox, None before it is sent and where it cannot be."""

    posted: Message | None = None


class EmailBackend(BaseEmailBackend):
    """Puts letters into the outbox. Without a channel for e-mail nothing is sent, and the log
    and the doctor say so."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many letters (one for each address) wait to be sent."""
        channel = first_channel("email", "file")
        if channel is None:
            logger.error("a letter was not sent: there is no channel for e-mail")
            return 0
        made = 0
        with act("message.send", ("core.message", "letter"), detail={"template": LETTER}):
            for written in email_messages:
                for address in written.recipients():
                    message = Message(
                        template=LETTER, target="letter", urgency=Message.Urgency.CRITICAL
                    )
                    letter = Letter(address, str(written.subject), str(written.body))
                    message.letter = asdict(letter)
                    message.save()
                    Delivery.objects.create(message=message, channel=channel, due=timezone.now())
                    made += 1
                    if isinstance(written, Tracked):
                        written.posted = message
            transaction.on_commit(nudge_all, robust=True)
        return made


def post_text(
    channel: Channel, number: str, text: str, about: tuple[str, str], now: datetime
) -> Message:
    """Put a text message to a number into the outbox, in the caller's transaction: sealed, and
    forgotten once it is sent. Raises ValueError for a channel that takes none."""
    if channel.kind not in TEXT_KINDS:
        raise ValueError("a text message goes by a channel for SMS")
    with act("message.send", ("core.message", "letter"), detail={"template": "letter"}):
        message = Message.objects.create(
            template="letter", target="letter", urgency=Message.Urgency.URGENT, created=now,
            about_noun=about[0], about_id=about[1], letter=asdict(Letter("", text, text, number)),
        )  # fmt: skip
        Delivery.objects.create(message=message, channel=channel, due=now)
        transaction.on_commit(nudge_all, robust=True)
    return message

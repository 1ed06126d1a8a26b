"""Secrets of channels and people's numbers: sealed in the database, opened where they are used."""

from __future__ import annotations

import msgspec

from guanlan.core.models import Channel, Message, Preference
from guanlan.core.outbox.templates import Value, get_template
from guanlan.core.sealing import Unreadable as NotOpened


class Unreadable(ValueError):
    """A sealed value that cannot be opened: another installation's, moved, or damaged."""


class Letter(msgspec.Struct, frozen=True):
    """An e-mail as somebody else has written it; with `phone` a text message, which is `subject`
    alone."""

    to: str
    subject: str
    body: str
    phone: str = ""


def config_of(channel: Channel) -> dict[str, str]:
    """The channel's configuration, secrets too: never show it. Raises Unreadable."""
    config = channel.config
    if isinstance(config, NotOpened):
        raise Unreadable(f"what is kept of channel {channel.pk} cannot be opened")
    return dict(config)


def phone_of(preference: Preference) -> str:
    """The person's number. Raises Unreadable."""
    number = preference.phone
    if isinstance(number, NotOpened):
        raise Unreadable(f"the number of person {preference.user_id} cannot be opened")
    return str(number)


def context_of(message: Message) -> dict[str, Value]:
    """A message's values; where they cannot be opened, each says so."""
    context = message.context
    if isinstance(context, NotOpened):
        return dict.fromkeys(get_template(message.template).names, str(context))
    return dict(context)


def letter_of(message: Message) -> Letter:
    """The letter that a message carries. Raises Unreadable."""
    try:
        return msgspec.convert(message.letter, Letter)
    except msgspec.ValidationError:
        raise Unreadable(f"the letter of message {message.key} cannot be opened") from None

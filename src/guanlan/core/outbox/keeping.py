"""Secrets of channels and people's numbers, as they are kept: sealed with AES-256-GCM.

The key comes from the installation's secret; what is sealed is bound to its place, so that a
sealed text moved to another row cannot be opened there.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from guanlan.core.models import Channel, Message, Preference

_MARK: Final = "v1:"
_NONCE: Final = 12


class Unreadable(ValueError):
    """A sealed text that cannot be opened: another installation's, moved, or damaged."""


class Letter(msgspec.Struct, frozen=True):
    """An e-mail as somebody else has written it."""

    to: str
    subject: str
    body: str


def _cipher() -> AESGCM:
    secret = settings.SECRET_KEY.encode()
    return AESGCM(hashlib.blake2b(secret, person=b"guanlan-outbox").digest()[:32])


def seal(text: str, place: str) -> str:
    """`text` as it may be stored at `place`; nothing stays nothing."""
    if not text:
        return ""
    nonce = secrets.token_bytes(_NONCE)
    sealed = _cipher().encrypt(nonce, text.encode(), place.encode())
    return _MARK + base64.b64encode(nonce + sealed).decode()


def unseal(stored: str, place: str) -> str:
    """What was sealed for `place`. Raises Unreadable."""
    if not stored:
        return ""
    try:
        blob = base64.b64decode(stored.removeprefix(_MARK), validate=True)
        if not stored.startswith(_MARK):
            raise Unreadable("not sealed")
        return _cipher().decrypt(blob[:_NONCE], blob[_NONCE:], place.encode()).decode()
    except (InvalidTag, ValueError):
        raise Unreadable(f"what is kept at {place} cannot be opened") from None


def config_of(channel: Channel) -> dict[str, str]:
    """The channel's configuration, secrets too: never show it. Raises Unreadable."""
    text = unseal(channel.config, _channel_place(channel))
    return msgspec.json.decode(text or "{}", type=dict[str, str])


def keep_config(channel: Channel, config: dict[str, str]) -> None:
    """Store the configuration of a saved channel."""
    channel.config = seal(msgspec.json.encode(config).decode(), _channel_place(channel))
    channel.save(update_fields=["config"])


def phone_of(preference: Preference) -> str:
    """The person's number. Raises Unreadable."""
    return unseal(preference.phone, _phone_place(preference))


def sealed_phone(preference: Preference, number: str) -> str:
    """The number as it is stored with this person's wishes."""
    return seal(number, _phone_place(preference))


def letter_of(message: Message) -> Letter:
    """The letter that a message carries. Raises Unreadable."""
    return msgspec.json.decode(unseal(message.letter, _letter_place(message)), type=Letter)


def sealed_letter(message: Message, letter: Letter) -> str:
    """The letter as it is stored with the message."""
    return seal(msgspec.json.encode(letter).decode(), _letter_place(message))


def _letter_place(message: Message) -> str:
    return f"core_message.letter:{message.key}"


def _channel_place(channel: Channel) -> str:
    return f"core_channel.config:{channel.pk}"


def _phone_place(preference: Preference) -> str:
    return f"core_preference.phone:{preference.user_id}"

"""Sealed values inside text columns that others own, such as the secrets of two-factor sign-in."""

from __future__ import annotations

import base64
from typing import Final

from guanlan.core.sealing.ciphers import key_of
from guanlan.core.sealing.errors import Unopened
from guanlan.core.sealing.installation import keyring

MARK: Final = "sealed:"


def seal_text(text: str, place: str) -> str:
    """`text` as it may stand in a text column; `place` is what it is bound to."""
    blob = keyring().seal("field", text.encode(), b"text\0" + place.encode())
    return MARK + base64.b64encode(blob).decode()


def open_text(stored: str, place: str) -> str:
    """What was sealed for `place`. Raises Unopened, also for what was never sealed."""
    return keyring().open("field", _blob(stored), b"text\0" + place.encode()).decode()


def text_key(stored: str) -> int | None:
    """The id of the key a sealed text needs; None where it is not sealed."""
    try:
        return key_of(_blob(stored))
    except Unopened:
        return None


def _blob(stored: str) -> bytes:
    if not stored.startswith(MARK):
        raise Unopened("it is not sealed")
    try:
        return base64.b64decode(stored.removeprefix(MARK), validate=True)
    except ValueError:
        raise Unopened("it was altered") from None

"""huey's queue, which carries nudges: "look at run 7".

Nothing in it is trusted: an entry is a JSON list with an HMAC over it, never a pickle; one that
cannot be read is dropped, and the sweep finds its run.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from django.conf import settings
from huey import SqliteHuey
from huey.registry import Message

logger = logging.getLogger("guanlan.jobs")

NAME: Final = "guanlan"
FILE: Final = "jobs.sqlite3"
_MAC_BYTES: Final = 32


class BadEntry(ValueError):
    """An entry of the queue that we did not write."""


class SignedJSON:
    """huey's serializer: a task's message as signed JSON."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.blake2b(secret.encode(), person=b"guanlan-jobs").digest()

    def serialize(self, message: Any) -> bytes:
        """Raises TypeError for anything but a message of plain values."""
        if not isinstance(message, Message):
            raise TypeError("only messages go into the queue")
        body = msgspec.json.encode([message.id, message.name, list(message.args)])
        return self._mac(body) + body

    def deserialize(self, data: bytes) -> Any:
        """Raises BadEntry for what was not signed with our key."""
        mac, body = bytes(data[:_MAC_BYTES]), bytes(data[_MAC_BYTES:])
        if not hmac.compare_digest(mac, self._mac(body)):
            raise BadEntry("an entry of the queue is not signed by this installation")
        identity, name, args = msgspec.json.decode(body, type=tuple[str, str, list[int]])
        return Message(id=identity, name=name, args=tuple(args), kwargs={}, retries=0)

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()


@cache
def queue() -> Any:
    """The queue, in the data directory; opened when it is first used.

    A damaged file is thrown away: it held nothing but nudges.
    """
    path = settings.DATA / FILE
    try:
        return _opened(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        logger.warning("the queue of jobs was damaged and is made anew")
        for name in (path, *path.parent.glob(f"{FILE}-*")):
            name.unlink(missing_ok=True)
        return _opened(path)


def _opened(path: Path) -> Any:
    return SqliteHuey(
        NAME,
        filename=str(path),
        serializer=SignedJSON(settings.SECRET_KEY),
        results=False,
        fsync=False,
    )

"""Sessions in the database, found by a digest of their key: whoever reads the table cannot take
one over, since the browser's cookie holds the key and the row does not."""

from __future__ import annotations

import hashlib
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone


def kept_key(key: str | None) -> str:
    """What is stored for a session's key: 160 bits of its SHA-256, in hex.

    The key has 165 random bits, so no secret and no slow hash is needed.
    """
    return hashlib.sha256(b"session:" + (key or "").encode()).hexdigest()[:40]


class SessionStore(db.SessionStore):
    """Django's own, but that no row holds a key."""

    def load(self) -> dict[str, Any]:
        """What the session holds; nothing where there is none that lives."""
        rows = Session.objects.filter(
            session_key=kept_key(self.session_key), expire_date__gt=timezone.now()
        )
        found = rows.first() if self.session_key else None
        if found is None:
            self._session_key = None
            return {}
        return self.decode(found.session_data)

    def exists(self, session_key: str) -> bool:
        """Whether there is a session of this key."""
        return Session.objects.filter(session_key=kept_key(session_key)).exists()

    def create_model_instance(self, data: Any) -> Session:
        """The row to be written."""
        key = self._get_or_create_session_key()  # type: ignore[attr-defined]  # the stubs lack it
        return Session(
            session_key=kept_key(key),
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
        )

    def delete(self, session_key: str | None = None) -> None:
        """End the session of this key, else this one."""
        key = session_key or self.session_key
        if key is not None:
            Session.objects.filter(session_key=kept_key(key)).delete()

    # Pages are synchronous; what asks from an event loop gets the same answers from a thread.
    async def aload(self) -> dict[str, Any]:
        return await sync_to_async(self.load)()

    async def aexists(self, session_key: str) -> bool:
        return await sync_to_async(self.exists)(session_key)

    async def acreate_model_instance(self, data: Any) -> Session:
        return await sync_to_async(self.create_model_instance)(data)

    async def adelete(self, session_key: str | None = None) -> None:
        await sync_to_async(self.delete)(session_key)

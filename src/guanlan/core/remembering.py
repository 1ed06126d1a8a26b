"""Django's cache, in a table of our own and as JSON.

Who may write to the database must not be able to run code; Django's own database cache pickles.
It holds what processes must agree on for a few minutes: codes that were used, tries at a door.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from guanlan.core.models import Remembered

LONGEST: Final = timedelta(days=30)  # where no end is named


def ended(now: datetime) -> Q:
    """The condition that a row's time is over at `now`."""
    return Q(expires__lte=now)


class JsonCache(BaseCache):
    """A cache of values that JSON can hold; a row each. Raises TypeError for other values."""

    def __init__(self, _location: str, params: Mapping[str, Any]) -> None:
        super().__init__(dict(params))

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Remember `value` unless there is one already; whether it was remembered.

        Of any number of processes that add the same key at the same moment one is told yes.
        """
        name = self.make_and_validate_key(key, version=version)
        text = msgspec.json.encode(value).decode()
        with transaction.atomic():
            Remembered.objects.filter(ended(timezone.now()), key=name).delete()
            try:
                with transaction.atomic():
                    Remembered.objects.create(key=name, value=text, expires=self._until(timeout))
            except IntegrityError:
                return False
        return True

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """What was remembered, else `default`."""
        name = self.make_and_validate_key(key, version=version)
        rows = Remembered.objects.filter(key=name).exclude(ended(timezone.now()))
        text = rows.values_list("value", flat=True).first()
        return default if text is None else msgspec.json.decode(text)

    def set(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        """Remember `value` in place of what there was."""
        name = self.make_and_validate_key(key, version=version)
        kept = {"value": msgspec.json.encode(value).decode(), "expires": self._until(timeout)}
        Remembered.objects.update_or_create(key=name, defaults=kept)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Let it live from now on; whether there was anything."""
        name = self.make_and_validate_key(key, version=version)
        rows = Remembered.objects.filter(key=name).exclude(ended(timezone.now()))
        return bool(rows.update(expires=self._until(timeout)))

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget it; whether there was anything."""
        name = self.make_and_validate_key(key, version=version)
        return bool(Remembered.objects.filter(key=name).delete()[0])

    def clear(self) -> None:
        """Forget everything."""
        Remembered.objects.all().delete()

    def _until(self, timeout: Any) -> datetime:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        if seconds is None:
            return timezone.now() + LONGEST
        return timezone.now() + timedelta(seconds=float(seconds))

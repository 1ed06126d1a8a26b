"""Changing lists and restrictions while the engine decides: each change is a frame of the log."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

import msgspec

from guanlan.engine.answer import FAILED, EventLog
from guanlan.engine.lists import ListChange, Lists
from guanlan.engine.log import LIST_CHANGE, RESTRICTION, LogFailed
from guanlan.engine.restrictions import Restriction, RestrictionChange, Restrictions
from guanlan.engine.scenario.model import ListEntry


class Changing(ABC):
    """The part of `Engine` that changes what it holds; safe from any thread."""

    lists: Lists
    restrictions: Restrictions
    state: str
    clock: int
    _lock: threading.RLock
    _log: EventLog

    @property
    @abstractmethod
    def seq(self) -> int:
        """How many events have been decided; the number the next one gets."""

    @abstractmethod
    def commit(self) -> None:
        """Make what was appended durable."""

    def set_list_entry(
        self, name: str, key: str, *, author: str, reason: str, expires: int | None = None
    ) -> None:
        """Put `key` in a list (microseconds until `expires`). KeyError for an unknown list."""
        entry = ListEntry(key=key, reason=reason, author=author, expires=expires)
        self._change_list(ListChange(name, key, author, reason, entry))

    def remove_list_entry(self, name: str, key: str, *, author: str, reason: str) -> None:
        """Take `key` out of a list. KeyError for an unknown list."""
        self._change_list(ListChange(name, key, author, reason))

    def _change_list(self, change: ListChange) -> None:
        with self._lock:
            if change.list not in self.lists.entries:
                raise KeyError(change.list)
            self._log.append(LIST_CHANGE, self.seq, self.clock, (msgspec.json.encode(change),))
            self.lists.apply(change)
        self.commit()

    def set_restriction(self, held: Restriction, *, author: str) -> None:
        """Restrict an entity, or change the terms of the restriction with this id."""
        self.restrict(RestrictionChange(held.id, author, held))

    def remove_restriction(self, name: str, *, author: str) -> None:
        """Let go of the restriction with this id; it need not be held."""
        self.restrict(RestrictionChange(name, author))

    def standing_restrictions(self) -> dict[str, Restriction]:
        """What is held, by id."""
        with self._lock:
            return self.restrictions.standing()

    def restrict(self, change: RestrictionChange) -> None:
        """Apply one change, durably. Raises LogFailed when the log cannot be written."""
        with self._lock:
            if self.state != "ready":
                raise LogFailed(FAILED.message)
            self._log.append(RESTRICTION, self.seq, self.clock, (msgspec.json.encode(change),))
            self.restrictions.apply(change)
        self.commit()

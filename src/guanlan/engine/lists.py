"""Allow, watch and block lists as the engine holds them.

A scenario file brings entries; people add and remove entries while Guanlan runs. A change
wins over the file until it is undone, and every change is a frame of the event log, so a
replay sees each list as it was.
"""

from __future__ import annotations

from msgspec import Struct

from guanlan.engine.scenario.model import ListEntry, ListKind, Outcome, Scenario

FOREVER = 2**63 - 1


class ListChange(Struct, frozen=True):
    """One act on a list: `entry` is the new entry, or None when `key` was removed."""

    list: str
    key: str
    author: str
    reason: str
    entry: ListEntry | None = None


class ListEffect(Struct, frozen=True):
    """What a list asks for when the entity in `role` is in it."""

    list: str
    kind: ListKind
    role: str
    outcome: Outcome


class Lists:
    """The entries in force, by list name and key."""

    def __init__(self, scenario: Scenario) -> None:
        self._changes: dict[str, dict[str, ListChange]] = {}
        self.entries: dict[str, dict[str, ListEntry]] = {}
        self.until: dict[str, dict[str, int]] = {}  # key -> last microsecond in force
        self.clock = 0
        self.load(scenario)

    def load(self, scenario: Scenario) -> None:
        """Take the entries of `scenario`, keeping the changes made by people."""
        self.entries = {spec.name: {e.key: e for e in spec.entries} for spec in scenario.lists}
        self.until = {name: {} for name in self.entries}
        for name, entries in self.entries.items():
            for key, entry in entries.items():
                self.until[name][key] = _until(entry)
            for change in self._changes.get(name, {}).values():
                self._put(change)

    def apply(self, change: ListChange) -> None:
        """Put one change in force; a list the scenario does not declare is remembered only."""
        self._changes.setdefault(change.list, {})[change.key] = change
        if change.list in self.entries:
            self._put(change)

    def _put(self, change: ListChange) -> None:
        if change.entry is None:
            self.entries[change.list].pop(change.key, None)
            self.until[change.list].pop(change.key, None)
        else:
            self.entries[change.list][change.key] = change.entry
            self.until[change.list][change.key] = _until(change.entry)

    def holds(self, name: str, key: str) -> bool:
        """Whether `key` is in list `name` at the clock of the event being decided."""
        return self.until[name].get(key, -1) >= self.clock

    def in_force(self, name: str, key: str, clock: int) -> bool:
        """Whether `key` is in list `name` at `clock`."""
        return self.until[name].get(key, -1) >= clock


def _until(entry: ListEntry) -> int:
    return FOREVER if entry.expires is None else entry.expires - 1

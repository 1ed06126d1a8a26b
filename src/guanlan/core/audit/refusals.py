"""Refused rights, written down without letting who is refused fill the log.

A subject that is refused the same verb on the same noun gets one row a minute at most; how often
it was refused stands in the row. What came after a row is told by the next one, at the latest
when anybody is refused after the minute has passed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from guanlan.core.access import ANONYMOUS, SYSTEM
from guanlan.core.audit.recording import Actor, Detail, actor, as_actor, record
from guanlan.core.audit.store import AuditUnavailable

SECONDS: Final = 60.0  # between two rows of the same subject, verb and noun
MOST: Final = 10_000  # that are counted at once; one more, and the oldest is told
ACT: Final = "access.refuse"
INPUT: Final = "input.refuse"


class Refused(NamedTuple):
    """What is written: who was refused what, how often since the row before."""

    who: Actor
    act: str
    verb: str
    noun: str
    times: int


class _Open:
    __slots__ = ("further", "since", "who")

    def __init__(self, who: Actor, since: float) -> None:
        self.who = who
        self.since = since
        self.further = 0


class Refusals:
    """Counts refusals; `now` is a clock in seconds that never goes back."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._open: dict[tuple[str, str, str, str], _Open] = {}

    def note(self, who: Actor, verb: str, noun: str, act: str = ACT) -> list[Refused]:
        """Count one refusal; the rows that are due now."""
        named = (who.subject.name, act, verb, noun)
        with self._lock:
            now = self._now()
            due = [
                (key, one)
                for key, one in self._open.items()
                if now - one.since >= SECONDS and key != named
            ]
            told = [Refused(one.who, *key[1:], one.further) for key, one in due if one.further]
            for key, one in due:
                del self._open[key]
                if one.further:  # its row is of this minute
                    self._open[key] = _Open(one.who, now)
            mine = self._open.get(named)
            if mine is not None and now - mine.since < SECONDS:
                mine.further += 1
                return told
            before = 0 if mine is None else mine.further
            self._open.pop(named, None)
            self._open[named] = _Open(who, now)
            if len(self._open) > MOST:
                key = next(iter(self._open))
                oldest = self._open.pop(key)
                told += [Refused(oldest.who, *key[1:], oldest.further)] if oldest.further else []
            return [*told, Refused(who, act, verb, noun, before + 1)]


_refusals: Final = Refusals()


def refused(verb: str, noun: str, act: str = ACT) -> None:
    """Note that the present actor was refused `verb` on `noun`.

    Where it cannot be written it is refused all the same: the gap is marked, as always.
    """
    write(_refusals.note(actor(), verb, noun, act))


def refused_input(what: str, where: str, address: str = "") -> None:
    """Note an attempt to pass the checks of what is sent: `what` (a word) at `where`.

    Of whom nobody knows yet, the address is what is left to tell attempts apart by.
    """
    now = actor()
    who = now if now.subject is not SYSTEM else Actor(ANONYMOUS, address)
    write(_refusals.note(who, what, where, INPUT))


def write(rows: list[Refused]) -> None:
    """Write what is due."""
    for one in rows:
        try:
            with as_actor(one.who):
                detail: Detail = {"verb": one.verb, "times": one.times}
                record(one.act, (one.noun, ""), detail=detail, outcome="refused")
        except AuditUnavailable:
            return

"""Raising the alerts of what is projected, apart from projecting it.

Alerts need more than rows of decisions do: the audit log, who listens to new alerts, keys. When
one of them fails, the projection goes on, and what waits is raised from the mark on, as soon as it
can be. The mark moves in the transaction that raises, so that each decision raises once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.utils.translation import gettext_noop
from msgspec import Struct

from guanlan.core.audit import AuditUnavailable
from guanlan.core.faults import without_values
from guanlan.engine.log import EVENT, PROGRAM, LogTail
from guanlan.engine.program import read_activation
from guanlan.engine.scenario import from_canonical
from guanlan.fraud.alerting import Finder
from guanlan.fraud.frames import record as read_record
from guanlan.fraud.models import AlertMark, Cursor, Program
from guanlan.response.alerts import Finding, bury, raise_alerts

logger = logging.getLogger(__name__)

BATCH: Final = 2000
TRIES: Final = 6
LONGEST_PAUSE: Final = 60.0  # seconds between two tries
# What says nothing about the finding: it is waited for, however long it lasts.
PASSING: Final = (AuditUnavailable, OperationalError, InterfaceError)
_WHY: Final = gettext_noop("Raising it failed %(tries)s times with %(error)s.")


class Found(Struct):
    """What the decisions between two positions of the log raise, with the position of each."""

    begins: int
    ends: int
    findings: list[tuple[int, Finding]] = []


def raising_mark(position: int) -> AlertMark:
    """Up to where decisions have raised alerts; at first up to `position`, locked."""
    AlertMark.objects.bulk_create([AlertMark(id=1, position=position)], ignore_conflicts=True)
    return AlertMark.objects.select_for_update().get(id=1)


class Raiser:
    """Raises what is projected and has not raised its alerts. Not thread-safe; several may work
    on one database.

    What fails is tried again, one finding after the other, with pauses that grow. A finding that
    fails `TRIES` times by itself is kept as a dead letter, and the next one has its turn.
    """

    def __init__(self, tail: LogTail, clock: Callable[[], float] = time.monotonic) -> None:
        self._tail = tail
        self._clock = clock
        self._tries = 0  # that were of the first finding behind the mark, and its own fault
        self._failures = 0  # one after the other, of whatever kind
        self._not_before = 0.0
        self.failure = ""  # what the last try failed with

    def bring_up(self, found: Found | None = None) -> int:
        """Raise what waits; how many findings. `found` is what a batch that was just projected
        raises, and saves reading it again. No failure of raising leaves this method."""
        raised = 0
        try:
            while self._clock() >= self._not_before:
                count, more = self._step(found)
                raised += count
                if not more:
                    break
        except Exception as error:  # noqa: BLE001 - told on the health page, and tried again
            self._failed(error)
            self._pause()
        return raised

    def _step(self, found: Found | None) -> tuple[int, bool]:
        """Raise one batch: how many findings, and whether there may be more."""
        mark = AlertMark.objects.filter(id=1).values_list("position", flat=True).first()
        end = Cursor.objects.filter(id=1).values_list("position", flat=True).first()
        if mark is None or end is None or mark >= end:
            self._well()
            return 0, False
        if found is None or not found.begins <= mark < found.ends:
            found = self._read(mark, end)
        return self._raise(found), True

    def _read(self, mark: int, end: int) -> Found:
        """What the frames behind the mark raise, up to where they are projected."""
        program = Program.objects.filter(position__lt=mark).order_by("-position").first()
        finder = Finder(from_canonical(program.canonical) if program else None)
        frames, following = self._tail.poll(mark, BATCH)
        found = Found(mark, min(following, end))
        for frame in frames:
            if frame.position >= end:
                break
            if frame.kind == PROGRAM:
                _head, scenario, _state = read_activation(frame.sections)
                finder = Finder(scenario)
            elif frame.kind == EVENT:
                found.findings += finder.findings([read_record(frame)])
        return found

    def _raise(self, found: Found) -> int:
        if not self._tries or not found.findings:
            try:
                return _raise_all(found)
            except PASSING:
                raise
            except Exception as error:
                if not found.findings:
                    raise
                self._failed(error)
        raised = 0
        for index, (position, finding) in enumerate(found.findings):
            following = [at for at, _one in found.findings[index + 1 : index + 2]] or [found.ends]
            one = Found(position, following[0], [(position, finding)])
            try:
                raised += _raise_all(one)
            except Exception as error:
                if isinstance(error, PASSING):
                    raise
                self._failed(error)
                if not self._give_up(one, error):
                    self._pause()
                    return raised
            self._well()
        return raised

    def _give_up(self, one: Found, error: Exception) -> bool:
        """Whether the finding was kept as a dead letter, because it fails again and again."""
        self._tries += 1
        if self._tries < TRIES:
            return False
        with transaction.atomic():
            if raising_mark(one.begins).position < one.ends:
                said = {"tries": str(self._tries), "error": type(error).__name__}
                bury([one.findings[0][1]], _WHY, said)
                AlertMark.objects.filter(id=1).update(position=one.ends)
        return True

    def _failed(self, error: Exception) -> None:
        if not self.failure:
            logger.error("alerts could not be raised; trying again: %s", without_values(error))
        self.failure = type(error).__name__
        self._failures += 1
        if isinstance(error, PASSING):
            close_old_connections()

    def _pause(self) -> None:
        self._not_before = self._clock() + min(LONGEST_PAUSE, 2.0**self._failures)

    def _well(self) -> None:
        self._tries, self._failures, self.failure = 0, 0, ""


def _raise_all(found: Found) -> int:
    """Raise all of them that lie behind the mark, and move it, or do nothing."""
    with transaction.atomic():
        mark = raising_mark(found.begins).position
        if mark >= found.ends:
            return 0
        fresh = [finding for position, finding in found.findings if position >= mark]
        raise_alerts(fresh)
        AlertMark.objects.filter(id=1).update(position=found.ends)
    return len(fresh)

"""How a job tells how far it is, and hears that it should end."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext
from msgspec import Struct, field

from guanlan.core.models import JobRun

WRITE_SECONDS: Final = 1.0


class Ended(Exception):
    """Raised inside a job by its progress; let it pass."""


class Cancelled(Ended):
    """Somebody cancelled the run."""


class Overran(Ended):
    """The run has taken longer than it may."""


class Stopping(Ended):
    """The worker ends; the run goes on in the next one, from its beginning."""


class Told(Struct, frozen=True):
    """What became of a run, as one sentence: a marked English text (`gettext_noop`) with
    `%(name)s`, and its values: numbers and names, nothing personal."""

    text: str
    values: Mapping[str, str | int] = field(default_factory=dict)


def said(run: JobRun) -> str:
    """A run's sentence in the reader's language."""
    return gettext(run.result) % run.values if run.result else ""


class Progress:
    """Given to each job. Call `advance` often: it is also how a job is cancelled."""

    def __init__(self, run: JobRun, timeout: float, stopping: threading.Event) -> None:
        self._run = run
        self._until = time.monotonic() + timeout
        self._stopping = stopping
        self._done = 0
        self._total = 0
        self._write_at = 0.0

    def of(self, total: int) -> None:
        """How much there is to do, all told."""
        self._total = total
        self._write_at = 0.0
        self.check()

    def advance(self, count: int = 1) -> None:
        """So much more is done. Raises Cancelled, Overran or Stopping."""
        self._done += count
        self.check()

    def check(self) -> None:
        """Raises Cancelled, Overran or Stopping where the run should end."""
        if self._stopping.is_set():
            raise Stopping
        now = time.monotonic()
        if now > self._until:
            raise Overran
        if now < self._write_at:
            return
        self._write_at = now + WRITE_SECONDS
        mine = JobRun.objects.filter(
            pk=self._run.pk, state=JobRun.State.RUNNING, attempt=self._run.attempt
        )
        if not mine.filter(cancelling=False).update(done=self._done, total=self._total):
            raise Cancelled

    def write(self) -> None:
        """Write the last figures down."""
        JobRun.objects.filter(pk=self._run.pk, attempt=self._run.attempt).update(
            done=self._done, total=self._total
        )

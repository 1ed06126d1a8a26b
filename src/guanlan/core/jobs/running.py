"""Running one run, from its claim to its end."""

from __future__ import annotations

import logging
import random
import threading
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import IntegrityError, close_old_connections, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop

from guanlan.core.faults import without_values
from guanlan.core.jobs.progress import Cancelled, Overran, Progress, Stopping, Told
from guanlan.core.jobs.queue import queue
from guanlan.core.jobs.registry import Spec, find_job, next_due
from guanlan.core.models import JobRun
from guanlan.core.people.organisation import organisation

logger = logging.getLogger("guanlan.jobs")

State = JobRun.State
FIRST_PAUSE: Final = 10.0  # seconds before the second attempt; then 4 times as long each
LONGEST_PAUSE: Final = 3600.0
LOST_TWICE: Final = 2

# Why an attempt failed, beside the kind and place of an exception.
OVERRAN: Final = gettext_noop("took longer than it may")
STUCK: Final = gettext_noop("took too long and did not stop")
LOST: Final = gettext_noop("its worker ended twice while it ran")
GONE: Final = gettext_noop("there is no such job any more")

STOPPING: Final = threading.Event()
_worker: int | None = None
_failed: list[Callable[[JobRun], None]] = []


def on_failed(hook: Callable[[JobRun], None]) -> None:
    """Call `hook` with each run that has failed for good."""
    _failed.append(hook)


def work_as(worker: int | None) -> None:
    """Name the worker whose process this is."""
    global _worker
    _worker = worker


def look_at(run: int) -> None:
    """Put a nudge into the queue."""
    _task()(run)


def _task() -> Any:
    found = queue()
    if not hasattr(found, "guanlan_task"):
        found.guanlan_task = found.task(name="look_at_run")(_looked_at)
    return found.guanlan_task


def listen() -> Any:
    """The queue, ready to be consumed."""
    _task()
    return queue()


def _looked_at(run: int) -> None:
    """What a thread of the worker does with a nudge."""
    close_old_connections()
    try:
        execute(run)
    finally:
        connection.close()


def execute(identity: int, now: datetime | None = None) -> None:
    """Do a run that waits; nothing where it does not, or another one of its job is running."""
    at = now or timezone.now()
    waiting = JobRun.objects.filter(pk=identity, state=State.QUEUED, due__lte=at)
    run = waiting.first()
    if run is None or STOPPING.is_set():
        return
    spec = find_job(run.job)
    if spec is None:
        waiting.update(state=State.FAILED, finished=at, error=GONE)
        return
    try:
        with transaction.atomic():
            claimed = waiting.filter(attempt=run.attempt).update(
                state=State.RUNNING,
                attempt=F("attempt") + 1,
                started=at,
                worker=_worker,
                done=0,
                total=0,
            )
    except IntegrityError:  # the database lets one run of a job be running
        waiting.update(due=at + timedelta(seconds=1), nudged=None)
        return
    if claimed:
        run.refresh_from_db()
        _perform(spec, run)


def _perform(spec: Spec, run: JobRun) -> None:
    progress = Progress(run, spec.timeout, STOPPING)
    try:
        with timezone.override(organisation().zone):  # as pages do: messages tell times
            told = spec.work(progress) or Told("")
        progress.write()
    except Cancelled:
        _close(run, State.CANCELLED)
    except Stopping:
        _mine(run).update(state=State.QUEUED, nudged=None, worker=None)
    except Overran:
        fail(spec, run, OVERRAN)
    except Exception as error:  # noqa: BLE001 - a job may fail in any way; its row says so
        logger.error("job %s: %s", spec.name, without_values(error))
        fail(spec, run, _kind(error))
    else:
        _close(run, State.DONE, result=told.text[:200], values=dict(told.values), error="")


def fail(spec: Spec | None, run: JobRun, error: str) -> None:
    """End an attempt that failed: again later, or for good."""
    now = timezone.now()
    retries = spec.retries if spec is not None else 0
    tries = [*run.tries, {"attempt": run.attempt, "at": now.isoformat(), "error": error[:200]}]
    if run.failures < retries:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 4**run.failures) * random.uniform(0.8, 1.2)
        _mine(run).update(
            state=State.QUEUED,
            failures=F("failures") + 1,
            due=now + timedelta(seconds=pause),
            nudged=None,
            worker=None,
            error=error[:200],
            tries=tries,
        )
        return
    ended = {"error": error[:200], "failures": run.failures + 1, "tries": tries}
    if _close(run, State.FAILED, **ended):
        for hook in _failed:
            hook(run)


def _mine(run: JobRun) -> Any:
    return JobRun.objects.filter(pk=run.pk, state=State.RUNNING, attempt=run.attempt)


def _close(run: JobRun, state: str, **more: Any) -> bool:
    """End this attempt; False where it was taken away from us meanwhile."""
    changed: int = _mine(run).update(state=state, finished=timezone.now(), **more)
    return changed == 1


def _kind(error: BaseException) -> str:
    """Kind and place, not the text: that often quotes a value."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" in {Path(last[0].filename).name}:{last[0].lineno}" if last else ""
    return f"{type(error).__name__}{place}"


def following(spec: Spec, due: datetime, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The turn after `due`, and after now: turns that were missed are not made up one by one."""
    if isinstance(spec.every, int) and now > due:
        missed = int((now - due).total_seconds()) // spec.every
        return due + timedelta(seconds=(missed + 1) * spec.every)
    return next_due(spec.every, max(due, now), zone)

"""Finding what was lost: nudges, workers, turns."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from guanlan.core import outbox
from guanlan.core.jobs.registry import find_job, next_due, registered
from guanlan.core.jobs.running import LOST, LOST_TWICE, STUCK, fail
from guanlan.core.jobs.wanting import ALIVE, enqueue, is_late
from guanlan.core.models import Job, JobRun, Worker
from guanlan.core.people.organisation import organisation

State = JobRun.State
NUDGE_AGAIN: Final = timedelta(seconds=60)
OVERDUE: Final = timedelta(seconds=60)  # past its timeout a run that does not stop is given up


def zone() -> ZoneInfo:
    """The zone in which schedules are read: the organisation's."""
    return organisation().zone


def take_stock(now: datetime | None = None) -> None:
    """Make the rows agree with the registry: new jobs get a turn, gone ones lose theirs."""
    at = now or timezone.now()
    known = {row.name: row for row in Job.objects.all()}
    for spec in registered():
        row = known.pop(spec.name, None)
        if row is None:
            due = next_due(spec.every, at, zone())
            Job.objects.get_or_create(
                name=spec.name, defaults={"schedule": spec.schedule, "next_due": due}
            )
        elif row.schedule != spec.schedule:
            due = next_due(spec.every, at, zone())
            Job.objects.filter(pk=row.pk).update(schedule=spec.schedule, next_due=due)
    Job.objects.filter(pk__in=[*known]).delete()


def nudge_waiting(now: datetime) -> None:
    """Nudge for each run that is due and was not nudged for, or not heard."""
    unheard = Q(nudged=None) | Q(nudged__lt=now - NUDGE_AGAIN)
    waiting = JobRun.objects.filter(unheard, state=State.QUEUED, due__lte=now)
    for run in waiting.order_by("due").values_list("pk", flat=True)[:200]:
        enqueue(run)


def sweep(now: datetime | None = None) -> None:
    """Look after workers that died, runs that do not end, jobs that are late."""
    at = now or timezone.now()
    _bury(at)
    lost = JobRun.objects.filter(state=State.RUNNING).exclude(
        worker__ended=None, worker__beat__gt=at - ALIVE
    )
    for run in lost:
        give_back(run)
    for run in JobRun.objects.filter(state=State.RUNNING).exclude(started=None):
        spec = find_job(run.job)
        limit = timedelta(seconds=spec.timeout if spec else 0) + OVERDUE
        if run.started is not None and run.started + limit < at:
            fail(spec, run, STUCK)
    nudge_waiting(at)
    mark_late(at)


def give_back(run: JobRun) -> None:
    """A run whose worker is gone waits again; one that has lost two workers has failed."""
    if run.losses + 1 >= LOST_TWICE:
        spec = find_job(run.job)
        run.failures = spec.retries if spec else 0
        fail(spec, run, LOST)
        return
    JobRun.objects.filter(pk=run.pk, state=State.RUNNING, attempt=run.attempt).update(
        state=State.QUEUED, losses=F("losses") + 1, nudged=None, worker=None
    )


def _bury(now: datetime) -> None:
    """Note the end of workers that could not do so themselves."""
    open_ones = Worker.objects.filter(ended=None)
    open_ones.filter(beat__lt=now - ALIVE).update(ended=now)
    for worker in open_ones.filter(host=os.uname().nodename).exclude(pid=os.getpid()):
        if not _exists(worker.pid):
            open_ones.filter(pk=worker.pk).update(ended=now)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def mark_late(now: datetime) -> None:
    """Remember since when a job is late, and tell those who look after jobs, once."""
    rows = {row.name: row for row in Job.objects.all()}
    for spec in registered():
        row = rows.get(spec.name)
        if row is None:
            continue
        late = is_late(spec, row, now)
        if late and row.late_since is None:
            # Both or neither: a job that is marked and of which nobody is told is told of never.
            with transaction.atomic():
                if Job.objects.filter(pk=row.pk, late_since=None).update(late_since=now):
                    outbox.send(
                        "job.late",
                        to=outbox.people_who_may("manage", "core.job"),
                        context={"job": spec.name},
                        urgency="urgent",
                        about=("core.job", spec.name),
                        now=now,
                    )
        elif not late and row.late_since is not None:
            Job.objects.filter(pk=row.pk).update(late_since=None)

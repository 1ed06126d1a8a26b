"""Wanting a run, and asking how jobs are."""

from __future__ import annotations

import logging
import sqlite3
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.core.jobs import running
from guanlan.core.jobs.registry import Spec, find_job, registered
from guanlan.core.models import Job, JobRun, Worker

logger = logging.getLogger("guanlan.jobs")

ALIVE: Final = timedelta(seconds=30)  # a worker without a beat for so long is dead
OPEN: Final = (JobRun.State.QUEUED, JobRun.State.RUNNING)


def nudge(name: str) -> None:
    """Have a job run soon, where it does not wait already. Raises ValueError for no such job."""
    if find_job(name) is None:
        raise ValueError(f"there is no job {name}")
    now = timezone.now()
    waiting = JobRun.objects.filter(job=name, state=JobRun.State.QUEUED, due__lte=now)
    if not waiting.exists():
        enqueue(want(name, now))


def want(name: str, due: datetime, *, slot: str | None = None, asked_by: int | None = None) -> int:
    """Write down that a run is wanted; its id. A slot that exists already raises
    IntegrityError."""
    return JobRun.objects.create(job=name, due=due, slot=slot, asked_by_id=asked_by).pk


def enqueue(run: int) -> None:
    """Nudge a worker. Where the queue cannot be written the sweep does it later."""
    JobRun.objects.filter(pk=run).update(nudged=timezone.now())
    try:
        running.look_at(run)
    except (OSError, sqlite3.Error) as error:
        logger.warning("the queue of jobs: %s", type(error).__name__)


def want_due(now: datetime, zone: ZoneInfo) -> None:
    """Make a run for each schedule's turn that has come, exactly one, whoever else looks."""
    for row in Job.objects.filter(enabled=True, next_due__lte=now):
        spec = find_job(row.name)
        if spec is None or row.next_due is None:
            continue
        try:
            with transaction.atomic():
                turn = Job.objects.filter(name=row.name, next_due=row.next_due)
                if not turn.update(next_due=running.following(spec, row.next_due, now, zone)):
                    continue
                if JobRun.objects.filter(job=row.name, state__in=OPEN).exists():
                    continue  # the turn before is not done yet; two at once help nobody
                run = want(row.name, row.next_due, slot=f"{row.name}@{row.next_due.isoformat()}")
        except IntegrityError:
            continue
        enqueue(run)


def run_now(subject: Subject, name: str) -> JobRun:
    """Have a job run now, on a person's wish. Raises Denied, ValueError."""
    require(subject, "change", "core.job")
    if find_job(name) is None:
        raise ValueError(f"there is no job {name}")
    with act("job.run", ("core.job", name)):
        run = want(name, timezone.now(), asked_by=subject.id)
        transaction.on_commit(lambda: enqueue(run))
    return JobRun.objects.get(pk=run)


def cancel(subject: Subject, run: JobRun) -> bool:
    """Cancel a run: at once where it waits, at its next step where it runs. Raises Denied."""
    require(subject, "change", "core.job")
    with transaction.atomic():
        found = JobRun.objects.select_for_update().filter(pk=run.pk, state__in=OPEN).first()
        if found is None:
            return False
        with act("job.cancel", ("core.jobrun", str(run.pk)), detail={"job": run.job}):
            mine = JobRun.objects.filter(pk=run.pk)
            if found.state == JobRun.State.QUEUED:
                mine.update(state=JobRun.State.CANCELLED, finished=timezone.now())
            else:
                mine.update(cancelling=True)
    return True


def retry(subject: Subject, run: JobRun) -> bool:
    """Have the job of a run that did not do well run again: a run of its own, so that this one
    stays as it was. False where one waits already. Raises Denied, ValueError."""
    require(subject, "change", "core.job")
    if find_job(run.job) is None:
        raise ValueError(f"there is no job {run.job}")
    if JobRun.objects.filter(job=run.job, state=JobRun.State.QUEUED).exists():
        return False
    with act("job.retry", run, detail={"job": run.job}):
        again = want(run.job, timezone.now(), asked_by=subject.id)
        transaction.on_commit(lambda: enqueue(again))
    return True


def worker_alive(now: datetime | None = None) -> bool:
    """Whether any process runs jobs."""
    at = now or timezone.now()
    return Worker.objects.filter(ended=None, beat__gt=at - ALIVE).exists()


def is_late(spec: Spec, row: Job, now: datetime) -> bool:
    """Whether a turn of the schedule has come, its grace has passed, and it was not run."""
    before = now - timedelta(seconds=spec.grace)
    if row.enabled and row.next_due is not None and row.next_due < before:
        return True
    return JobRun.objects.filter(_waited(before), job=spec.name).exists()


def _waited(before: datetime) -> Q:
    return Q(state=JobRun.State.QUEUED, failures=0, due__lt=before)


def late_runs(now: datetime) -> Q:
    """The condition that a run waits to be begun for longer than the grace of its job."""
    late = Q(pk__in=())
    for spec in registered():
        late |= _waited(now - timedelta(seconds=spec.grace)) & Q(job=spec.name)
    return late

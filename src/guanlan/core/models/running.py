"""Jobs, their runs and the processes that run them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from guanlan.core.access import ScopedQuerySet
from guanlan.core.models.people import User

Scoped = models.Manager.from_queryset(ScopedQuerySet)


class Job(models.Model):
    """A registered job: when it is due next. What it does stands in the code."""

    name = models.CharField(max_length=80, primary_key=True)
    enabled = models.BooleanField(default=True)
    schedule = models.CharField(max_length=80, default="", blank=True)
    next_due = models.DateTimeField(null=True)
    late_since = models.DateTimeField(null=True)

    data_levels: ClassVar[dict[int, str]] = {2: "name enabled schedule next_due late_since"}
    objects = Scoped()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Worker(models.Model):
    """A process that runs jobs; its beat says that it lives."""

    host = models.CharField(max_length=120)
    pid = models.PositiveIntegerField()
    started = models.DateTimeField(default=timezone.now)
    beat = models.DateTimeField(default=timezone.now)
    ended = models.DateTimeField(null=True)

    data_levels: ClassVar[dict[int, str]] = {2: "id host pid started beat ended"}

    objects = Scoped()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class JobRun(models.Model):
    """One run of a job, from being wanted to its end. The row is the truth, the queue a nudge.

    `slot` names the turn of a schedule (each turn makes one run); `attempt` fences: a worker
    may finish only the attempt that it began.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    job = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    slot = models.CharField(max_length=120, null=True, unique=True)  # noqa: DJ001 - unique or none
    due = models.DateTimeField(default=timezone.now)
    nudged = models.DateTimeField(null=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    result = models.CharField(max_length=200, default="", blank=True)
    values = models.JSONField(default=dict)
    error = models.CharField(max_length=200, default="", blank=True)
    tries = models.JSONField(default=list)  # attempts that failed: number, when, error
    cancelling = models.BooleanField(default=False)
    worker = models.ForeignKey(Worker, null=True, on_delete=models.SET_NULL)
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)

    data_levels: ClassVar[dict[int, str]] = {
        2: "id job state slot due nudged started finished attempt failures losses done total"
        " result values error tries cancelling worker asked_by",
    }
    objects = Scoped()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["job"],
                condition=models.Q(state="running"),
                name="core_jobrun_one_runner",
            )
        ]
        indexes = [
            models.Index(fields=["job", "-id"]),
            models.Index(
                fields=["due"],
                condition=models.Q(state__in=("queued", "running")),
                name="core_jobrun_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.pk} {self.state}"


class Remembered(models.Model):
    """What processes must agree on for a while; `guanlan.core.remembering` reads and writes it."""

    key = models.CharField(max_length=250, primary_key=True)
    value = models.TextField()  # JSON
    expires = models.DateTimeField(db_index=True)

    data_levels: ClassVar[dict[int, str]] = {2: "key value expires"}
    objects = Scoped()

    def __str__(self) -> str:
        return self.key

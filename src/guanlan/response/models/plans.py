"""Plans for emergencies, their versions, and their runs step by step."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from guanlan.core.access import ScopedQuerySet
from guanlan.core.sealing import SealedField, SealedJSONField, SealId


class Plan(models.Model):
    """A plan; what it says stands in its versions. `titles` has its name by language, `shipped`
    the name of a plan that comes with the platform."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id name titles category shipped current created created_by retired"
    }

    name = models.CharField(max_length=120)
    titles = models.JSONField(default=dict)
    category = models.CharField(max_length=16)
    shipped = models.CharField(max_length=40, default="", blank=True)
    current = models.ForeignKey(  # the approved version that is run
        "PlanVersion", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    retired = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["created", "id"]),
            models.Index(fields=["name", "id"]),
            models.Index(fields=["category", "id"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["shipped"], condition=~models.Q(shipped=""), name="response_plan_shipped"
            )
        ]

    def __str__(self) -> str:
        return self.name


class PlanVersion(models.Model):
    """What a plan says, as CACAO JSON. Only a draft changes; who wrote it does not approve it."""

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("state of a plan", "draft")
        IN_REVIEW = "in_review", pgettext_lazy("state of a plan", "in review")
        APPROVED = "approved", pgettext_lazy("state of a plan", "approved")
        RETIRED = "retired", pgettext_lazy("state of a plan", "retired")

    data_levels: ClassVar[dict[int, str]] = {
        2: "id plan number state body digest author created changed submitted decided decided_by"
        " reason"
    }

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    body = models.TextField()
    digest = models.CharField(max_length=64)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.DateTimeField(default=timezone.now)
    changed = models.DateTimeField(default=timezone.now)
    submitted = models.DateTimeField(null=True)
    decided = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.CharField(max_length=300, default="", blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["created", "id"]),
            models.Index(fields=["state", "id"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="response_planversion_number"),
            models.UniqueConstraint(
                fields=["plan"],
                condition=models.Q(state__in=("draft", "in_review")),
                name="response_planversion_one_draft",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of plan {self.plan_id}"


class PlanRun(models.Model):
    """A plan that is carried out, or drilled. `origin` is what it was started for: the label of
    a model and a key, such as response.incident 7."""

    class Mode(models.TextChoices):
        LIVE = "live", pgettext_lazy("mode of a run", "live")
        DRILL = "drill", pgettext_lazy("mode of a run", "drill")

    class State(models.TextChoices):
        RUNNING = "running", pgettext_lazy("state of a run", "running")
        WAITING = "waiting", pgettext_lazy("state of a run", "waiting for people")
        DONE = "done", pgettext_lazy("state of a run", "done")
        ABORTED = "aborted", pgettext_lazy("state of a run", "aborted")
        FAILED = "failed", pgettext_lazy("state of a run", "failed")

    OPEN: ClassVar[tuple[str, ...]] = ("running", "waiting", "failed")

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id version mode state origin_noun origin_id started started_by ended reason"
        " looked",
        3: "variables",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="runs")
    mode = models.CharField(max_length=8, choices=Mode.choices, default=Mode.LIVE)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    origin_noun = models.CharField(max_length=80, default="", blank=True)
    origin_id = models.CharField(max_length=80, default="", blank=True)
    variables = SealedJSONField(default=dict)
    started = models.DateTimeField(default=timezone.now)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    ended = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, default="", blank=True)  # why it was aborted
    looked = models.DateTimeField(null=True)  # when the runner last went over it

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["started", "id"]),
            models.Index(fields=["state", "id"]),
            models.Index(fields=["origin_noun", "origin_id"]),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"


class StepRun(models.Model):
    """A step of a run. `key` is handed to what the step calls, the same at each attempt, so that
    a repeat is recognised; `outcome` of a condition is true or false."""

    class State(models.TextChoices):
        PENDING = "pending", pgettext_lazy("state of a step", "to be tried again")
        WAITING = "waiting", pgettext_lazy("state of a step", "waiting for a person")
        OVERDUE = "overdue", pgettext_lazy("state of a step", "overdue")
        RUNNING = "running", pgettext_lazy("state of a step", "running")
        UNSURE = "unsure", pgettext_lazy("state of a step", "unsure: a person decides")
        DONE = "done", pgettext_lazy("state of a step", "done")
        SKIPPED = "skipped", pgettext_lazy("state of a step", "skipped")
        FAILED = "failed", pgettext_lazy("state of a step", "failed")
        CANCELLED = "cancelled", pgettext_lazy("state of a step", "cancelled")

    OPEN: ClassVar[tuple[str, ...]] = ("pending", "waiting", "overdue", "running", "unsure")
    HUMAN: ClassVar[tuple[str, ...]] = ("waiting", "overdue", "unsure")

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id run step kind title titles state role assigned due overdue since started"
        " ended by outcome key attempt",
        3: "note result",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    run = models.ForeignKey(PlanRun, on_delete=models.CASCADE, related_name="steps")
    step = models.CharField(max_length=80)
    kind = models.CharField(max_length=12)
    title = models.CharField(max_length=120, default="", blank=True)
    titles = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices)
    role = models.CharField(max_length=40, default="", blank=True)
    assigned = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="plan_steps"
    )
    due = models.DateTimeField(null=True)
    overdue = models.DateTimeField(null=True)  # when its time was found to have passed
    since = models.DateTimeField(default=timezone.now)  # when it could have been begun
    started = models.DateTimeField(null=True)  # when a person took it, or it was called
    ended = models.DateTimeField(null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = SealedField(default="", blank=True)
    result = SealedJSONField(default=dict)
    outcome = models.CharField(max_length=10, default="", blank=True)
    key = models.CharField(max_length=64, unique=True)
    attempt = models.PositiveSmallIntegerField(default=1)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["since", "id"]),
            models.Index(fields=["state", "due"]),
            models.Index(fields=["state", "id"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["run", "step"], name="response_steprun_once")
        ]

    def __str__(self) -> str:
        return f"{self.title or self.kind} of run {self.run_id}"

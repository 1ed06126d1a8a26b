"""Drills of plans: who takes part, what is thrown in, what was seen."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from guanlan.core.access import ScopedQuerySet
from guanlan.core.sealing import SealedField, SealId
from guanlan.response.models.plans import PlanRun, PlanVersion


class Drill(models.Model):
    """A drill of one version of a plan. `score` is worked out when it ends, by the formula of
    version `formula`, from the rows whose digest is `inputs`."""

    class Kind(models.TextChoices):
        TABLETOP = "tabletop", pgettext_lazy("kind of drill", "tabletop")
        LIVE = "live", pgettext_lazy("kind of drill", "live")

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("state of a drill", "planned")
        RUNNING = "running", pgettext_lazy("state of a drill", "running")
        DONE = "done", pgettext_lazy("state of a drill", "done")
        CANCELLED = "cancelled", pgettext_lazy("state of a drill", "cancelled")

    data_levels: ClassVar[dict[int, str]] = {
        2: "id version kind state scheduled objectives leader created created_by started ended run"
        " score formula inputs reminded"
    }

    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="drills")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.TABLETOP)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    scheduled = models.DateTimeField()
    objectives = models.CharField(max_length=1000, default="", blank=True)
    leader = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    started = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    reminded = models.DateTimeField(null=True)
    run = models.OneToOneField(PlanRun, null=True, on_delete=models.PROTECT, related_name="drill")
    score = models.FloatField(null=True)  # 0 to 100
    formula = models.PositiveSmallIntegerField(default=0)
    inputs = models.CharField(max_length=64, default="", blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["scheduled", "id"]),
            models.Index(fields=["state", "id"]),
        ]

    def __str__(self) -> str:
        return f"drill {self.pk}"


class DrillParticipant(models.Model):
    """A person in a drill, and the role they play there."""

    data_levels: ClassVar[dict[int, str]] = {2: "id drill person role"}

    drill = models.ForeignKey(Drill, on_delete=models.CASCADE, related_name="participants")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drills"
    )
    role = models.CharField(max_length=40)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["drill", "person", "role"], name="response_drillparticipant_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} in drill {self.drill_id}"


class Inject(models.Model):
    """What is thrown into a drill so many minutes after its start: a text to those of a role,
    a variable that is set, or both."""

    data_levels: ClassVar[dict[int, str]] = {2: "id drill after role text variable value sent"}

    drill = models.ForeignKey(Drill, on_delete=models.CASCADE, related_name="injects")
    after = models.PositiveIntegerField()  # minutes
    role = models.CharField(max_length=40, default="", blank=True)
    text = models.CharField(max_length=500, default="", blank=True)
    variable = models.CharField(max_length=40, default="", blank=True)
    value = models.CharField(max_length=80, default="", blank=True)
    sent = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["after", "id"]

    def __str__(self) -> str:
        return f"inject {self.pk} of drill {self.drill_id}"


class Observation(models.Model):
    """What somebody saw in a drill."""

    data_levels: ClassVar[dict[int, str]] = {2: "id drill by at seal_id", 3: "text"}
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    drill = models.ForeignKey(Drill, on_delete=models.CASCADE, related_name="observations")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    text = SealedField(max_length=2000)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"observation {self.pk} of drill {self.drill_id}"

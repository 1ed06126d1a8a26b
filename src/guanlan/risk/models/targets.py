"""Targets in numbers, and what each quarter came to."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from guanlan.core.access import ScopedQuerySet
from guanlan.core.appending import OnlyAdded

TARGET = "risk.target"


class Target(models.Model):
    """What is to be reached each quarter. `source` names what is counted, `exposure` by what it is
    divided (empty: by nothing), of risk.counting. `goal`: of a fall the ratio to the quarter before
    (0.8 is a fifth less), of a zero 0, of a share the share. `baseline` is the first day of the
    quarter that the first verdict compares with; `part` are the values that a share counts."""

    class Kind(models.TextChoices):
        FALL = "fall", pgettext_lazy("kind of target", "falls from quarter to quarter")
        ZERO = "zero", pgettext_lazy("kind of target", "none at all")
        SHARE = "share", pgettext_lazy("kind of target", "share of all")

    policy_noun: ClassVar[str] = TARGET
    data_levels: ClassVar[dict[int, str]] = {
        2: "id code title kind source exposure part goal baseline owner reason active created"
        " created_by"
    }

    code = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=160)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    source = models.CharField(max_length=80)
    exposure = models.CharField(max_length=80, default="", blank=True)
    part = models.JSONField(default=dict)
    goal = models.FloatField()
    baseline = models.DateField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.CharField(max_length=500)
    active = models.BooleanField(default=True)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.code


class TargetVerdict(models.Model):
    """What a quarter that is over came to; never changed. `digest` is that of the inputs and the
    formula, from which every number of it can be computed again."""

    policy_noun: ClassVar[str] = TARGET
    data_levels: ClassVar[dict[int, str]] = {
        2: "id target quarter verdict count before whole exposure exposure_before goal point low"
        " high chance power needed formula digest at"
    }

    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="verdicts")
    quarter = models.DateField()  # its first day
    verdict = models.CharField(max_length=20)
    count = models.BigIntegerField(null=True)
    before = models.BigIntegerField(null=True)
    whole = models.BigIntegerField(null=True)
    exposure = models.FloatField(null=True)
    exposure_before = models.FloatField(null=True)
    goal = models.FloatField()
    point = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)  # None where nothing bounds it
    chance = models.FloatField(null=True)
    power = models.FloatField(null=True)
    needed = models.PositiveIntegerField(null=True)
    formula = models.PositiveSmallIntegerField()
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    objects = OnlyAdded.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["target", "quarter"], name="risk_verdict_once")
        ]

    def __str__(self) -> str:
        return f"{self.quarter} of {self.target_id}"

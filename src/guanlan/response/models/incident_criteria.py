"""Criteria by which an incident is declared without anybody's doing."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from guanlan.core.access import ScopedQuerySet


class DeclarationCriterion(models.Model):
    """So many live alerts of a category (and of a rule, where one is named), of a severity at
    least, last seen within so many minutes. `fired` is when it last declared an incident."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id name enabled category rule severity count minutes title impact urgency confidential"
        " fired created created_by changed"
    }

    name = models.CharField(max_length=120, unique=True)
    enabled = models.BooleanField(default=True)
    category = models.CharField(max_length=16)  # of the alerts, and of the incident
    rule = models.CharField(max_length=128, default="", blank=True)  # empty: any
    severity = models.SmallIntegerField()  # terms.Severity, at least
    count = models.PositiveIntegerField()
    minutes = models.PositiveIntegerField()
    title = models.CharField(max_length=120)  # of the incident
    impact = models.CharField(max_length=10)
    urgency = models.CharField(max_length=10)
    confidential = models.BooleanField(default=False)
    fired = models.DateTimeField(null=True)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["created", "id"]),
            models.Index(fields=["name", "id"]),
        ]

    def __str__(self) -> str:
        return self.name

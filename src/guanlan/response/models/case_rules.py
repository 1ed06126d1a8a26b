"""What holds for cases, as data: how alerts are grouped, who works on what, by when."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from guanlan.core.access import ScopedQuerySet
from guanlan.response.models.clocks import BusinessCalendar


class CaseRule(models.Model):
    """What holds for cases of a category: an alert joins the open case of its entity while the
    case's newest alert is `minutes` old at most and it has less than `most` alerts.

    `kinds` says by which of its entities an alert is grouped, the most telling first. `checklist`
    is what is to be done in each new case, a line each. Closing one of severity `confirm_from`
    or above needs a second person; None: it never does.
    """

    data_levels: ClassVar[dict[int, str]] = {
        2: "category minutes most kinds checklist confirm_from changed"
    }

    category = models.CharField(max_length=16, primary_key=True)  # terms.CATEGORIES
    minutes = models.PositiveIntegerField()
    most = models.PositiveIntegerField()
    kinds = models.JSONField(default=list)
    checklist = models.JSONField(default=list)
    confirm_from = models.SmallIntegerField(null=True)  # terms.Severity
    changed = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.category


class CaseDeadline(models.Model):
    """By when a case of a severity is first answered and resolved; None: no deadline.

    `unit` is elapsed, or working_time: then only the hours of `calendar` count, and of the
    calendar of China where none is named.
    """

    data_levels: ClassVar[dict[int, str]] = {2: "severity first resolve unit calendar changed"}

    severity = models.SmallIntegerField(primary_key=True)  # terms.Severity
    first = models.PositiveIntegerField(null=True)  # minutes
    resolve = models.PositiveIntegerField(null=True)  # minutes
    unit = models.CharField(max_length=12, default="elapsed")
    calendar = models.ForeignKey(
        BusinessCalendar, null=True, on_delete=models.PROTECT, related_name="+"
    )
    changed = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"severity {self.severity}"


class CaseQueue(models.Model):
    """Who works on cases of which categories; `people` are ids of accounts. With `shares` a new
    case goes at once to whoever has the least to do."""

    data_levels: ClassVar[dict[int, str]] = {2: "id name categories people shares created"}

    name = models.CharField(max_length=80, unique=True)
    categories = models.JSONField(default=list)
    people = models.JSONField(default=list)
    shares = models.BooleanField(default=False)
    created = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["created", "id"])]

    def __str__(self) -> str:
        return self.name

"""The public status page: components, the states that they were in, what was said to the public.

What stands in these rows at level 1 is what the page shows to everybody.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from guanlan.core.access import ScopedQuerySet
from guanlan.response.models.clocks import Statement
from guanlan.response.models.incidents import Incident
from guanlan.response.models.oncall import MaintenanceWindow


class StatusPage(models.Model):
    """Whether there is a public page; one row."""

    policy_noun: ClassVar[str] = "response.statuscomponent"
    data_levels: ClassVar[dict[int, str]] = {1: "id public", 2: "changed changed_by"}

    public = models.BooleanField(default=False)
    changed = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return "public" if self.public else "not public"


class StatusComponent(models.Model):
    """A part of what customers use, by the name that they know it by."""

    data_levels: ClassVar[dict[int, str]] = {
        1: "id name_zh_hans name_zh_hant name_en product place retired",
        2: "created created_by",
    }

    name_zh_hans = models.CharField(max_length=60, blank=True, default="")
    name_zh_hant = models.CharField(max_length=60, blank=True, default="")
    name_en = models.CharField(max_length=60, blank=True, default="")
    product = models.CharField(max_length=60, blank=True, default="")
    place = models.PositiveSmallIntegerField(default=100)
    retired = models.DateTimeField(null=True)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["place", "id"]),
            models.Index(fields=["product", "id"]),
        ]

    def __str__(self) -> str:
        return self.name_en or self.name_zh_hans or self.name_zh_hant


class StatusSpan(models.Model):
    """That a component was in a state because of an incident, from when to when. A span that was
    not ended ends when its incident is closed."""

    class State(models.TextChoices):
        DEGRADED = "degraded", pgettext_lazy("state of a service", "slow or with errors")
        PARTIAL = "partial", pgettext_lazy("state of a service", "partial outage")
        OUTAGE = "outage", pgettext_lazy("state of a service", "outage")

    policy_noun: ClassVar[str] = "response.statuscomponent"
    data_levels: ClassVar[dict[int, str]] = {
        1: "id component state begins ends",
        2: "incident set_by",
    }

    component = models.ForeignKey(StatusComponent, on_delete=models.PROTECT, related_name="spans")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="spans")
    state = models.CharField(max_length=10, choices=State.choices)
    begins = models.DateTimeField()
    ends = models.DateTimeField(null=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["begins", "id"])]
        constraints = [
            models.UniqueConstraint(
                fields=["component", "incident"],
                condition=Q(ends__isnull=True),
                name="response_statusspan_one",
            ),
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=F("begins")),
                name="response_statusspan_forward",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} of component {self.component_id}"


class StatusPost(models.Model):
    """What was said to the public about an incident: the texts of a statement as they were
    approved. `public` is what the page calls it by."""

    class Phase(models.TextChoices):
        LOOKING = "looking", pgettext_lazy("news on the status page", "being looked into")
        FOUND = "found", pgettext_lazy("news on the status page", "cause found")
        WATCHING = "watching", pgettext_lazy("news on the status page", "mended, being watched")
        RESOLVED = "resolved", pgettext_lazy("news on the status page", "resolved")

    policy_noun: ClassVar[str] = "response.statuscomponent"
    data_levels: ClassVar[dict[int, str]] = {
        1: "id public phase texts at withdrawn",
        2: "incident statement posted_by",
    }

    public = models.UUIDField(default=uuid.uuid4, unique=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="posts")
    statement = models.OneToOneField(Statement, on_delete=models.PROTECT, related_name="post")
    phase = models.CharField(max_length=10, choices=Phase.choices)
    texts = models.JSONField()
    at = models.DateTimeField()
    withdrawn = models.DateTimeField(null=True)
    posted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["at", "id"])]

    def __str__(self) -> str:
        return f"{self.phase} at {self.at}"


class PublicMaintenance(models.Model):
    """That a maintenance window is shown to the public, and what it touches."""

    policy_noun: ClassVar[str] = "response.statuscomponent"
    data_levels: ClassVar[dict[int, str]] = {1: "id", 2: "window shown_by shown"}

    window = models.OneToOneField(
        MaintenanceWindow, on_delete=models.CASCADE, related_name="public"
    )
    components = models.ManyToManyField(StatusComponent, related_name="maintenance")
    shown = models.DateTimeField(default=timezone.now)
    shown_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"window {self.window_id}"

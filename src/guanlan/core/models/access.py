"""Roles, clearances, and grants for a time."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from guanlan.core.access.scoping import ScopedQuerySet
from guanlan.core.sealing import SealedField, SealId


class RoleAssignment(models.Model):
    """A role a person has, in one scope, from a time until another; ended ones are kept."""

    data_levels: ClassVar[dict[int, str]] = {2: "id person role scope given_by since until"}

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="role_assignments"
    )
    role = models.CharField(max_length=40)
    scope = models.CharField(max_length=64, default="*")
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["person", "role", "scope", "since"]
        indexes = [models.Index(fields=["since", "id"])]

    def __str__(self) -> str:
        return f"{self.role} in {self.scope}"


class Clearance(models.Model):
    """The highest data level that may be revealed to a person, and for which purposes."""

    data_levels: ClassVar[dict[int, str]] = {2: "person level purposes given_by changed"}

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="clearance",
    )
    level = models.PositiveSmallIntegerField(default=2)
    purposes = models.JSONField(default=list)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"level {self.level}"


class AccessGrant(models.Model):
    """A right for a few hours: asked for, decided by another person, over by itself.

    `starts` and `ends` are set when it is approved. With `broken_glass` nobody was asked first:
    it starts at once, and another person reviews it before `review_due`.
    """

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id person verb noun level purpose scope minutes asked decided_by decided"
        " approved starts ends revoked revoked_by broken_glass review_due reviewed reviewed_by"
        " justified",
        3: "ticket reason answer",
    }
    seal_row: ClassVar[str] = "seal_id"

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_grants"
    )
    verb = models.CharField(max_length=10)
    noun = models.CharField(max_length=80)
    level = models.PositiveSmallIntegerField(default=2)
    purpose = models.CharField(max_length=40, blank=True)
    scope = models.CharField(max_length=64, default="*")
    seal_id = SealId()
    ticket = SealedField(max_length=80, default="", blank=True)
    reason = SealedField(max_length=500)
    minutes = models.PositiveIntegerField()
    asked = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided = models.DateTimeField(null=True)
    approved = models.BooleanField(null=True)
    # Why it was approved, refused, reviewed.
    answer = SealedField(max_length=500, default="", blank=True)
    starts = models.DateTimeField(null=True)
    ends = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    broken_glass = models.BooleanField(default=False)
    review_due = models.DateTimeField(null=True)
    reviewed = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    justified = models.BooleanField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-asked"]
        indexes = [
            models.Index(fields=["person", "ends"]),
            models.Index(fields=["asked", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.noun}"

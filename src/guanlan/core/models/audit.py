"""The searchable copy of the audit log. The file is the truth; this may be made anew from it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from guanlan.core.access import ScopedQuerySet


class AuditEntry(models.Model):
    """One row of the audit log; `at` in microseconds since 1970-01-01 UTC."""

    index = models.BigIntegerField(primary_key=True)
    at = models.BigIntegerField()
    actor_kind = models.CharField(max_length=8)
    actor_id = models.CharField(max_length=40)
    actor = models.CharField(max_length=150)
    roles = models.TextField()
    act = models.CharField(max_length=64)
    object_label = models.CharField(max_length=100)
    object_id = models.CharField(max_length=200)
    outcome = models.CharField(max_length=8)
    detail = models.TextField()  # JSON
    reason = models.TextField()
    purpose = models.CharField(max_length=64)
    address = models.CharField(max_length=16)  # keyed digests
    session = models.CharField(max_length=16)
    request = models.CharField(max_length=64)

    data_levels: ClassVar[dict[int, str]] = {
        2: "index at actor_kind actor_id actor roles act object_label object_id outcome detail"
        " reason purpose address session request"
    }
    objects = ScopedQuerySet["AuditEntry"].as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["act", "index"]),
            models.Index(fields=["actor", "index"]),
            models.Index(fields=["actor_id", "index"]),
            models.Index(fields=["object_label", "object_id", "index"]),
            models.Index(fields=["at"]),
            models.Index(fields=["outcome", "index"]),
        ]

    def __str__(self) -> str:
        return f"{self.act} by {self.actor}"


class AuditCursor(models.Model):
    """How far the copy and the verification have come: the one row."""

    id = models.SmallIntegerField(primary_key=True)
    rows = models.BigIntegerField(default=0)
    offset = models.BigIntegerField(default=0)
    verified_rows = models.BigIntegerField(default=0)
    verified_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=300, default="")

    data_levels: ClassVar[dict[int, str]] = {1: "id rows offset verified_rows verified_at fault"}
    objects = ScopedQuerySet["AuditCursor"].as_manager()

    def __str__(self) -> str:
        return f"{self.rows} rows"

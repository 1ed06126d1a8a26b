"""What people said of an object, and the files they put beside it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from guanlan.core.access import ScopedQuerySet
from guanlan.core.sealing import SealedField, SealId


class Comment(models.Model):
    """A comment on an object. One that was taken back keeps its place and loses its text."""

    noun = models.CharField(max_length=80)
    object_id = models.CharField(max_length=80)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="comments"
    )
    seal_id = SealId()
    text = SealedField()
    mentions = models.JSONField(default=list)  # ids of those who were told
    created = models.DateTimeField(default=timezone.now)
    edited = models.DateTimeField(null=True)
    removed = models.DateTimeField(null=True)

    data_levels: ClassVar[dict[int, str]] = {
        2: "id noun object_id author seal_id mentions created edited removed",
        3: "text",
    }
    seal_row: ClassVar[str] = "seal_id"

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["created", "id"]
        indexes = [models.Index(fields=["noun", "object_id", "created"])]

    def __str__(self) -> str:
        return f"comment {self.pk} on {self.noun} {self.object_id}"


class Attachment(models.Model):
    """A file beside an object; its bytes lie encrypted under a random name.

    `size` and `sha256` are those of the plain bytes. One that was removed keeps this row; its
    bytes are gone.
    """

    noun = models.CharField(max_length=80)
    object_id = models.CharField(max_length=80)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="attachments"
    )
    name = SealedField(max_length=120)
    kind = models.CharField(max_length=80)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    stored = models.CharField(max_length=40, unique=True)
    created = models.DateTimeField(default=timezone.now)
    removed = models.DateTimeField(null=True)

    data_levels: ClassVar[dict[int, str]] = {
        2: "id noun object_id author kind size sha256 stored created removed",
        3: "name",
    }
    seal_row: ClassVar[str] = "stored"

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["created", "id"]
        indexes = [models.Index(fields=["noun", "object_id", "created"])]

    def __str__(self) -> str:
        return f"attachment {self.pk} on {self.noun} {self.object_id}"

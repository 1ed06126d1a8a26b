"""The tables of the console itself: views of lists; comments and attachments."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from guanlan.core.access import ScopedQuerySet
from guanlan.core.sealing import SealedField, SealId
from guanlan.web.discussion.models import Attachment, Comment

__all__ = ["Attachment", "Comment", "SavedView"]


class SavedView(models.Model):
    """A filter, an order and columns of one list, under a name; shared with all who may see it."""

    seal_id = SealId()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views"
    )
    noun = models.CharField(max_length=64)
    name = models.CharField(max_length=80)
    query = SealedField(max_length=2000)  # as an address would say it
    shared = models.BooleanField(default=False)
    created = models.DateTimeField(default=timezone.now)

    seal_row: ClassVar[str] = "seal_id"
    # A typed filter may hold a name or a number of somebody.
    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id owner noun name shared created",
        3: "query",
    }

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["noun", "owner", "name"], name="web_savedview_name")
        ]

    def __str__(self) -> str:
        return self.name

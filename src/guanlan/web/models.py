"""The tables of the console itself: views of lists; comments and attachments."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from guanlan.core.access import ScopedQuerySet
from guanlan.core.sealing import SealedField, SealId
from guanlan.web.discussion.models import Attachment, Comment

__all__ = ["Attachment", "BulkAct", "Comment", "SavedView"]


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


class BulkAct(models.Model):
    """An action on many objects, which a job does one by one; `at` is how many are behind it.

    `words` are the groups of `guanlan.web.resource.outcome`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("under way")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")
        FAILED = "failed", _("failed")

    seal_id = SealId()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="bulk_acts"
    )
    noun = models.CharField(max_length=64)
    action = models.CharField(max_length=64)
    language = models.CharField(max_length=10)  # of what is said of refused rows
    keys = models.JSONField(default=list)  # primary keys, as texts, in the order of doing
    stamps = models.JSONField(default=list)  # what each object was like, where that is asked for
    typed = SealedField(default="", blank=True)  # what the action asked for, while it is needed
    total = models.PositiveIntegerField()
    at = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    words = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    cancelling = models.BooleanField(default=False)
    created = models.DateTimeField(default=timezone.now)
    finished = models.DateTimeField(null=True)

    seal_row: ClassVar[str] = "seal_id"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id owner noun action language keys stamps total at done refused words state"
        " cancelling created finished",
        3: "typed",
    }

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["created", "id"])]

    def __str__(self) -> str:
        return f"{self.action} on {self.total} {self.noun}"

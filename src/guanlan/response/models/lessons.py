"""Lessons of drills and incidents, and the actions that come of them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from guanlan.core.access import ScopedQuerySet
from guanlan.core.sealing import SealedField, SealId


class Lesson(models.Model):
    """What was learnt of something: `origin` is the label of a model and a key."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id origin_noun origin_id category title created created_by",
        3: "detail",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    origin_noun = models.CharField(max_length=80)
    origin_id = models.CharField(max_length=80)
    category = models.CharField(max_length=16)
    title = models.CharField(max_length=120)
    detail = SealedField(max_length=4000, default="", blank=True)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["created", "id"]),
            models.Index(fields=["origin_noun", "origin_id"]),
        ]

    def __str__(self) -> str:
        return self.title


class LessonAction(models.Model):
    """Something to be done because of a lesson; done by its owner, verified by another person."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("state of an action", "open")
        DONE = "done", pgettext_lazy("state of an action", "done, to be verified")
        VERIFIED = "verified", pgettext_lazy("state of an action", "verified")
        DROPPED = "dropped", pgettext_lazy("state of an action", "dropped")

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id lesson title owner due state created created_by done done_by verified"
        " verified_by reason told",
        3: "note",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="actions")
    title = models.CharField(max_length=120)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    due = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    done = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = SealedField(max_length=2000, default="", blank=True)  # what was done
    verified = models.DateTimeField(null=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.CharField(max_length=300, default="", blank=True)  # why dropped or reopened
    told = models.DateTimeField(null=True)  # when its owner was told that it is late

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["due", "id"]),
            models.Index(fields=["created", "id"]),
            models.Index(fields=["state", "due"]),
            models.Index(fields=["state", "id"]),
        ]

    def __str__(self) -> str:
        return self.title

"""What complaints are sorted by, their time limits, and the texts that answer them: data."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from guanlan.core.access import ScopedQuerySet


class ComplaintCategory(models.Model):
    """What a complaint is about, and which kind of risk that is. `title` stands in the console's
    languages: {"en": …, "zh-hans": …, "zh-hant": …}; `words` are those by which a complaint that
    names no category is sorted into it."""

    data_levels: ClassVar[dict[int, str]] = {
        1: "title",
        2: "id code words risk complex enabled shipped changed",
    }

    code = models.SlugField(max_length=40, unique=True)
    title = models.JSONField()
    words = models.JSONField(default=list)
    risk = models.CharField(max_length=16)  # response.terms.CATEGORIES
    complex = models.BooleanField(default=False)  # takes the longer time limit from the start
    enabled = models.BooleanField(default=True)
    shipped = models.BooleanField(default=False)
    changed = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["changed", "id"])]

    def __str__(self) -> str:
        return self.code


class ComplaintTerms(models.Model):
    """A version of the time limits for complaints, in calendar days; the newest is in force for
    what comes in from then on."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id simple complex extension source created created_by reason"
    }

    simple = models.PositiveSmallIntegerField()
    complex = models.PositiveSmallIntegerField()
    extension = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=200)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.CharField(max_length=300)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["created", "id"])]

    def __str__(self) -> str:
        return f"time limits {self.pk}"


class ReplyTemplate(models.Model):
    """A text that answers complaints, in the console's languages; `{receipt}`, `{due}` and `{link}`
    are replaced and nothing else is."""

    data_levels: ClassVar[dict[int, str]] = {
        1: "title text",
        2: "id code enabled shipped changed",
    }

    code = models.SlugField(max_length=40, unique=True)
    title = models.JSONField()
    text = models.JSONField()
    enabled = models.BooleanField(default=True)
    shipped = models.BooleanField(default=False)
    changed = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["changed", "id"])]

    def __str__(self) -> str:
        return self.code

"""Texts that one person writes, another approves, and that are sent with proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from guanlan.core.sealing import SealedField, SealId


def person() -> Any:
    """A field that names a person, and names nobody once they are gone."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )


class Paper(models.Model):
    """A sealed text with its way: draft, review, approved, sent, or withdrawn. Every text that it
    had is kept as a row of `drafts`. `acts` is what its acts begin with in the audit log."""

    acts: ClassVar[str]
    if TYPE_CHECKING:
        drafts: Any

    title = models.CharField(max_length=160)
    state = models.CharField(max_length=10, default="draft")
    draft = models.PositiveIntegerField(default=1)
    seal_id = SealId()
    text = SealedField()
    author = person()
    handed_in = models.DateTimeField(null=True)
    approver = person()
    approved = models.DateTimeField(null=True)
    answer = SealedField(max_length=300, default="", blank=True)
    sent_at = models.DateTimeField(null=True)
    sent_how = models.CharField(max_length=12, blank=True)
    receipt = SealedField(max_length=200, default="", blank=True)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

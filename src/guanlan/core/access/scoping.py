"""Querysets that know what a subject may see."""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models

from guanlan.core.access.policy import Subject, Verb, may

M = TypeVar("M", bound=models.Model)


class ScopedQuerySet(models.QuerySet[M]):
    """A queryset that gives a subject its rows: `Case.objects.for_user(subject)`."""

    def for_user(self, subject: Subject, verb: Verb = "see") -> Self:
        """The rows on which `subject` may do `verb`; none rather than an error."""
        return self if may(subject, verb, self.model._meta.label_lower) else self.none()

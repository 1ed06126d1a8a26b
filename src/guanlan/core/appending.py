"""Rows that are only ever added."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from django.db import models

from guanlan.core.access import ScopedQuerySet

M = TypeVar("M", bound=models.Model)


class Unchanging:
    """What makes a queryset refuse to change or delete its rows."""

    model: Any

    def update(self, **_values: Any) -> NoReturn:
        """Refused."""
        raise TypeError(f"{self.model._meta.label} is append-only: its rows are never changed")

    def bulk_update(self, *_objects: Any, **_options: Any) -> NoReturn:
        """Refused."""
        raise TypeError(f"{self.model._meta.label} is append-only: its rows are never changed")

    def delete(self) -> NoReturn:
        """Refused."""
        raise TypeError(f"{self.model._meta.label} is append-only: its rows are never deleted")


class OnlyAdded(Unchanging, ScopedQuerySet[M]):
    """Rows that are neither changed nor deleted."""

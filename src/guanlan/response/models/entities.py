"""What alerts, cases and restrictions speak of.

The fraud app has a projection of entities of its own, which may be dropped and made anew; these
rows stay, since what people decided hangs on them.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from guanlan.core.access import ScopedQuerySet
from guanlan.core.sealing import BlindIndex, SealedField, SealId


class EntityRef(models.Model):
    """An entity by kind and key; the key is stored sealed and found by its blind index."""

    data_levels: ClassVar[dict[int, str]] = {2: "id kind first_named seal_id", 3: "key key_index"}
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    kind = models.CharField(max_length=64)
    key = SealedField(max_length=256)
    key_index = BlindIndex(of="key", kind="exact")
    first_named = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["first_named", "id"])]
        constraints = [
            models.UniqueConstraint(fields=["key_index", "kind"], name="response_entityref_key")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

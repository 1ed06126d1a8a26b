"""Keys of the API."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from guanlan.core.access.scoping import ScopedQuerySet
from guanlan.core.models.people import User


class ApiKey(models.Model):
    """A backend's key: the token itself is never stored, only its SHA-256.

    `created_by` answers for it: while that account is disabled the key is refused.
    """

    data_levels: ClassVar[dict[int, str]] = {
        2: "id name scopes created created_by expires why_endless revoked",
        4: "sha256",
    }

    id = models.CharField(max_length=8, primary_key=True)
    name = models.CharField(max_length=80)
    sha256 = models.BinaryField(max_length=32, unique=True)
    scopes = models.JSONField(default=list)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="api_keys"
    )
    expires = models.DateTimeField(null=True)
    why_endless = models.CharField(max_length=300, blank=True)  # of a key that does not expire
    revoked = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]
        indexes = [models.Index(fields=["created", "id"])]

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"

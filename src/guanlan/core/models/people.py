"""People who sign in, and their failures to."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone


class User(AbstractUser):
    """A person who signs in to the console."""

    class Meta(AbstractUser.Meta):
        db_table = "core_user"


class SignInFailure(models.Model):
    """A failed sign-in, kept for the length of the rate limit; the subject only as a hash."""

    subject = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["subject", "at"])]

    def __str__(self) -> str:
        return self.subject[:8]

"""People who sign in, and their failures to."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils import timezone

from guanlan.core.access.nouns import Verb
from guanlan.core.access.policy import Subject
from guanlan.core.access.scoping import ScopedQuerySet


class Accounts(UserManager["User"]):
    """Accounts, with what a subject may see of them."""

    use_in_migrations = False

    def get_queryset(self) -> ScopedQuerySet[User]:
        return ScopedQuerySet(self.model, using=self._db)

    def for_user(self, subject: Subject, verb: Verb = "see") -> ScopedQuerySet[User]:
        """The accounts on which `subject` may do `verb`."""
        return self.get_queryset().for_user(subject, verb)


class User(AbstractUser):
    """A person who signs in to the console."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id username first_name last_name is_superuser is_staff is_active date_joined"
        " last_login groups user_permissions",
        3: "email",
        4: "password",
    }

    objects: ClassVar[Accounts] = Accounts()

    class Meta(AbstractUser.Meta):
        db_table = "core_user"


class SignInFailure(models.Model):
    """A failed sign-in, kept for the length of the rate limit; the subject only as a hash."""

    data_levels: ClassVar[dict[int, str]] = {2: "id at", 3: "subject"}

    subject = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["subject", "at"])]

    def __str__(self) -> str:
        return self.subject[:8]

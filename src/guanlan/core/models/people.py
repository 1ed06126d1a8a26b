"""The organisation, people who sign in, their sessions and their attempts."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils import timezone

from guanlan.core.access.nouns import Verb
from guanlan.core.access.policy import Subject
from guanlan.core.access.scoping import ScopedQuerySet
from guanlan.core.sealing import BlindIndex, SealedField, SealId

# Han, kana and hangul: names in them begin with the surname and have no blank.
_EASTERN: Final = re.compile(
    r"[\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U000323af]+"
)


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
        indexes = [models.Index(fields=["date_joined", "id"])]

    def get_full_name(self) -> str:
        """The name as its script writes it: 欧阳静, but Mary Smith."""
        parts = [part for part in (self.last_name.strip(), self.first_name.strip()) if part]
        if all(_EASTERN.fullmatch(part) for part in parts):
            return "".join(parts)
        return " ".join(reversed(parts))


class Attempt(models.Model):
    """One try at a door that can be guessed at, kept for the length of its limit.

    Whom or where it concerns stands there only as a keyed hash.
    """

    data_levels: ClassVar[dict[int, str]] = {2: "id door at", 3: "subject"}

    door = models.CharField(max_length=20)
    subject = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["door", "subject", "at"])]

    def __str__(self) -> str:
        return f"{self.door} {self.subject[:8]}"


class SignedIn(models.Model):
    """A session of a person: where it began and when it was last used."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id user seal_id started seen",
        3: "address agent",
        4: "session_key",
    }
    seal_row: ClassVar[str] = "seal_id"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="signed_in"
    )
    session_key = models.CharField(max_length=40, unique=True)  # `kept_key` of it
    seal_id = SealId()
    address = SealedField(max_length=45, default="", blank=True)
    agent = SealedField(max_length=200, default="", blank=True)
    started = models.DateTimeField(default=timezone.now)
    seen = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-seen"]

    def __str__(self) -> str:
        return f"session of {self.user_id}"


class LinkedIdentity(models.Model):
    """The account that a person has at the sign-on provider, and whose it is here.

    The provider's name for the person is kept only as a hash: it is compared, never shown.
    """

    data_levels: ClassVar[dict[int, str]] = {2: "id user issuer linked used", 4: "sha256"}

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="linked_identities"
    )
    issuer = models.CharField(max_length=255)
    sha256 = models.BinaryField(max_length=32, unique=True)
    linked = models.DateTimeField(default=timezone.now)
    used = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "issuer"], name="one_identity_per_issuer")
        ]

    def __str__(self) -> str:
        return f"identity of {self.user_id}"


class Invitation(models.Model):
    """A person asked to join: once, until a time. Its secret is kept only as a hash."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id role invited_by created expires accepted account revoked",
        3: "email email_index",
        4: "sha256",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    email = SealedField(max_length=254)
    email_index = BlindIndex(of="email", kind="email")
    role = models.CharField(max_length=40)
    sha256 = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField()
    accepted = models.DateTimeField(null=True)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    revoked = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]
        indexes = [models.Index(fields=["created", "id"])]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class Organisation(models.Model):
    """The one organisation of an installation; `code` is the hash of the set-up code until it
    has been used."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id name time_zone currency set_up",
        4: "code",
    }

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    name = models.CharField(max_length=80, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    set_up = models.DateTimeField(null=True)
    code = models.BinaryField(max_length=32, blank=True, default=b"")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_organisation")]

    def __str__(self) -> str:
        return self.name

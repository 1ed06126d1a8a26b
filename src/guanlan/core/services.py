"""What may be done to people and keys."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.audit import act
from guanlan.core.models import ApiKey, SignInFailure, User

SCOPES = ("events:write", "decisions:read", "entities:read", "lists:write", "metrics:read")

# Ten failures for one name, or thirty from one address, within ten minutes.
FAILURE_WINDOW = timedelta(minutes=10)
FAILURES_PER_NAME = 10
FAILURES_PER_ADDRESS = 30

_KEY_ALPHABET = string.ascii_lowercase + string.digits


class KeyRecord(NamedTuple):
    """What the door needs to know of a key."""

    id: str
    sha256: bytes
    scopes: frozenset[str]


class CreatedKey(NamedTuple):
    """A key just made; `token` exists only here and is shown once."""

    key: ApiKey
    token: str


def create_api_key(name: str, scopes: Iterable[str], author: User | None = None) -> CreatedKey:
    """Make a key `gl_<8 id>_<43 url-safe characters>` with the given scopes.

    Raises ValidationError when the name is empty or too long, or a scope is unknown or none.
    """
    name = name.strip()
    if not 1 <= len(name) <= 80:
        raise ValidationError({"name": _("Give the key a name of 1 to 80 characters.")})
    chosen = sorted(set(scopes))
    if not chosen or not set(chosen) <= set(SCOPES):
        raise ValidationError({"scopes": _("Choose at least one of the scopes listed.")})
    identity = "".join(secrets.choice(_KEY_ALPHABET) for _index in range(8))
    token = f"gl_{identity}_{secrets.token_urlsafe(32)}"
    key = ApiKey(
        id=identity,
        name=name,
        sha256=hashlib.sha256(token.encode()).digest(),
        scopes=chosen,
        created_by=author,
    )
    with act("key.create", key, detail={"scopes": chosen}):
        key.save(force_insert=True)
    return CreatedKey(key, token)


def revoke_api_key(identity: str) -> bool:
    """Revoke a key for good; False when there is no such live key."""
    key = ApiKey.objects.filter(id=identity, revoked__isnull=True).first()
    if key is None:
        return False
    with act("key.revoke", key):
        key.revoked = timezone.now()
        key.save(update_fields=["revoked"])
    return True


def load_api_keys() -> list[KeyRecord]:
    """All live keys, for the door's key ring."""
    rows = ApiKey.objects.filter(revoked__isnull=True).values_list("id", "sha256", "scopes")
    return [KeyRecord(key, bytes(digest), frozenset(scopes)) for key, digest, scopes in rows]


def ensure_owner(username: str = "owner") -> tuple[str, str | None]:
    """The first account of an installation.

    Returns its name and, only when it has just been made, its random password; the caller
    shows the password once, it is stored nowhere else. Where any account exists already,
    nothing is made and the password is None.
    """
    with transaction.atomic():
        existing = User.objects.order_by("pk").first()
        if existing is not None:
            return existing.get_username(), None
        password = secrets.token_urlsafe(15)
        User.objects.create_user(username, password=password, is_staff=True, is_superuser=True)
        return username, password


def _subject(kind: str, value: str) -> str:
    text = f"{kind}:{value.strip().lower()}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()


def sign_in_blocked(username: str, address: str, now: datetime | None = None) -> bool:
    """Whether this name or this address has failed too often to be tried again now."""
    since = (now or timezone.now()) - FAILURE_WINDOW
    for kind, value, limit in (
        ("name", username, FAILURES_PER_NAME),
        ("address", address, FAILURES_PER_ADDRESS),
    ):
        failures = SignInFailure.objects.filter(subject=_subject(kind, value), at__gt=since)
        if failures.count() >= limit:
            return True
    return False


def note_sign_in_failure(username: str, address: str, now: datetime | None = None) -> None:
    """Remember one failure for the name and for the address; forget those past the window."""
    at = now or timezone.now()
    SignInFailure.objects.filter(at__lt=at - FAILURE_WINDOW).delete()
    SignInFailure.objects.bulk_create(
        [
            SignInFailure(subject=_subject("name", username), at=at),
            SignInFailure(subject=_subject("address", address), at=at),
        ]
    )


def forget_sign_in_failures(username: str) -> None:
    """A success clears the name's failures (not the address's: it may be trying others)."""
    SignInFailure.objects.filter(subject=_subject("name", username)).delete()

"""What may be done to people and keys."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Iterable
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.audit import act
from guanlan.core.models import ApiKey, User

SCOPES = ("events:write", "decisions:read", "entities:read", "lists:write", "metrics:read")

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

"""What may be done to people and keys."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import inf
from typing import Final, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.access.revealing import checked_reason
from guanlan.core.audit import act
from guanlan.core.audit.recording import Detail
from guanlan.core.models import ApiKey, User

SCOPES = (
    "events:write", "decisions:read", "entities:read", "lists:write", "metrics:read",
    "complaints:write",
)  # fmt: skip

KEY_DAYS: Final = 365
KEY_DAYS_MOST: Final = 1095
ENDING: Final = timedelta(days=30)  # so long before its end a key is said to end soon

_KEY_ALPHABET = string.ascii_lowercase + string.digits


class KeyRecord(NamedTuple):
    """What the door needs to know of a key; it ends at `until`, seconds since 1970-01-01 UTC."""

    id: str
    sha256: bytes
    scopes: frozenset[str]
    until: float = inf


class CreatedKey(NamedTuple):
    """A key just made; `token` exists only here and is shown once."""

    key: ApiKey
    token: str


def create_api_key(
    name: str,
    scopes: Iterable[str],
    author: User | None = None,
    *,
    days: int = KEY_DAYS,
    why_endless: str = "",
) -> CreatedKey:
    """Make a key `gl_<8 id>_<43 url-safe characters>` with the given scopes.

    It ends after so many days; with a reason in `why_endless` it does not. Raises ValidationError
    by field: an empty name or one too long, no scope or an unknown one, days out of range, a
    reason that says nothing.
    """
    name = name.strip()
    if not 1 <= len(name) <= 80:
        raise ValidationError({"name": _("Give the key a name of 1 to 80 characters.")})
    chosen = sorted(set(scopes))
    if not chosen or not set(chosen) <= set(SCOPES):
        raise ValidationError({"scopes": _("Choose at least one of the scopes listed.")})
    expires = None
    if why_endless:
        try:
            why_endless = checked_reason(why_endless)
        except ValidationError as error:
            raise ValidationError({"why_endless": error.messages}) from None
    elif not 1 <= days <= KEY_DAYS_MOST:
        text = _("A key lives for 1 to %(most)s days.") % {"most": KEY_DAYS_MOST}
        raise ValidationError({"days": text})
    else:
        expires = timezone.now() + timedelta(days=days)
    identity = "".join(secrets.choice(_KEY_ALPHABET) for _index in range(8))
    token = f"gl_{identity}_{secrets.token_urlsafe(32)}"
    key = ApiKey(
        id=identity,
        name=name,
        sha256=hashlib.sha256(token.encode()).digest(),
        scopes=chosen,
        created_by=author,
        expires=expires,
        why_endless=why_endless,
    )
    detail: Detail = {"scopes": chosen, "days": days if expires else None}
    with act("key.create", key, detail=detail, reason=why_endless):
        key.save(force_insert=True)
    return CreatedKey(key, token)


def revoke_api_key(identity: str) -> bool:
    """Revoke a key for good; False when there is no such live key."""
    with transaction.atomic():
        live = ApiKey.objects.select_for_update().filter(id=identity, revoked__isnull=True)
        key = live.first()
        if key is None:
            return False
        with act("key.revoke", key):
            key.revoked = timezone.now()
            key.save(update_fields=["revoked"])
    return True


def take_over_key(subject: Subject, key: ApiKey) -> None:
    """Answer for a key from now on, in the place of whoever did. Raises Denied, or
    ValidationError where it is revoked or the subject is no person."""
    require(subject, "manage", "core.apikey")
    with act("key.take", key, detail={"before": key.created_by_id}):
        live = ApiKey.objects.filter(pk=key.pk, revoked=None)
        if subject.id is None or not live.update(created_by_id=subject.id):
            raise ValidationError(_("There is no live key %(key)s.") % {"key": key.pk})


def answered_for() -> QuerySet[ApiKey]:
    """The keys that are not revoked and whose person, where they have one, is not disabled."""
    kept = Q(created_by=None) | Q(created_by__is_active=True)
    return ApiKey.objects.filter(kept, revoked=None)


def live_api_keys(now: datetime | None = None) -> QuerySet[ApiKey]:
    """The keys that are accepted at `now`."""
    return answered_for().filter(Q(expires=None) | Q(expires__gt=now or timezone.now()))


def load_api_keys() -> list[KeyRecord]:
    """All keys that somebody answers for, for the door's key ring; those whose time is over are
    among them, so that the door can say so."""
    rows = answered_for().values_list("id", "sha256", "scopes", "expires")
    return [
        KeyRecord(key, bytes(digest), frozenset(scopes), ends.timestamp() if ends else inf)
        for key, digest, scopes, ends in rows
    ]


def key_of_token(token: str, now: datetime | None = None) -> ApiKey:
    """The live key of a token. Raises ValidationError saying whether it has ended; who does not
    hold the whole token learns nothing of any key."""
    parts = token.split("_", 2)
    key = None
    if len(parts) == 3 and parts[0] == "gl":
        key = answered_for().filter(id=parts[1][:8]).first()
    digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
    if key is None or not hmac.compare_digest(digest, bytes(key.sha256)):
        raise ValidationError(_("The key is unknown or revoked."))
    if key.expires is not None and key.expires <= (now or timezone.now()):
        raise ValidationError(_("The key has expired: make another one."))
    return key


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
        password = secrets.token_urlsafe(16)
        User.objects.create_user(username, password=password, is_staff=True, is_superuser=True)
        return username, password

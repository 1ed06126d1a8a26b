"""Sessions of people: noted when they begin, listed, revoked."""

from __future__ import annotations

from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from guanlan.core.audit import act
from guanlan.core.models import SignedIn, User
from guanlan.core.people.session_store import kept_key


def sessions_of(user: User) -> QuerySet[SignedIn]:
    """The live sessions of a person, last used first."""
    return SignedIn.objects.filter(
        user=user, session_key__in=Session.objects.values("session_key")
    ).order_by("-seen")


def revoke_sessions(user: User, *, one: int | None = None, but: str | None = None) -> int:
    """End the person's session `one`, or all but the one with the key `but`; how many ended.

    A session that is ended is refused at its next request, the live stream's too.
    """
    chosen = SignedIn.objects.filter(user=user)
    if one is not None:
        chosen = chosen.filter(pk=one)
    if but is not None:
        chosen = chosen.exclude(session_key=kept_key(but))
    keys = list(chosen.values_list("session_key", flat=True))
    if not keys:
        return 0
    with act("session.revoke", user, detail={"sessions": len(keys)}):
        Session.objects.filter(session_key__in=keys).delete()
        SignedIn.objects.filter(session_key__in=keys).delete()
    return len(keys)


def switch_off(user: User) -> None:
    """Disable an account; its sessions end with it."""
    with act("user.disable", user):
        user.is_active = False
        user.save(update_fields=["is_active"])
        revoke_sessions(user)


def set_password(user: User, password: str, *, keep: str | None = None) -> None:
    """Give an account another password; every session but `keep` ends."""
    with act("password.change", user):
        user.set_password(password)
        user.save(update_fields=["password"])
        revoke_sessions(user, but=keep)

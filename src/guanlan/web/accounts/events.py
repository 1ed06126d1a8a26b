"""What follows from signing in and out, and from proving who one is."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.signals import authentication_step_completed
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest

from guanlan.core.access import subject_of
from guanlan.core.audit import acting, record
from guanlan.core.models import SignedIn, User
from guanlan.core.people.session_store import kept_key
from guanlan.web.accounts.addresses import client_address
from guanlan.web.accounts.confirming import ask_again
from guanlan.web.accounts.factors import has_factor
from guanlan.web.accounts.signing_on import proven_there
from guanlan.web.resource.acts import reauthenticate_with


def begun(request: HttpRequest, user: User, **_signal: Any) -> None:
    """A session begins: note it, and whether its person has a second factor (it was asked for
    then, here or by the sign-on provider: no session begins before)."""
    session = request.session
    session["started"] = session["seen"] = time.time()
    session["second_factor"] = has_factor(user) or proven_there(request)
    if session.session_key is None:
        session.save()
    address = client_address(request)
    SignedIn.objects.update_or_create(
        session_key=kept_key(session.session_key),
        defaults={
            "user": user,
            "address": address[:45],
            "agent": request.headers.get("User-Agent", "")[:200],
        },
    )
    with acting(subject_of(user), address):
        ways = [str(one["method"]) for one in get_authentication_records(request, user)]
        record("session.begin", user, detail={"by": ways})


def ended(request: HttpRequest, user: User | None, **_signal: Any) -> None:
    """A session ends by its person."""
    if user is not None:
        SignedIn.objects.filter(session_key=kept_key(request.session.session_key)).delete()
        record("session.end", user)


def proven(
    request: HttpRequest, user: User, method: str, reauthenticated: bool = False, **_signal: Any
) -> None:
    """A password, code or key was right: the try at the door does not count. Where it was given
    within a session, that goes on under a new key."""
    request.door_opened = True  # type: ignore[attr-defined]
    if not reauthenticated:
        return
    record("session.confirm", user, detail={"method": method})
    renew_key(request)


def renew_key(request: HttpRequest) -> None:
    """Give the session another key; the old one is worthless from now on."""
    before = request.session.session_key
    request.session.cycle_key()
    SignedIn.objects.filter(session_key=kept_key(before)).update(
        session_key=kept_key(request.session.session_key)
    )


def connect() -> None:
    """Listen, and guard the kit's sensitive acts; the app does it while it starts."""
    reauthenticate_with(ask_again)
    user_logged_in.connect(begun, dispatch_uid="guanlan.begun")
    user_logged_out.connect(ended, dispatch_uid="guanlan.ended")
    authentication_step_completed.connect(proven, dispatch_uid="guanlan.proven")

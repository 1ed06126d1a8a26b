"""What stands before every page: ends of sessions, limits of doors, the second factor, the zone."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from allauth.account.internal.stagekit import unstash_login
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from guanlan.core.access import Subject
from guanlan.core.access.factors import factor_demanded
from guanlan.core.audit import record, refused
from guanlan.core.models import SignedIn
from guanlan.core.people.limiting import Entry, enter, forgive
from guanlan.core.people.organisation import organisation
from guanlan.core.people.session_store import kept_key
from guanlan.web.accounts.addresses import client_address
from guanlan.web.pages.errors import too_many
from guanlan.web.rights import subject_of_request

Answer = Callable[[HttpRequest], HttpResponseBase]

# Doors by the route that is posted to. What is tried at "language", "reset" and "complaint" always
# counts; a try at "sso" is taken back when the provider has sent its person back.
ROUTES: Final = {
    "login": "password",
    "account_login": "password",
    "mfa_authenticate": "factor",
    "mfa_login_webauthn": "passkey",
    "account_reauthenticate": "confirm",
    "mfa_reauthenticate": "confirm",
    "mfa_reauthenticate_webauthn": "confirm",
    "change_password": "confirm",
    "accept_invitation": "invitation",
    "forgotten": "reset",
    "new_password": "reset",
    "setup": "setup",
    "sso": "sso",
    "sso_confirm": "sso",
    "language": "language",
    "complain": "complaint",
    "complaint_state": "complaint",
}
NOT_SECRET: Final = ("language", "reset", "sso", "complaint")
# What a person without a second factor reaches: the pages that set one up, and the way out.
SETTING_UP: Final = (
    "second_factor",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "account_reauthenticate",
    "sso_confirm",
)
WITHOUT_FACTOR: Final = frozenset(
    {*SETTING_UP, "logout", "account_logout", "language", "login", "account_login", "sso_back"}
)
TOUCH_SECONDS: Final = 60
REFRESHED: Final = ("moving", "bell-count", "first-steps", "bulk-progress")


def over(session: SessionBase, now: float | None = None) -> bool:
    """Whether a session has been idle too long, or has lasted its twelve hours."""
    at = time.time() if now is None else now
    try:
        started, seen = float(session["started"]), float(session["seen"])
    except (KeyError, TypeError, ValueError):
        return True
    return at - started > settings.SESSION_COOKIE_AGE or at - seen > settings.SESSION_IDLE


def lacks_factor(session: SessionBase, subject: Subject) -> bool:
    """Whether the session's person has to set up a second factor first."""
    return not session.get("second_factor") and factor_demanded(subject)


class Sessions:
    """Ends sessions whose time is over; notes when one was last used."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            session, now = request.session, time.time()
            if over(session, now):
                logout(request)
            elif now - float(session["seen"]) > TOUCH_SECONDS and not _by_itself(request):
                session["seen"] = now
                SignedIn.objects.filter(session_key=kept_key(session.session_key)).update(
                    seen=timezone.now()
                )
        return self.get_response(request)


def _by_itself(request: HttpRequest) -> bool:
    """Whether a page asks for news on its own; an open page keeps no session alive."""
    return request.headers.get("HX-Target", "") in REFRESHED


class Doors:
    """Counts what is tried at every door, and keeps it shut when that was too much."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        entered: tuple[str, Entry] | None = getattr(request, "door_entry", None)
        if entered is not None:
            door, entry = entered
            if getattr(request, "door_opened", False):
                forgive(entry)
            elif door not in NOT_SECRET:
                record("door.refuse", ("door", door), outcome="refused")
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        door = ROUTES.get(match.url_name or "") if match else None
        if door is None or request.method != "POST":
            return None
        entry = enter(door, _concerned(request, door, kwargs), client_address(request))
        if entry.wait:
            refused("enter", f"door {door}", "door.shut")
            return too_many(request, entry.wait)
        request.door_entry = (door, entry)  # type: ignore[attr-defined]
        return None


def _concerned(request: HttpRequest, door: str, kwargs: dict[str, Any]) -> str:
    """Whom a try concerns, as far as the request says it."""
    if door == "password":
        return request.POST.get("username", "")[:150]
    if door == "reset":
        return request.POST.get("email", "")[:254] or str(kwargs.get("identity", ""))
    if door == "invitation":
        return hashlib.sha256(str(kwargs.get("token", "")).encode()).hexdigest()
    if request.user.is_authenticated:
        return str(request.user.pk)
    if door == "factor":
        pending = unstash_login(request, peek=True)
        return str(pending.user.pk) if pending is not None and pending.user else ""
    return ""


class SecondFactor:
    """Keeps a person without a second factor on the page that sets one up."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        subject = subject_of_request(request)
        if not request.user.is_authenticated or not lacks_factor(request.session, subject):
            return None
        name = request.resolver_match.url_name if request.resolver_match else ""
        if name in WITHOUT_FACTOR:
            return None
        if request.headers.get("HX-Request") == "true":
            sent = HttpResponse(status=204)
            # The page itself asks for parts too: it is not to load itself for ever.
            page = urlsplit(request.headers.get("HX-Current-URL", "")).path
            if page not in {reverse(name) for name in SETTING_UP}:
                sent.headers["HX-Redirect"] = reverse("second_factor")
            return sent
        return redirect("second_factor")


class Zone:
    """Times are shown in the organisation's zone."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with timezone.override(organisation().zone):
            return self.get_response(request)

"""The session behind a cookie, for parts of the platform outside Django (the door's stream)."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.db import close_old_connections
from django.http import HttpRequest

from guanlan.core.access import Subject, subject_of
from guanlan.web.accounts.middleware import lacks_factor, over


def session_subject(cookie_header: str) -> Subject | None:
    """The subject of the signed-in, active user of a `Cookie` header, or None.

    Reads the database; call it from a thread, not from an event loop.
    """
    try:
        cookies = SimpleCookie(cookie_header)
    except CookieError:
        return None
    morsel = cookies.get(settings.SESSION_COOKIE_NAME)
    if morsel is None:
        return None
    close_old_connections()
    try:
        store = import_module(settings.SESSION_ENGINE).SessionStore
        request = HttpRequest()
        request.session = store(morsel.value)
        user = get_user(request)
        if over(request.session) or not user.is_authenticated or not user.is_active:
            return None
        subject = subject_of(user)
        return None if lacks_factor(request.session, subject) else subject
    finally:
        close_old_connections()

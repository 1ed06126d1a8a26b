"""Cookies that keep a choice of the reader's for a year: language, first steps, theme, sidebar.

Over https their names begin with `__Host-`: a browser then takes them from this host only, and
sends them over https only. Scripts that set one read the beginning from the page.
"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

AGE: Final = 365 * 24 * 3600


def keep(response: HttpResponse, name: str, value: str) -> None:
    """Have the browser keep a choice."""
    response.set_cookie(
        settings.COOKIE_PREFIX + name,
        value,
        max_age=AGE,
        samesite="Lax",
        secure=settings.HTTPS,
        httponly=True,
    )


def kept(request: HttpRequest, name: str) -> str:
    """The choice kept under this name; empty where there is none."""
    return request.COOKIES.get(settings.COOKIE_PREFIX + name, "")

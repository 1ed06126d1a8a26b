"""What every template may use."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from guanlan.web.places import Group, groups

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "guanlan_theme"


def console(request: HttpRequest) -> dict[str, object]:
    """Sidebar groups, the place that is open, language and theme."""
    match = request.resolver_match
    theme = request.COOKIES.get(THEME_COOKIE, "auto")
    user = getattr(request, "user", None)
    shown: list[Group] = groups() if user is not None and user.is_authenticated else []
    return {
        "sidebar": shown,
        "here": match.url_name if match else "",
        "language": get_language() or settings.LANGUAGE_CODE,
        "languages": settings.LANGUAGES,
        "theme": theme if theme in THEMES else "auto",
        "zone": settings.TIME_ZONE,
    }

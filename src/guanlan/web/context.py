"""What every template may use."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from guanlan.core.access import ANONYMOUS
from guanlan.web.places import Group, groups
from guanlan.web.rights import route_allowed

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "guanlan_theme"


def console(request: HttpRequest) -> dict[str, object]:
    """Sidebar groups, the place that is open, language and theme."""
    match = request.resolver_match
    theme = request.COOKIES.get(THEME_COOKIE, "auto")
    subject = getattr(request, "subject", ANONYMOUS)
    shown: list[Group] = []
    if subject.id is not None:
        for group in groups():
            places = tuple(p for p in group.places if route_allowed(subject, p.route))
            if places:
                shown.append(Group(group.title, places))
    return {
        "sidebar": shown,
        "here": match.url_name if match else "",
        "language": get_language() or settings.LANGUAGE_CODE,
        "languages": settings.LANGUAGES,
        "theme": theme if theme in THEMES else "auto",
        "zone": settings.TIME_ZONE,
    }

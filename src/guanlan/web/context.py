"""What every template may use."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from guanlan.core.access import subject_of
from guanlan.web.places import GROUPS, Group, groups, place
from guanlan.web.rights import route_allowed

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "guanlan_theme"
SIDEBAR_COOKIE = "guanlan_sidebar"


def console(request: HttpRequest) -> dict[str, object]:
    """Sidebar groups, the place that is open, language and theme."""
    match = request.resolver_match
    theme = request.COOKIES.get(THEME_COOKIE, "auto")
    user = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    subject = getattr(request, "subject", None) or subject_of(user)
    shown: list[Group] = []
    for group in groups(subject) if known else []:
        places = tuple(p for p in group.places if route_allowed(subject, p.route))
        if places:
            shown.append(Group(group.title, places))
    here = (match.url_name or "") if match else ""
    found = place(here)
    return {
        "sidebar": shown,
        "here": here,
        "here_group": GROUPS[found.group] if found is not None else "",
        "folded": request.COOKIES.get(SIDEBAR_COOKIE) == "folded",
        "language": get_language() or settings.LANGUAGE_CODE,
        "languages": settings.LANGUAGES,
        "theme": theme if theme in THEMES else "auto",
        "zone": settings.TIME_ZONE,
    }

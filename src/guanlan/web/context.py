"""What every template may use."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from guanlan.core.people.organisation import organisation
from guanlan.web.cookies import kept
from guanlan.web.places import GROUPS, groups, leads_to, place
from guanlan.web.rights import subject_of_request

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "guanlan_theme"
SIDEBAR_COOKIE = "guanlan_sidebar"


def chosen_theme(request: HttpRequest) -> str:
    """The theme of the reader's cookie."""
    theme = kept(request, THEME_COOKIE)
    return theme if theme in THEMES else "auto"


def console(request: HttpRequest) -> dict[str, object]:
    """Sidebar groups, the place that is open, language and theme."""
    match = request.resolver_match
    subject = subject_of_request(request)
    here = (match.url_name or "") if match else ""
    found = place(here)
    return {
        "sidebar": lambda: groups(subject),  # only whole pages have one
        "here": here,
        # A page that does not say where it stands is under the place whose address leads to it.
        "section": SimpleLazyObject(lambda: "" if found else leads_to(request.path)),
        "here_group": GROUPS[found.group] if found is not None else "",
        # A page of one thing, which the palette offers again; the address names the thing.
        "object_page": bool(match and match.kwargs) and request.method == "GET",
        "folded": kept(request, SIDEBAR_COOKIE) == "folded",
        "language": get_language() or settings.LANGUAGE_CODE,
        "languages": settings.LANGUAGES,
        "theme": chosen_theme(request),
        "cookie_prefix": settings.COOKIE_PREFIX,
        # Asked for only where a page says it.
        "zone": lambda: organisation().zone.key,
        "organisation": lambda: organisation().name,
        "factor_missing": subject.id is not None and not request.session.get("second_factor"),
    }

"""What something was made for: an object of any resource, named in words, with its address."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from guanlan.web.resource import resources


def thing(noun: str, key: str) -> str:
    """An object in words: Drill 2. Empty without a noun; of a noun that is not known here only
    that it is something else, and its key."""
    if not noun:
        return ""
    titles = (str(one.title) for one in resources() if one.noun == noun)
    return f"{next(titles, _('something else'))} {key}".strip()


def thing_address(noun: str, key: str) -> str:
    """The address of its page; empty where it has none."""
    routes = (one.one for one in resources() if one.noun == noun and one.one and not one.address)
    route = next(routes, "")
    try:
        return reverse(route, args=[key]) if route and key else ""
    except NoReverseMatch:
        return ""


def thing_link(noun: str, key: str) -> str:
    """It in words, as a link where it has a page; safe HTML."""
    address = thing_address(noun, key)
    if not address:
        return format_html("{}", thing(noun, key))
    return format_html('<a href="{}">{}</a>', address, thing(noun, key))

"""The sidebar: a frozen registry of places, filled by the apps when they start."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guanlan.core.access import Subject
from guanlan.web.rights import route_allowed

# Order and words of the groups; a group is shown only when it has a place.
GROUPS: dict[str, str | Promise] = {
    "overview": "",
    "watch": _("Watch"),
    "respond": _("Respond"),
    "assess": _("Assess"),
    "strategy": _("Strategy"),
    "risks": _("Risks"),
    "govern": _("Govern"),
    "settings": _("Settings"),
}


class Place(NamedTuple):
    """A screen in the sidebar; `route` is the name of its URL."""

    group: str
    route: str
    title: str | Promise
    order: int


class Group(NamedTuple):
    title: str | Promise
    places: tuple[Place, ...]


_places: dict[str, Place] = {}


def add_place(place: Place) -> None:
    """Register a place; a route registered twice or an unknown group is an error."""
    if place.group not in GROUPS:
        raise ValueError(f"place {place.route}: unknown group {place.group}")
    if place.route in _places:
        raise ValueError(f"place {place.route} is registered twice")
    _places[place.route] = place


def groups(subject: Subject) -> list[Group]:
    """The groups with the places that this subject may reach, each in order."""
    found: list[Group] = []
    for name, title in GROUPS.items():
        places = [
            p for p in _places.values() if p.group == name and route_allowed(subject, p.route)
        ]
        if places:
            found.append(Group(title, tuple(sorted(places, key=lambda p: p.order))))
    return found


@cache
def address(route: str) -> str:
    """Where a place is: routes do not change while a process lives, and each page asks for all."""
    return reverse(route)


def leads_to(path: str) -> str:
    """The route of the place that a page's address stands below; empty where there is none."""
    addresses = ((address(route), route) for route in _places)
    below = [one for one in addresses if one[0] != "/" and path.startswith(f"{one[0]}/")]
    return max(below, default=("", ""))[1]


def place(route: str) -> Place | None:
    """The place of a route, where it has one."""
    return _places.get(route)

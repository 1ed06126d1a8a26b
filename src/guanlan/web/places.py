"""The sidebar: a frozen registry of places, filled by the apps when they start."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Order and words of the groups; a group is shown only when it has a place.
GROUPS: dict[str, str | Promise] = {
    "overview": "",
    "watch": _("Watch"),
    "strategy": _("Strategy"),
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


def groups() -> list[Group]:
    """The groups that have places, each in order."""
    found: list[Group] = []
    for name, title in GROUPS.items():
        places = sorted((p for p in _places.values() if p.group == name), key=lambda p: p.order)
        if places:
            found.append(Group(title, tuple(places)))
    return found

"""The command palette: every place and act that a person may reach, by name, in any language.

An entry carries its title in the language of the page, and in the others, so that who reads
Chinese may type the English word and the other way round.
"""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from guanlan.core.access import ANYWHERE, Subject, Verb, may
from guanlan.web.places import groups


class Act(NamedTuple):
    """Something one may begin from anywhere, and the page where it is begun."""

    route: str
    title: str | Promise
    verb: Verb
    noun: str
    anchor: str


class Entry(NamedTuple):
    """A line of the palette; `also` is what else it answers to."""

    title: str
    url: str
    note: str
    also: str


_acts: dict[tuple[str, str], Act] = {}


def add_act(
    route: str, title: str | Promise, *, noun: str, verb: Verb = "add", anchor: str = ""
) -> None:
    """Register an act; `route` is the page where it is begun. A second one is an error."""
    if (route, anchor) in _acts:
        raise ValueError(f"act {route}{anchor} is registered twice")
    _acts[route, anchor] = Act(route, title, verb, noun, anchor)


def entries(subject: Subject) -> list[Entry]:
    """The places, then the acts, that `subject` may reach."""
    found = [
        Entry(str(place.title), reverse(place.route), str(group.title), _every(place.title))
        for group in groups(subject)
        for place in group.places
    ]
    act = _("Act")
    for one in _acts.values():
        if may(subject, one.verb, one.noun, scope=ANYWHERE):
            address = reverse(one.route) + one.anchor
            found.append(Entry(str(one.title), address, act, _every(one.title)))
    return found


def named(subject: Subject, text: str) -> list[Entry]:
    """The entries that `text` names, each word of it a part of a title in some language."""
    parts = text.lower().split()
    if not parts:
        return []
    return [one for one in entries(subject) if all(part in one.also for part in parts)]


def _every(title: str | Promise) -> str:
    """The title in every language of the console."""
    said = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            said.append(str(title))
    return " ".join(dict.fromkeys(said)).lower()

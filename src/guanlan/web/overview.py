"""The first screen: the loop at a glance. Each app says its part beside what it knows.

    @loop("warn", noun="risk.indicator")
    def red(glance: Glance) -> Figure: ...

    @waits(noun="response.case")
    def own_cases(glance: Glance, most: int) -> Sequence[Waiting]: ...

    @DUTY.panel(row=2, noun="response.alert")      # for the person on duty
    @BOARD.panel(row=2, noun="risk.value")         # for the committee
    def raised(glance: Glance) -> Chart: ...

What a subject may not see is neither counted nor shown. Every figure leads to what makes it up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, get_args

from django.apps import apps
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy
from msgspec import Struct

from guanlan.core.access import ANYWHERE, Subject, may
from guanlan.web.dashboards import Dashboard

Stage = Literal["identify", "assess", "warn", "respond", "review", "improve"]
Look = Literal["", "good", "warn", "bad", "unknown"]
STAGES: Final[Mapping[str, str | Promise]] = {
    "identify": pgettext_lazy("stage of the loop", "Identify"),
    "assess": pgettext_lazy("stage of the loop", "Assess"),
    "warn": pgettext_lazy("stage of the loop", "Warn"),
    "respond": pgettext_lazy("stage of the loop", "Respond"),
    "review": pgettext_lazy("stage of the loop", "Review"),
    "improve": pgettext_lazy("stage of the loop", "Improve"),
}
MOST_WAITING: Final = 12


class Glance(Struct, frozen=True, eq=False):
    """Who looks, and when; `request` for what an app wants to know of it."""

    subject: Subject
    now: dt.datetime
    request: HttpRequest


class Figure(NamedTuple):
    """One number of a stage, what it is of, and the list behind it."""

    value: str
    what: str
    link: str
    look: Look = ""


class Waiting(NamedTuple):
    """Something that waits for the person who looks; `due` None where nothing is said of it."""

    what: str
    title: str
    link: str
    due: dt.datetime | None


class Loop(NamedTuple):
    """A stage with its figures; `look` is the worst of theirs."""

    title: str
    figures: list[Figure]
    look: Look


class Waits(NamedTuple):
    """What waits, the most urgent first; `more` says that there is more than is shown."""

    rows: list[Waiting]
    more: bool


Telling = Callable[[Glance], Figure]
Finding = Callable[[Glance, int], Sequence[Waiting]]
Section = Callable[[HttpRequest], tuple[str, Mapping[str, Any]] | None]

DUTY: Final = Dashboard[Glance]()
BOARD: Final = Dashboard[Glance]()
_figures: Final[dict[str, list[tuple[int, str, Telling]]]] = {stage: [] for stage in STAGES}
_waiting: Final[list[tuple[str, Finding]]] = []
_sections: Final[list[Section]] = []
_WORST: Final[tuple[Look, ...]] = ("bad", "unknown", "warn", "good", "")


def loop(stage: Stage, *, noun: str, order: int = 50) -> Callable[[Telling], Telling]:
    """Declare a figure of a stage, for those who may see `noun`. Raises ValueError for a stage
    that there is not, RuntimeError once the start is done."""
    if stage not in get_args(Stage):
        raise ValueError(f"stage {stage}: expected one of {', '.join(STAGES)}")
    _starting()

    def declare(tell: Telling) -> Telling:
        _figures[stage].append((order, noun, tell))
        return tell

    return declare


def waits(*, noun: str) -> Callable[[Finding], Finding]:
    """Declare what may wait for a person who sees `noun`: a function that gives up to so many,
    the most urgent first. Raises RuntimeError once the start is done."""
    _starting()

    def declare(find: Finding) -> Finding:
        _waiting.append((noun, find))
        return find

    return declare


def begin_with(section: Section) -> Section:
    """Declare something that stands above all: a template and its values, or None for nothing.
    Raises RuntimeError once the start is done."""
    _starting()
    _sections.append(section)
    return section


def loop_of(glance: Glance) -> list[Loop]:
    """The stages of the loop in order, with the figures that the subject may see; stages of
    which nothing may be seen are left out."""
    found = []
    for stage, title in STAGES.items():
        declared = sorted(_figures[stage], key=lambda one: one[0])
        figures = [tell(glance) for _order, noun, tell in declared if _sees(glance, noun)]
        if figures:
            looks = {figure.look for figure in figures}
            worst = next(look for look in _WORST if look in looks)
            found.append(Loop(str(title), figures, worst))
    return found


def waiting_for(glance: Glance, most: int = MOST_WAITING) -> Waits:
    """What waits for the person who looks: late first, then by when it is due, then the rest."""
    found: list[Waiting] = []
    for noun, find in _waiting:
        if _sees(glance, noun):
            found += find(glance, most + 1)
    latest = dt.datetime.max.replace(tzinfo=dt.UTC)
    found.sort(key=lambda one: one.due or latest)
    return Waits(found[:most], len(found) > most)


def sections_of(request: HttpRequest) -> list[tuple[str, Mapping[str, Any]]]:
    """What stands above all."""
    asked = (section(request) for section in _sections)
    return [one for one in asked if one is not None]


def _sees(glance: Glance, noun: str) -> bool:
    return may(glance.subject, "see", noun, scope=ANYWHERE)


def _starting() -> None:
    if apps.ready:
        raise RuntimeError("the overview is filled while the app starts")

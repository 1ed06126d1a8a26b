"""The indicators there are: a registry that apps fill while they start, frozen afterwards.

@indicator(
    name="complaints.late", title=_("Complaints past their time limit"),
    what=_("Complaints whose customer has not been told, past their time limit."),
    unit="count", direction="higher", category="compliance",
    window=timedelta(days=1), every=timedelta(minutes=5),
    amber=1, red=5, reason=_("The law leaves no complaint unanswered."),
    drill=lambda span: "/complaints?q=late:yes",
)
def late(span: Span) -> Measured: ...
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlencode

from django.apps import apps
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import override
from msgspec import Struct

from guanlan.risk.states import Limits, fault_of
from guanlan.risk.terms import CATEGORIES, UNITS, Direction, Unit

Text = str | Promise
T = TypeVar("T")
MINUTE: Final = dt.timedelta(minutes=1)
LONGEST: Final = 80  # characters of a name
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_]*(?:\.[a-z0-9_]+)+")


class Span(Struct, frozen=True):
    """The time that is measured: after `start`, up to and including `end`.

    Indicators that are measured at the same moment share what they read: `once(key, read)` calls
    `read` for the first of them.
    """

    start: dt.datetime
    end: dt.datetime
    shared: dict[Any, Any] = {}

    def once(self, key: Any, read: Callable[[], T]) -> T:
        """What `read` gives, asked once per key and span."""
        place = (key, self.start, self.end)
        if place not in self.shared:
            self.shared[place] = read()
        found: T = self.shared[place]
        return found


class Measured(NamedTuple):
    """What an indicator came to: a value, or None where there is nothing to say, and the volume it
    stands on. `inputs` are the numbers that it was made of; `newest` is the time of the newest
    data, where that may lag behind."""

    value: float | None
    volume: int
    inputs: Mapping[str, float | int] = {}
    newest: dt.datetime | None = None


def share(part: int, whole: int) -> Measured:
    """A part of a whole, 0 to 1, standing on the whole; of nothing there is no share."""
    return Measured(part / whole if whole else None, whole, {"part": part, "whole": whole})


Work = Callable[[Span], Measured]
Drill = Callable[[Span], str]


def address(route: str, *terms: str) -> str:
    """The list of this route, asked for what these terms fit."""
    said = " ".join(terms)
    return f"{reverse(route)}?{urlencode({'q': said})}" if said else reverse(route)


def listed(route: str, *terms: str, after: str = "after", before: str = "before") -> Drill:
    """The rows of a list that these terms fit and whose time lies within the span; `after` and
    `before` are the list's filters by time, and one that is empty is not asked for."""

    def drill(span: Span) -> str:
        ends = ((after, span.start), (before, span.end))
        said = (f"{name}:{written(at)}" for name, at in ends if name)
        return address(route, *terms, *said)

    return drill


def written(at: dt.datetime) -> str:
    """A time as lists are asked by it."""
    return f"{timezone.localtime(at):%Y-%m-%dT%H:%M}"


class Spec(Struct, frozen=True, kw_only=True):
    """A registered indicator. `limits` are those it comes with, `reason` says why these. One that
    is `live` is measured between its turns too, whenever what it reads has moved."""

    name: str
    title: Text
    what: Text
    unit: Unit
    category: str
    window: dt.timedelta
    every: dt.timedelta
    limits: Limits
    reason: Text
    drill: Drill
    work: Work
    live: bool = False


INDICATORS: Final[dict[str, Spec]] = {}


def indicator(
    *,
    name: str,
    title: Text,
    what: Text,
    unit: Unit,
    direction: Direction,
    category: str,
    window: dt.timedelta,
    every: dt.timedelta,
    amber: float,
    red: float,
    reason: Text,
    drill: Drill,
    minimum_volume: int = 0,
    amber_low: float | None = None,
    red_low: float | None = None,
    hysteresis: float = 0.0,
    minimum_duration: dt.timedelta = dt.timedelta(0),
    stale_after: dt.timedelta | None = None,
    live: bool = False,
) -> Callable[[Work], Work]:
    """Register a function as an indicator, while the app starts.

    `what` says in a sentence how it is computed; `every` is how often, in whole minutes; `drill`
    gives the address of the rows behind the number. Without `stale_after` it is stale after three
    turns, and ten minutes at least. A `live` one is asked at any second: its function must be cheap
    and read what the projection of events moves. Raises ValueError naming the indicator and what is
    wrong, RuntimeError once the start is done.
    """
    limits = Limits(
        direction=direction,
        amber=amber,
        red=red,
        amber_low=amber_low,
        red_low=red_low,
        hysteresis=hysteresis,
        minimum_duration=minimum_duration,
        minimum_volume=minimum_volume,
        stale_after=stale_after or max(3 * every, 10 * MINUTE),
    )
    _check(name, unit, category, window, every, limits)

    def register(work: Work) -> Work:
        if apps.ready:
            raise RuntimeError(f"indicator {name}: the registry is closed once the start is done")
        if name in INDICATORS:
            raise ValueError(f"indicator {name} is registered twice")
        INDICATORS[name] = Spec(
            name=name, title=title, what=what, unit=unit, category=category, window=window,
            every=every, limits=limits, reason=reason, drill=drill, work=work, live=live,
        )  # fmt: skip
        return work

    return register


def _check(
    name: str,
    unit: Unit,
    category: str,
    window: dt.timedelta,
    every: dt.timedelta,
    limits: Limits,
) -> None:
    if len(name) > LONGEST or _NAME.fullmatch(name) is None:
        raise ValueError(f"indicator {name}: expected a name such as complaints.received")
    if unit not in UNITS:
        raise ValueError(f"indicator {name}: expected a unit of {', '.join(UNITS)}, not {unit}")
    if category not in CATEGORIES:
        raise ValueError(
            f"indicator {name}: expected a category of {', '.join(CATEGORIES)}, not {category}"
        )
    if window <= dt.timedelta(0):
        raise ValueError(f"indicator {name}: expected a window longer than nothing")
    if every < MINUTE or every % MINUTE:
        raise ValueError(f"indicator {name}: expected every so many whole minutes")
    with override("en"):
        if (fault := fault_of(limits, unit)) is not None:
            raise ValueError(f"indicator {name}: {fault[0]}: {fault[1]}")


def find_indicator(name: str) -> Spec | None:
    """The indicator of this name, if there is one."""
    return INDICATORS.get(name)

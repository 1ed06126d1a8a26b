"""What happened, as the chart of an indicator marks it and its backtest is held against: a registry
that apps fill while they start.

@on_chart("incidents")
def incidents(row: Indicator, start: datetime, end: datetime) -> list[Happened]: ...
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from django.apps import apps

from guanlan.risk.models import Indicator

MOST: Final = 200  # of each kind, on one chart


class Happened(NamedTuple):
    """Something that happened. An `event` is what indicators are to warn of; `false` says that a
    warning was for nothing; a `mark` is merely good to know, such as a release."""

    at: dt.datetime
    title: str
    meaning: Literal["event", "false", "mark"] = "mark"


Find = Callable[[Indicator, dt.datetime, dt.datetime], list[Happened]]
FINDERS: Final[dict[str, Find]] = {}


def on_chart(name: str) -> Callable[[Find], Find]:
    """Register a function that tells what happened after a start and up to an end, with one query
    and no more than `MOST` rows. Raises ValueError for a name that is taken, RuntimeError once the
    start is done."""
    if name in FINDERS:
        raise ValueError(f"what happened: {name} is registered twice")

    def register(find: Find) -> Find:
        if apps.ready:
            raise RuntimeError(f"what happened: {name}: the start is done")
        FINDERS[name] = find
        return find

    return register


def happened(row: Indicator, start: dt.datetime, end: dt.datetime) -> list[Happened]:
    """All that happened within the time, the oldest first."""
    found = [one for find in FINDERS.values() for one in find(row, start, end)]
    return sorted(found, key=lambda one: one.at)

"""Dashboards: panels declared beside the numbers they show, drawn for who may see them.

    OVERVIEW = Dashboard[Look]()

    @OVERVIEW.panel(row=2, noun="fraud.decision")
    def outcomes(look: Look) -> Chart: ...

A dashboard is a list of functions from what is looked at (a window of time, a subject) to a
value: tiles, a chart, a listing. A panel whose noun the subject may not see is neither computed
nor shown, and its neighbour takes its room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from msgspec import Struct

from guanlan.core.access import ANYWHERE, Subject, may
from guanlan.web.charts import Chart, Value

L = TypeVar("L")


class Tile(Struct, frozen=True, kw_only=True):
    """One number, what it is, and the list behind it. `trend` is drawn as a sparkline."""

    label: str
    value: str
    note: str = ""
    link: str = ""
    state: Literal["", "good", "warn", "bad", "unknown"] = ""
    trend: Sequence[Value] = ()


class Tiles(Struct, frozen=True):
    """A line of numbers."""

    tiles: Sequence[Tile]
    template: str = "web/tiles.html"


class Listing(Struct, frozen=True, kw_only=True):
    """A card with a short list drawn by a template of its own; `empty` where there is none."""

    id: str
    title: str
    body: str
    context: Mapping[str, Any]
    filled: bool
    empty: str
    more: str = ""
    template: str = "web/listing.html"


Panel = Chart | Tiles | Listing
Make = TypeVar("Make", bound=Callable[..., "Panel"])


class _Declared(NamedTuple, Generic[L]):
    row: int
    noun: str
    make: Callable[[L], Panel]


class Row(NamedTuple):
    """Panels beside each other; `even` when they share the width equally."""

    panels: list[Panel]
    even: bool

    @property
    def tiles(self) -> bool:
        return all(isinstance(panel, Tiles) for panel in self.panels)


class Dashboard(Generic[L]):
    """Panels by rows, in the order they were declared."""

    def __init__(self, *, even_rows: frozenset[int] = frozenset()) -> None:
        self._declared: list[_Declared[L]] = []
        self._even = even_rows

    def panel(self, *, row: int, noun: str) -> Callable[[Make], Make]:
        """Declares the function as a panel, shown to those who may see `noun`."""

        def declare(make: Make) -> Make:
            self._declared.append(_Declared(row, noun, make))
            return make

        return declare

    def draw(self, look: L, subject: Subject) -> list[Row]:
        """The rows as `subject` may see them."""
        allowed = [one for one in self._declared if may(subject, "see", one.noun, scope=ANYWHERE)]
        allowed.sort(key=lambda one: one.row)
        return [
            Row([one.make(look) for one in group], row in self._even)
            for row, group in groupby(allowed, key=lambda one: one.row)
        ]

"""Charts as declared values: what is drawn, what stands on the axes, what a click opens.

    Chart(
        id="outcomes",
        title=_("Decisions by outcome"),
        x=("09:00", "09:30"),
        y=_("decisions"),
        series=(Series(name=_("approve"), colour="--o-approve", data=(41, 38)),),
        links=("/decisions?q=…", "/decisions?q=…"),
    )

A template draws it with `{% chart one %}`: a picture for the eye, and behind it the same
numbers as a table for the screen reader, the keyboard, the printer. `charts.js` reads `spec()`;
colours are names of CSS tokens, so that a chart follows the theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from guanlan.web.words import number

Value = float | int | None  # None: unknown, drawn as a gap
Point = Sequence[float]  # (x, y)
UNKNOWN = "—"


class Series(Struct, frozen=True, kw_only=True):
    """One line, or one part of each bar; `data` has one value per category, or points (x, y).

    `colours`, where given, colours each category's bar by itself.
    """

    name: str
    colour: str
    data: Sequence[Value] | Sequence[Point]
    kind: Literal["", "bar", "line", "scatter"] = ""
    dashed: bool = False
    symbols: bool = False
    colours: Sequence[str] = ()


class Mark(NamedTuple):
    """A line across the chart: a threshold at `y`, or an event at `x` (a category or a value)."""

    title: str
    x: str | float | None = None
    y: float | None = None


class Band(NamedTuple):
    """A stretch of the value axis with a meaning, such as the tolerance; None is open."""

    title: str
    low: float | None
    high: float | None
    colour: str = "--accent"


class Cell(NamedTuple):
    """A cell of the table behind a chart."""

    text: str
    link: str = ""


class Table(NamedTuple):
    """The numbers of a chart; the first cell of a row names it."""

    head: list[str]
    rows: list[list[Cell]]


class Chart(Struct, frozen=True, kw_only=True):
    """A chart over categories `x`, or over points where `points` says so.

    `y` is the title of the value axis, with its unit; `unit` stands behind single values.
    `x_title` may be left out where the categories say what they are, as times do.
    `step` says how far the ticks of the value axis stand apart. `scale` and `x_scale` of points
    may be logarithmic.
    `links` has one address per category: the list that makes up its numbers. `empty` is the
    sentence shown where there is nothing to draw. Raises ValueError where a series and the
    categories differ in length.
    """

    id: str
    title: str
    series: Sequence[Series]
    kind: Literal["bar", "line"] = "bar"
    x: Sequence[str] = ()
    x_title: str = ""
    y: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    x_low: float | None = None
    x_high: float | None = None
    points: bool = False
    scale: Literal["", "log"] = ""
    x_scale: Literal["", "log"] = ""
    stacked: bool = False
    across: bool = False
    whole: bool = False
    legend: bool = True
    zoom: bool = False
    links: Sequence[str] = ()
    marks: Sequence[Mark] = ()
    bands: Sequence[Band] = ()
    note: str = ""
    empty: str = ""
    size: Literal["", "short", "tall"] = ""

    def __post_init__(self) -> None:
        if self.points:
            return
        for one in self.series:
            if len(one.data) != len(self.x):
                raise ValueError(
                    f"chart {self.id}: {len(one.data)} values of {len(self.x)} categories"
                )
        if self.links and len(self.links) != len(self.x):
            raise ValueError(f"chart {self.id}: {len(self.links)} links of {len(self.x)}")

    @property
    def drawn(self) -> bool:
        """Whether there is anything to draw."""
        return bool(self.series) and (self.points or bool(self.x))

    @property
    def spec_id(self) -> str:
        return f"{self.id}-spec"

    def spec(self) -> dict[str, Any]:
        """What `charts.js` draws; keys that say nothing are left out."""
        said: dict[str, Any] = {
            "kind": self.kind, "x": None if self.points else list(self.x), "xTitle": self.x_title,
            "y": self.y, "unit": self.unit, "min": self.low, "max": self.high,
            "step": self.step,
            "scale": self.scale,
            "xScale": self.x_scale,
            "xMin": self.x_low, "xMax": self.x_high, "points": self.points, "stack": self.stacked,
            "across": self.across, "whole": self.whole, "plain": not self.legend,
            "zoom": self.zoom, "links": list(self.links) if any(self.links) else None,
            "marks": [{"name": m.title, "x": m.x, "y": m.y} for m in self.marks],
            "bands": [
                {"name": b.title, "low": b.low, "high": b.high, "token": b.colour}
                for b in self.bands
            ],
        }  # fmt: skip
        spec = {key: value for key, value in said.items() if value not in (None, "", False, [])}
        spec["series"] = [_series_spec(one) for one in self.series]
        return spec

    def table(self) -> Table:
        """The same numbers as rows: one per category, or one per point."""
        if self.points:
            head = ["", self.x_title, self.y]
            return Table(
                head,
                [
                    [Cell(one.name), *(Cell(_written(value)) for value in _pair(point))]
                    for one in self.series
                    for point in one.data
                ],
            )
        links = self.links or [""] * len(self.x)
        unit = f" ({self.unit})" if self.unit else ""
        head = [self.x_title, *(one.name + unit for one in self.series)]
        rows = []
        for index, (category, link) in enumerate(zip(self.x, links, strict=True)):
            values = (one.data[index] for one in self.series)
            rows.append([Cell(category, link), *(Cell(_written(value)) for value in values)])
        return Table(head, rows)


def _series_spec(one: Series) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": one.name, "token": one.colour, "data": list(one.data),
        "type": one.kind, "dashed": one.dashed, "symbol": one.symbols,
        "tokens": list(one.colours),
    }  # fmt: skip
    return {key: value for key, value in said.items() if value not in ("", False, [])}


def _pair(point: Value | Point) -> Point:
    return point if isinstance(point, Sequence) else ()


def _written(value: Value | Point) -> str:
    if value is None or isinstance(value, Sequence):
        return UNKNOWN
    return number(value)


class Spark(NamedTuple):
    """A sparkline as paths of an SVG that is `WIDTH` × `HEIGHT`; `last` is where the line ends."""

    paths: list[str]
    last: tuple[str, str] | None


WIDTH, HEIGHT, MARGIN = 88, 22, 3


def spark(values: Sequence[Value]) -> Spark:
    """Lines through the known values, from the least at the foot to the greatest at the head.

    An unknown value breaks the line; a value alone between two unknown ones is a short dash.
    """
    known = [float(value) for value in values if value is not None]
    if not known:
        return Spark([], None)
    least, most = min(known), max(known)
    step = (WIDTH - 2 * MARGIN) / max(1, len(values) - 1)
    paths: list[str] = []
    run: list[tuple[float, float]] = []
    last = (0.0, 0.0)
    for index, value in enumerate([*values, None]):
        if value is not None:
            share = (float(value) - least) / (most - least) if most > least else 0.5
            run.append((MARGIN + index * step, HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN)))
        elif run:
            ends = [*run, (run[0][0] + 2, run[0][1])] if len(run) == 1 else run
            paths.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ends))
            last, run = run[-1], []
    if values[-1] is None:
        return Spark(paths, None)
    return Spark(paths, (f"{last[0]:.1f}", f"{last[1]:.1f}"))

"""The chart of an indicator: its values, where its limits lie, what happened meanwhile."""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject
from guanlan.risk.limiting import NEVER, limits_at
from guanlan.risk.registry import Span
from guanlan.risk.showing import HOUR, Look, name_of, rows_behind
from guanlan.risk.states import Limits
from guanlan.risk.terms import STATES
from guanlan.web.charts import Band, Chart, Mark, Series, Value

_FLAT: Final = 1e-6  # values that differ by less are drawn as one level
MARKS: Final = 16  # on one chart: more cannot be read
MOVING: Final = ("share", "seasonal")  # kinds of limits that lie elsewhere at each time


def scale_of(unit: str) -> tuple[float, str]:
    """By what values are multiplied before they are drawn, and the unit they then have."""
    return {"share": (100.0, "%"), "seconds": (1 / HOUR, _("hours"))}.get(unit, (1.0, ""))


def chart(shown: Look, subject: Subject) -> Chart:
    """The last values with where amber and red begin, and what happened: changes of state, of
    limits, notes of people, incidents and releases."""
    row, unit = shown.row, shown.row.unit
    scale, name = scale_of(unit)
    times: list[str] = []
    values: list[float | None] = []
    links: list[str] = []
    ends: list[dt.datetime] = []
    lines: list[Limits | None] = []
    spec = shown.spec
    reach = rows_behind(row, row.sampled, subject) != ""
    moving = shown.now is not None and shown.now.kind in MOVING
    versions = {one.pk: one for one in shown.limits}
    before: dt.datetime | None = None
    for one in shown.samples:
        if before is not None and spec is not None and one.at - before > 2 * spec.every:
            times.append(moment_words(before + spec.every))
            ends.append(before + spec.every)
            values.append(None)
            links.append("")
            lines.append(None)
        times.append(moment_words(one.at))
        ends.append(one.at)
        values.append(None if one.value is None or one.why else round(one.value * scale, 6))
        links.append(spec.drill(Span(one.start, one.at)) if spec is not None and reach else "")
        judged = versions.get(one.limits_id or 0)
        lines.append(limits_at(judged, one.at, one.volume) if moving and judged else None)
        before = one.at
    known = [value for value in values if value is not None]
    bands = bands_of(shown.now.read(), scale) if shown.now is not None and not moving else []
    drawn = limit_lines(lines, scale) if moving else []
    edges = [edge for band in bands for edge in (band.low, band.high) if edge is not None]
    edges += [value for line in drawn for value in line.data if isinstance(value, float)]
    axis = axis_of([*known, *edges], 100 if unit == "share" else None)
    own = Series(name=name_of(row), colour="--accent", data=values, symbols=len(known) < 3)
    return Chart(
        id="indicator",
        title=name_of(row),
        kind="line",
        x=times,
        y=name or str(_("value")),
        unit=name,
        low=axis.low,
        high=axis.high,
        step=axis.step,
        series=(own, *drawn) if known else (),
        legend=bool(drawn),
        zoom=True,
        links=links if reach else (),
        bands=bands,
        marks=marks_of(_happened(shown), ends, times),
        empty=_("No value yet: each measurement adds a point here."),
        note=_("Gaps are times at which it was not measured, or could not be judged."),
    )


def _happened(shown: Look) -> list[tuple[dt.datetime, str]]:
    """What is marked, with its words."""
    found = [(one.at, str(STATES[one.to])) for one in shown.changes]
    found += [
        (one.effective, _("limits, version %(n)s") % {"n": one.version})
        for one in shown.limits
        if one.version > 1
    ]
    found += [(one.at, one.text) for one in shown.notes]
    found += [(one.at, one.title) for one in shown.events]
    return found


def marks_of(
    happened: Iterable[tuple[dt.datetime, str]], ends: Sequence[dt.datetime], times: Sequence[str]
) -> list[Mark]:
    """Marks at the first sample that ends no earlier than what happened; what lies before or after
    all samples has none. What is too close to be read is one mark, with the first words of it."""
    if not ends:
        return []
    begin = ends[0] - (ends[1] - ends[0] if len(ends) > 1 else dt.timedelta(hours=1))
    found: list[tuple[int, list[str]]] = []
    for at, title in sorted(happened):
        place = bisect_left(ends, at)
        if at < begin or place == len(ends):
            continue
        if found and place - found[-1][0] <= len(ends) // MARKS:
            found[-1][1].append(title)
        else:
            found.append((place, [title]))
    return [Mark(_together(titles), x=times[place]) for place, titles in found]


def _together(titles: Sequence[str]) -> str:
    known = list(dict.fromkeys(titles))
    return " · ".join(known[:2]) + (" …" if len(known) > 2 else "")


def limit_lines(lines: Sequence[Limits | None], scale: float) -> list[Series]:
    """Where limits that move lie, as dashed lines; what nothing reaches is not drawn."""

    def line(title: str, colour: str, of: Callable[[Limits], float | None]) -> Series:
        data: list[Value] = []
        for one in lines:
            value = of(one) if one is not None else None
            reached = value is not None and abs(value) < NEVER
            data.append(round(float(value) * scale, 6) if value is not None and reached else None)
        return Series(name=title, colour=colour, data=data, dashed=True)

    amber, red = str(STATES["amber"]), str(STATES["red"])
    found = [
        line(amber, "--warn", lambda one: one.amber), line(red, "--bad", lambda one: one.red),
        line(f"{amber} ↓", "--warn", lambda one: one.amber_low),
        line(f"{red} ↓", "--bad", lambda one: one.red_low),
    ]  # fmt: skip
    return [one for one in found if any(value is not None for value in one.data)]


def thinned(ends: Sequence[dt.datetime], most: int) -> list[int]:
    """Places of no more than `most` samples of many, at equal distances, the last among them."""
    step = max(1, math.ceil(len(ends) / most))
    return list(range((len(ends) - 1) % step, len(ends), step))


class Axis(NamedTuple):
    """Where a value axis begins and ends, and how far its ticks stand apart."""

    low: float
    high: float
    step: float


def axis_of(values: Sequence[float], most: float | None) -> Axis:
    """An axis that values and limits fill: round numbers, zero where it is near, never past `most`
    where no value is. `values` may be empty."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    span = high - low
    room = 0.15 * span if span > _FLAT else max(0.15 * abs(high), 1.0)
    step = _round_step((span + 2 * room) / 4)
    begin, end = math.floor((low - room) / step) * step, math.ceil((high + room) / step) * step
    if low >= 0 and (begin < 0 or low < 0.4 * high):
        begin = 0.0
    if most is not None and high <= most:
        end = min(end, most)
    return Axis(round(begin, 9), round(end, 9), step)


def _round_step(step: float) -> float:
    """The next number up that is 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * n for n in (1, 2, 5, 10) if power * n >= step)


def bands_of(limits: Limits, scale: float) -> list[Band]:
    """Amber and red as stretches of the axis."""
    amber, red = limits.amber * scale, limits.red * scale
    words = {"amber": str(STATES["amber"]), "red": str(STATES["red"])}
    found: list[tuple[str, float | None, float | None, str]]
    if limits.direction == "lower":
        found = [(words["amber"], red, amber, "--warn"), (words["red"], None, red, "--bad")]
    else:
        found = [(words["amber"], amber, red, "--warn"), (words["red"], red, None, "--bad")]
        if limits.amber_low is not None and limits.red_low is not None:
            low, least = limits.amber_low * scale, limits.red_low * scale
            found += [("", least, low, "--warn"), ("", None, least, "--bad")]
    return [Band(*one) for one in found if one[1] != one[2]]


def moment_words(at: dt.datetime) -> str:
    """A time as charts say it."""
    return f"{timezone.localtime(at):%m-%d %H:%M}"

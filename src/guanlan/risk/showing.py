"""How an indicator is shown: its values in words, its state with its age, its page."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from guanlan.core.access import Subject
from guanlan.risk.composing import spec_of
from guanlan.risk.models import Indicator, IndicatorChange, IndicatorLimits, IndicatorSample
from guanlan.risk.registry import MINUTE, Span, Spec
from guanlan.risk.terms import STATES
from guanlan.web.charts import Band, Chart, Mark, Series
from guanlan.web.resource import Happening, State
from guanlan.web.rights import route_allowed
from guanlan.web.words import duration, labelled, number, until

DRAWN: Final = 288  # samples of a chart: a day of every five minutes
LINES: Final = 100  # changes of a timeline
LOOKS: Final = {"green": "on", "amber": "warn", "red": "bad", "unknown": "unknown"}
HOUR: Final = 3600
_FLAT: Final = 1e-6  # values that differ by less are drawn as one level


class Look(NamedTuple):
    """What the page of an indicator shows, read once."""

    row: Indicator
    spec: Spec | None
    limits: list[IndicatorLimits]  # the newest version first
    now: IndicatorLimits | None  # in force
    samples: list[IndicatorSample]  # the oldest first
    changes: list[IndicatorChange]  # the newest first


def look(row: Indicator, _subject: Subject) -> Look:
    """Read what the page of an indicator shows: three queries."""
    now = timezone.now()
    limits = list(
        IndicatorLimits.objects.filter(indicator=row).select_related("created_by")
        .order_by("-version")[:LINES]
    )  # fmt: skip
    samples = IndicatorSample.objects.filter(indicator=row).order_by("-at")[:DRAWN]
    changes = IndicatorChange.objects.filter(indicator=row).select_related(
        "owner", "acknowledged_by", "answered_by"
    )
    return Look(
        row,
        spec_of(row),
        limits,
        next((one for one in limits if one.effective <= now), None),
        list(samples)[::-1],
        list(changes.order_by("-at", "-id")[:LINES]),
    )


def name_of(row: Indicator) -> str:
    """What an indicator is called."""
    spec = spec_of(row)
    return str(spec.title) if spec is not None else row.name


def in_unit(value: float | None, unit: str) -> str:
    """A value in words; a dash where there is none."""
    if value is None:
        return "—"
    if unit == "share":
        return f"{number(round(100 * value, 2))} %"
    if unit == "seconds":
        return duration(round(value * 1_000_000))
    return number(value)


def is_stale(row: Indicator, now: dt.datetime) -> bool:
    """Whether what is known of an indicator that is measured is too old to go by."""
    spec = spec_of(row)
    after = spec.limits.stale_after if spec is not None else 10 * MINUTE
    return row.enabled and row.sampled is not None and now - row.sampled > after


def state_of(row: Indicator) -> State:
    """The state by word and shape. What was not measured for too long is not known any more."""
    if not row.enabled:
        return State("off", gettext_lazy("not measured"))
    if row.state != "unknown" and is_stale(row, timezone.now()):
        return State("unknown", gettext_lazy("unknown, stale"))
    return State(LOOKS[row.state], STATES[row.state])


def why(text: str, values: dict[str, object]) -> str:
    """A marked sentence in the reader's language; as it stands where its values do not fit."""
    try:
        return _(text) % values if text and values else _(text) if text else ""
    except (KeyError, TypeError, ValueError):
        return text


def rows_behind(row: Indicator, at: dt.datetime | None, subject: Subject) -> str:
    """The address of what a value is made up of; empty where the subject may not go there."""
    spec = spec_of(row)
    if spec is None or at is None:
        return ""
    address = spec.drill(Span(at - spec.window, at))
    try:
        route = resolve(urlsplit(address).path).url_name or ""
    except Resolver404:
        return ""
    return address if route_allowed(subject, route) else ""


def chart(shown: Look, subject: Subject) -> Chart:
    """The last values with the amber and red bands, and each change of state marked."""
    row, unit = shown.row, shown.row.unit
    scale, name = {"share": (100.0, "%"), "seconds": (1 / HOUR, _("hours"))}.get(unit, (1.0, ""))
    times: list[str] = []
    values: list[float | None] = []
    links: list[str] = []
    spec = shown.spec
    reach = rows_behind(row, row.sampled, subject) != ""
    before: dt.datetime | None = None
    for one in shown.samples:
        if before is not None and spec is not None and one.at - before > 2 * spec.every:
            times.append(_written(before + spec.every))
            values.append(None)
            links.append("")
        times.append(_written(one.at))
        values.append(None if one.value is None or one.why else round(one.value * scale, 6))
        links.append(spec.drill(Span(one.start, one.at)) if spec is not None and reach else "")
        before = one.at
    known = [value for value in values if value is not None]
    bands = _bands(shown.now, scale) if shown.now is not None else []
    edges = [edge for band in bands for edge in (band.low, band.high) if edge is not None]
    axis = axis_of([*known, *edges], 100 if unit == "share" else None)
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
        series=(Series(name=name_of(row), colour="--accent", data=values, symbols=len(known) < 3),)
        if known
        else (),
        legend=False,
        zoom=True,
        links=links if reach else (),
        bands=bands,
        marks=_marks(shown, times),
        empty=_("No value yet: each measurement adds a point here."),
        note=_("Gaps are times at which it was not measured, or could not be judged."),
    )


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


def _bands(limits: IndicatorLimits, scale: float) -> list[Band]:
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


def _marks(shown: Look, times: Sequence[str]) -> list[Mark]:
    there = set(times)
    found = []
    for one in shown.changes:
        at = _written(one.at)
        if at in there:
            found.append(Mark(str(STATES[one.to]), x=at))
    return found


def _written(at: dt.datetime) -> str:
    return f"{timezone.localtime(at):%m-%d %H:%M}"


def happenings(shown: Look, _subject: Subject) -> list[Happening]:
    """The changes of state, with what was answered."""
    found = []
    for one in shown.changes:
        words = str(STATES[one.to])
        if one.before != one.after:
            words = _("%(before)s → %(after)s") % {
                "before": STATES[one.before],
                "after": words,
            }
        parts = [why(one.why, one.why_values) or in_unit(one.value, shown.row.unit)]
        if one.owner is not None:
            parts.append(labelled(pgettext("of a thing", "Owner"), one.owner.get_username()))
        if one.due is not None:
            parts.append(labelled(_("Answer due"), until(one.due)))
        if one.acknowledged_by is not None and one.answered is None:
            parts.append(labelled(_("Acknowledged by"), one.acknowledged_by.get_username()))
        if one.answered is not None:
            by = one.answered_by.get_username() if one.answered_by is not None else ""
            parts.append(labelled(by or _("Answer"), one.answer))
        mark = State(LOOKS[one.after], STATES[one.to])
        found.append(Happening(one.at, words, mark=mark, note=" · ".join(parts)))
    return found


def limit_words(one: IndicatorLimits, unit: str) -> tuple[str, str]:
    """From where on it is amber, and red."""
    amber, red = in_unit(one.amber, unit), in_unit(one.red, unit)
    if one.direction == "lower":
        return f"≤ {amber}", f"≤ {red}"
    if one.direction == "band":
        low, least = in_unit(one.amber_low, unit), in_unit(one.red_low, unit)
        return f"≤ {low}, ≥ {amber}", f"≤ {least}, ≥ {red}"
    return f"≥ {amber}", f"≥ {red}"

"""How an indicator is shown: its values in words, its state with its age, its page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from guanlan.core.access import Subject
from guanlan.risk.composing import spec_of
from guanlan.risk.happened import Happened, happened
from guanlan.risk.models import (
    Indicator,
    IndicatorChange,
    IndicatorLimits,
    IndicatorNote,
    IndicatorSample,
)
from guanlan.risk.registry import MINUTE, Span, Spec
from guanlan.risk.states import Limits
from guanlan.risk.terms import KINDS, OPINIONS, STATES, VERDICTS
from guanlan.web.resource import Happening, State
from guanlan.web.rights import route_allowed
from guanlan.web.words import duration, labelled, number, until

DRAWN: Final = 288  # samples of a chart: a day of every five minutes
LINES: Final = 100  # changes of a timeline
LOOKS: Final = {"green": "on", "amber": "warn", "red": "bad", "unknown": "unknown"}
HOUR: Final = 3600


class Look(NamedTuple):
    """What the page of an indicator shows, read once."""

    row: Indicator
    spec: Spec | None
    limits: list[IndicatorLimits]  # the newest version first
    now: IndicatorLimits | None  # in force
    samples: list[IndicatorSample]  # the oldest first
    changes: list[IndicatorChange]  # the newest first
    notes: list[IndicatorNote]  # within the time of the samples
    events: list[Happened]  # of other apps, within the same time


def look(row: Indicator, _subject: Subject) -> Look:
    """Read what the page of an indicator shows: four queries, and one of each app that marks its
    chart."""
    now = timezone.now()
    limits = list(
        IndicatorLimits.objects.filter(indicator=row).select_related("created_by")
        .order_by("-version")[:LINES]
    )  # fmt: skip
    samples = list(
        IndicatorSample.objects.filter(indicator=row, live=False).order_by("-at")[:DRAWN]
    )[::-1]
    first = samples[0].at if samples else now
    changes = IndicatorChange.objects.filter(indicator=row).select_related(
        "owner", "acknowledged_by", "answered_by"
    )
    return Look(
        row,
        spec_of(row),
        limits,
        next((one for one in limits if one.effective <= now), None),
        samples,
        list(changes.order_by("-at", "-id")[:LINES]),
        list(
            IndicatorNote.objects.filter(indicator=row, at__gte=first)
            .select_related("created_by")
            .order_by("-at")[:LINES]
        ),
        happened(row, first, now),
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
    if row.opinion:
        words = {"state": STATES["amber"], "why": OPINIONS[row.opinion]}
        return State(LOOKS["amber"], gettext_lazy("%(state)s, %(why)s") % words)
    return State(LOOKS[row.state], STATES[row.state])


def basis_words(basis: Mapping[str, Any], opinion: str, state: str, unit: str) -> str:
    """In a sentence, by which limit or second opinion a state came about; empty where none."""
    said = basis.get("said", {})
    if opinion == "forecast":
        return _("Red within %(time)s is likely: %(p)s %%.") % {
            "time": duration(round(said.get("ahead", 0)) * 1_000_000),
            "p": number(round(100 * said.get("p", 0))),
        }
    if opinion == "drift":
        return _("It has drifted from what is usual, %(usual)s, by little but for long.") % {
            "usual": in_unit(rounded(said.get("usual")), unit)
        }
    if "limit" not in basis or state not in STATES:
        return ""
    return _("The limit of %(state)s lies at %(limit)s: version %(n)s, %(kind)s.") % {
        "state": STATES[state],
        "limit": in_unit(rounded(basis["limit"]), unit),
        "n": basis.get("version", 0),
        "kind": KINDS.get(basis.get("kind", "static"), KINDS["static"]),
    }


def rounded(value: float | None) -> float | None:
    """A number that was computed, to four digits that matter."""
    return None if value is None else float(f"{value:.4g}")


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
        parts += filter(None, [basis_words(one.basis, one.opinion, one.after, shown.row.unit)])
        if one.verdict:
            parts.append(str(VERDICTS[one.verdict]))
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
    for note in shown.notes:
        writer = note.created_by
        said = labelled(_("Marked by"), writer.get_username()) if writer is not None else ""
        found.append(Happening(note.at, note.text, note=said))
    return sorted(found, key=lambda one: one.at, reverse=True)


def limit_words(one: IndicatorLimits, unit: str, now: Limits | None = None) -> tuple[str, str]:
    """From where on it is amber, and red; `now` where these lie at present, if they move."""
    if one.kind == "seasonal" and now is None:
        sign = {"higher": "+", "lower": "−", "band": "±"}[one.direction]
        text = _("usual %(sign)s %(n)s deviations")
        amber, red = (
            text % {"sign": sign, "n": number(one.terms[f"{level}_width"])}
            for level in ("amber", "red")
        )
        return amber, red
    where = now or one
    amber, red = in_unit(rounded(where.amber), unit), in_unit(rounded(where.red), unit)
    if one.direction == "lower":
        return f"≤ {amber}", f"≤ {red}"
    if one.direction == "band":
        low = in_unit(rounded(where.amber_low), unit)
        least = in_unit(rounded(where.red_low), unit)
        return f"≤ {low}, ≥ {amber}", f"≤ {least}, ≥ {red}"
    return f"≥ {amber}", f"≥ {red}"

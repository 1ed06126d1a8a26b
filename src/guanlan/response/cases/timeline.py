"""The timeline of a case: written by every service here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from django.utils.translation import pgettext_lazy

from guanlan.core.access import Subject
from guanlan.core.audit import actor
from guanlan.response.models import Case, CaseEntry
from guanlan.response.terms import Words

Value = str | int | None
KINDS: Final[dict[str, Words]] = {
    "opened": pgettext_lazy("in the timeline of a case", "opened"),
    "joined": pgettext_lazy("in the timeline of a case", "alerts joined"),
    "acknowledged": pgettext_lazy("in the timeline of a case", "acknowledged"),
    "assigned": pgettext_lazy("in the timeline of a case", "given to a person"),
    "queued": pgettext_lazy("in the timeline of a case", "put into a queue"),
    "contained": pgettext_lazy("in the timeline of a case", "contained"),
    "severity": pgettext_lazy("in the timeline of a case", "severity changed"),
    "amount": pgettext_lazy("in the timeline of a case", "amount at stake"),
    "waits": pgettext_lazy("in the timeline of a case", "waits for the customer"),
    "goes_on": pgettext_lazy("in the timeline of a case", "goes on"),
    "item": pgettext_lazy("in the timeline of a case", "done"),
    "item_open": pgettext_lazy("in the timeline of a case", "not done after all"),
    "decided": pgettext_lazy("in the timeline of a case", "decided on the customer"),
    "closing": pgettext_lazy("in the timeline of a case", "to be closed, if another confirms"),
    "closing_refused": pgettext_lazy("in the timeline of a case", "closing refused"),
    "closing_ended": pgettext_lazy("in the timeline of a case", "not closed: more came in"),
    "closed": pgettext_lazy("in the timeline of a case", "closed"),
    "reopened": pgettext_lazy("in the timeline of a case", "opened again"),
    "merged": pgettext_lazy("in the timeline of a case", "took in another case"),
    "merged_into": pgettext_lazy("in the timeline of a case", "merged into another case"),
    "split": pgettext_lazy("in the timeline of a case", "alerts split off"),
    "linked": pgettext_lazy("in the timeline of a case", "tied to another case"),
    "late": pgettext_lazy("in the timeline of a case", "not resolved in time"),
    "plan": pgettext_lazy("in the timeline of a case", "plan started"),
    "incident": pgettext_lazy("in the timeline of a case", "incident declared"),
}


def line(
    case: Case,
    kind: str,
    at: dt.datetime,
    by: Subject | None = None,
    *,
    text: str = "",
    values: Mapping[str, Value] | None = None,
) -> CaseEntry:
    """A line, to be saved with others."""
    return CaseEntry(
        case=case,
        at=at,
        kind=kind,
        by_id=(by or actor().subject).id,
        values=dict(values or {}),
        text=text,
    )


def enter(
    case: Case,
    kind: str,
    at: dt.datetime,
    by: Subject | None = None,
    *,
    text: str = "",
    values: Mapping[str, Value] | None = None,
) -> CaseEntry:
    """Add a line; whoever calls this does so within its act."""
    row = line(case, kind, at, by, text=text, values=values)
    row.save(force_insert=True)
    return row

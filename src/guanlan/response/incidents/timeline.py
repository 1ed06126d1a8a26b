"""The timeline of an incident: written by every service here, and by people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from guanlan.core.access import Subject
from guanlan.core.audit import act
from guanlan.response.incidents.finding import locked
from guanlan.response.models import Incident, TimelineEntry
from guanlan.response.terms import Words

Value = str | int | None
KINDS: Final[dict[str, Words]] = {
    "declared": pgettext_lazy("in the timeline of an incident", "declared"),
    "severity": pgettext_lazy("in the timeline of an incident", "severity changed"),
    "assumed": pgettext_lazy("in the timeline of an incident", "role assumed"),
    "asked": pgettext_lazy("in the timeline of an incident", "asked to take command"),
    "renounced": pgettext_lazy("in the timeline of an incident", "role ended"),
    "stable": pgettext_lazy("in the timeline of an incident", "stable"),
    "closed": pgettext_lazy("in the timeline of an incident", "closed"),
    "reopened": pgettext_lazy("in the timeline of an incident", "opened again"),
    "linked": pgettext_lazy("in the timeline of an incident", "tied to"),
    "plan": pgettext_lazy("in the timeline of an incident", "plan started"),
    "plan_missing": pgettext_lazy("in the timeline of an incident", "plan could not start"),
    "task": pgettext_lazy("in the timeline of an incident", "task added"),
    "task_done": pgettext_lazy("in the timeline of an incident", "task done"),
    "task_verified": pgettext_lazy("in the timeline of an incident", "task verified"),
    "task_refused": pgettext_lazy("in the timeline of an incident", "task not accepted"),
    "task_dropped": pgettext_lazy("in the timeline of an incident", "task dropped"),
    "update": pgettext_lazy("in the timeline of an incident", "news told"),
    "cost": pgettext_lazy("in the timeline of an incident", "cost added"),
    "reviewed": pgettext_lazy("in the timeline of an incident", "reviewed"),
    "clock": pgettext_lazy("in the timeline of an incident", "clock started"),
    "clock_ended": pgettext_lazy("in the timeline of an incident", "clock ended"),
    "draft": pgettext_lazy("in the timeline of an incident", "report begun"),
    "reported": pgettext_lazy("in the timeline of an incident", "reported"),
    "status": pgettext_lazy("in the timeline of an incident", "status page"),
    "posted": pgettext_lazy("in the timeline of an incident", "news on the status page"),
    "note": pgettext_lazy("in the timeline of an incident", "note"),
}
LONGEST: Final = 4000


def enter(
    incident: Incident,
    kind: str,
    at: dt.datetime,
    subject: Subject,
    *,
    text: str = "",
    written: dt.datetime | None = None,
    values: Mapping[str, Value] | None = None,
) -> TimelineEntry:
    """Add a line; whoever calls this does so within its act."""
    row = TimelineEntry(
        incident=incident,
        at=at,
        written=written or at,
        kind=kind,
        by_id=subject.id,
        values=dict(values or {}),
        text=text,
    )
    row.save()
    return row


def note(
    subject: Subject,
    incident: Incident,
    text: str,
    *,
    now: dt.datetime,
    at: dt.datetime | None = None,
) -> TimelineEntry:
    """Write down what happened, and when if that was earlier. Raises Denied, or ValidationError
    by field."""
    said = text.replace("\0", "").strip()
    if not 0 < len(said) <= LONGEST:
        raise ValidationError({"text": _("Write 1 to %(n)s characters.") % {"n": LONGEST}})
    if at is not None and at > now:
        raise ValidationError({"at": _("This is in the future.")})
    with act("incident.note", incident):
        row = locked(subject, incident)
        return enter(row, "note", at or now, subject, text=said, written=now)

"""What became of an alert, line by line: written here, read by its page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.utils.translation import pgettext_lazy

from guanlan.core.access import Subject
from guanlan.core.audit import actor
from guanlan.response.models import Alert, AlertHappening
from guanlan.response.terms import Words

KINDS: Final[dict[str, Words]] = {
    "acknowledged": pgettext_lazy("became of an alert", "acknowledged"),
    "contained": pgettext_lazy("became of an alert", "contained"),
    "closed": pgettext_lazy("became of an alert", "closed"),
    "reopened": pgettext_lazy("became of an alert", "opened again"),
    "assigned": pgettext_lazy("became of an alert", "given to a person"),
    "severity": pgettext_lazy("became of an alert", "severity changed"),
    "snoozed": pgettext_lazy("became of an alert", "snoozed"),
    "muted": pgettext_lazy("became of an alert", "nobody is told for the moment"),
    "returned": pgettext_lazy("became of an alert", "came back"),
    "told": pgettext_lazy("became of an alert", "told"),
    "well": pgettext_lazy("became of an alert", "well again; closed by the platform"),
    "moved": pgettext_lazy("became of an alert", "its indicator changed"),
    "nobody": pgettext_lazy("became of an alert", "nobody was reachable; told the owners"),
}


def note(
    alert: Alert,
    kind: str,
    at: datetime,
    *,
    by: Subject | None = None,
    values: Mapping[str, str | int | None] | None = None,
    reason: str = "",
) -> AlertHappening:
    """Write down what became of an alert; `reason` is what a person wrote, and is sealed."""
    who = (by or actor().subject).id
    return AlertHappening.objects.create(
        alert=alert,
        at=at,
        kind=kind,
        by_id=who,
        values=dict(values or {}),
        reason=reason or None,
    )

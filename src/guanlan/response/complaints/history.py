"""What became of a complaint, line by line: written here, read by its page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.utils.translation import pgettext_lazy

from guanlan.core.access import Subject
from guanlan.core.audit import actor
from guanlan.response.models import Complaint, ComplaintHappening
from guanlan.response.terms import Words

KINDS: Final[dict[str, Words]] = {
    "taken": pgettext_lazy("became of a complaint", "came in"),
    "after_all": pgettext_lazy("became of a complaint", "a person took it in after all"),
    "assigned": pgettext_lazy("became of a complaint", "given to a person"),
    "triaged": pgettext_lazy("became of a complaint", "sorted"),
    "complex": pgettext_lazy("became of a complaint", "found to be complex"),
    "labels": pgettext_lazy("became of a complaint", "labels changed"),
    "waiting": pgettext_lazy("became of a complaint", "the customer was asked"),
    "customer": pgettext_lazy("became of a complaint", "the customer wrote again"),
    "queued": pgettext_lazy("became of a complaint", "a reply was put on its way"),
    "replied": pgettext_lazy("became of a complaint", "a reply was sent"),
    "recorded": pgettext_lazy("became of a complaint", "a reply was recorded"),
    "unsent": pgettext_lazy("became of a complaint", "a reply could not be sent"),
    "told": pgettext_lazy("became of a complaint", "the customer was told the outcome"),
    "closed": pgettext_lazy("became of a complaint", "closed"),
    "reopened": pgettext_lazy("became of a complaint", "opened again"),
    "extension_asked": pgettext_lazy("became of a complaint", "more time was asked for"),
    "extension_approved": pgettext_lazy("became of a complaint", "more time was approved"),
    "extension_refused": pgettext_lazy("became of a complaint", "more time was refused"),
    "duplicate": pgettext_lazy("became of a complaint", "found to be the same as another"),
    "distinct": pgettext_lazy("became of a complaint", "found to be another than that it is like"),
    "tied": pgettext_lazy("became of a complaint", "tied to an incident"),
    "file_refused": pgettext_lazy("became of a complaint", "a file was not taken"),
    "rated": pgettext_lazy("became of a complaint", "rated by the customer"),
}


def note(
    complaint: Complaint,
    kind: str,
    at: datetime,
    *,
    by: Subject | None = None,
    values: Mapping[str, str | int | None] | None = None,
    reason: str = "",
) -> ComplaintHappening:
    """Write down what became of a complaint; `reason` is what a person wrote, and is sealed."""
    return ComplaintHappening.objects.create(
        complaint=complaint,
        at=at,
        kind=kind,
        by_id=(by or actor().subject).id,
        values=dict(values or {}),
        reason=reason or None,
    )

"""The clocks and reports on the page of an incident."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from guanlan.core.access import Subject, may
from guanlan.response.clocks.running import is_open
from guanlan.response.clocks.terms import DRAFTS, said
from guanlan.response.incidents.duties import matter_of
from guanlan.response.incidents.showing import IncidentLook
from guanlan.response.models import RegulatoryReport, RunningClock
from guanlan.response.pages import clocks, regulatory_reports
from guanlan.web.resource import State

MOST = 50


class ClockLine(NamedTuple):
    """A clock as it stands on the page."""

    title: str
    url: str
    left: str
    state: State


class ReportLine(NamedTuple):
    """A report as it stands on the page."""

    title: str
    url: str
    state: State


def sees(look: IncidentLook, subject: Subject) -> bool:
    """Whether the subject sees clocks at all."""
    return may(subject, "see", "response.runningclock")


def running(look: IncidentLook, subject: Subject) -> Mapping[str, Any]:
    """Its clocks with what is left of each, its reports, and where clocks are started."""
    matter = matter_of(look.row)
    found = RunningClock.objects.for_user(subject).filter(
        about_noun=matter.noun, about_id=matter.id
    )
    rows = found.select_related("rule").order_by("turn", "id")[:MOST]
    lines = [
        ClockLine(
            said(one.rule.title),
            reverse("clock", args=[one.pk]),
            clocks.left(one),
            clocks.state(one),
        )
        for one in sorted(rows, key=lambda one: not is_open(one))
    ]
    context: dict[str, Any] = {"clocks": lines, "reports": _reports(look, subject)}
    if may(subject, "add", "response.runningclock") and look.row.state != "closed":
        asked = urlencode({"noun": matter.noun, "id": matter.id})
        context["start"] = f"{reverse('start_clocks')}?{asked}"
    return context


def _reports(look: IncidentLook, subject: Subject) -> list[ReportLine]:
    if not may(subject, "see", "response.regulatoryreport"):
        return []
    matter = matter_of(look.row)
    rows = RegulatoryReport.objects.for_user(subject).filter(
        about_noun=matter.noun, about_id=matter.id
    )
    return [
        ReportLine(
            one.title,
            reverse("regulatory_report", args=[one.pk]),
            State(regulatory_reports.LOOKS[one.state], DRAFTS[one.state]),
        )
        for one in rows.order_by("-created", "-id")[:MOST]
    ]

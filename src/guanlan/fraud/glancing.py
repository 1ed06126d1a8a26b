"""What decisions say on the overview, and what a new installation still lacks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import ngettext

from guanlan.core.access import ANYWHERE, may
from guanlan.fraud import dashboards, figures, programs
from guanlan.fraud.dashboards import Look, severe
from guanlan.fraud.first_steps import first_steps, state_of
from guanlan.fraud.showing import Shower
from guanlan.web.charts import Chart
from guanlan.web.dashboards import Listing
from guanlan.web.once import once
from guanlan.web.overview import BOARD, DUTY, Figure, Glance, begin_with, loop
from guanlan.web.rights import subject_of_request
from guanlan.web.words import number

HOURS: Final = 24


@once
def day(glance: Glance) -> Look:
    """The last 24 hours of decisions, read once for all that is told of them."""
    span = figures.window(HOURS, time.time_ns() // 1000)
    return Look(span, Shower(programs.latest()), glance.subject)


@loop("identify", noun="fraud.figures", order=10)
def decided(glance: Glance) -> Figure:
    """Decisions of the last 24 hours."""
    n = day(glance).decisions
    text = ngettext("decision in 24 hours", "decisions in 24 hours", n)
    return Figure(number(n), text, reverse("figures"))


@loop("respond", noun="fraud.figures", order=10)
def stopped(glance: Glance) -> Figure:
    """What was stopped of them."""
    look = day(glance)
    n = sum(look.totals.get(int(one), dashboards.NONE).decisions for one in figures.STOPPED)
    text = ngettext("payment held or declined", "payments held or declined", n)
    link = look.list_of(f"outcome:>=hold {look.when}") or reverse("figures")
    return Figure(number(n), text, link)


@DUTY.panel(row=40, noun="fraud.figures")
def outcomes(glance: Glance) -> Chart:
    """Decisions of the day by outcome."""
    return dashboards.outcomes(day(glance))


@DUTY.panel(row=45, noun="fraud.decision")
def severe_ones(glance: Glance) -> Listing:
    """Decisions to look at first."""
    return severe(day(glance))


@BOARD.panel(row=60, noun="fraud.figures")
def outcomes_for_board(glance: Glance) -> Chart:
    """Decisions of the day by outcome."""
    return dashboards.outcomes(day(glance))


@begin_with
def steps(request: HttpRequest) -> tuple[str, Mapping[str, Any]] | None:
    """The first five minutes of an installation."""
    if not may(subject_of_request(request), "see", "fraud.figures", scope=ANYWHERE):
        return None
    found = first_steps(request)
    if not found:
        return None
    values = {
        "steps": found,
        "steps_state": state_of(found),
        "open_step": next((step for step in found if not step.done), None),
    }
    return "fraud/first_steps.html", values

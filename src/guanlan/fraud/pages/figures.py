"""Decisions at a glance: how many, how much, how fast, and what to look at first."""

from __future__ import annotations

import time

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guanlan.fraud import figures, programs
from guanlan.fraud.dashboards import FIGURES, Look
from guanlan.fraud.figures import Window
from guanlan.fraud.first_steps import COOKIE, DISMISSED, first_steps, state_of
from guanlan.fraud.showing import Shower
from guanlan.web.cookies import keep
from guanlan.web.rights import needs, signed_in, subject_of_request


def window_titles() -> dict[int, str]:
    """The windows on offer, by hours."""
    return {
        1: _("1 hour"),
        24: _("24 hours"),
        168: _("7 days"),
        720: _("30 days"),
    }


def read_window(request: HttpRequest) -> Window:
    """The window asked for by `?hours=`; 24 hours unless it is one on offer."""
    asked = request.GET.get("hours", "")
    hours = int(asked) if asked.isdecimal() and int(asked) in figures.BARS else 24
    return figures.window(hours, time.time_ns() // 1000)


@needs("see", "fraud.figures")
@require_safe
def glance(request: HttpRequest) -> HttpResponse:
    """The figures of a window of time; with htmx only their moving part."""
    span = read_window(request)
    subject = subject_of_request(request)
    look = Look(span, Shower(programs.latest()), subject)
    moving = getattr(request, "htmx", False)
    filled = moving or look.log.events > 0 or look.decisions > 0
    context = {
        "span": span,
        "windows": window_titles(),
        "any": filled,
        "newest": look.log.clock,
        "rows": FIGURES.draw(look, subject_of_request(request)) if filled else [],
    }
    if moving:
        return render(request, "web/panels.html", context)
    return render(request, "fraud/figures.html", context)


@needs("see", "fraud.figures")
@require_safe
def steps_moved(request: HttpRequest) -> HttpResponse:
    """Nothing, as long as the first steps stand as `?state=` says; then a word to reload."""
    answer = HttpResponse(status=204)
    if state_of(first_steps(request)) != request.GET.get("state", ""):
        answer["HX-Refresh"] = "true"
    return answer


@signed_in
@require_POST
def dismiss_first_steps(request: HttpRequest) -> HttpResponse:
    """Hide the first steps from this browser."""
    answer = redirect("overview")
    keep(answer, COOKIE, DISMISSED)
    return answer

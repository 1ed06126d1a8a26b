"""The loop at a glance: how many, how much, how fast, and what to look at first."""

from __future__ import annotations

import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guanlan.engine.scenario.model import Outcome
from guanlan.fraud import figures, programs
from guanlan.fraud.charts import day_labels, latency_chart, outcome_chart
from guanlan.fraud.figures import Count, Window
from guanlan.fraud.first_steps import COOKIE, COOKIE_AGE, DISMISSED, first_steps, state_of
from guanlan.fraud.showing import Shower, decisions_url
from guanlan.web.rights import needs, signed_in

SEVERE_ROWS = 9
RULE_ROWS = 10


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


def since(span: Window) -> str:
    """The window as a condition of the list's filter."""
    text = f"after:{figures.local_text(span.first)}"
    return f"{text} before:{figures.local_text(span.end)}" if span.stale else text


@needs("see", "fraud.figures")
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The first screen; with htmx only its moving part."""
    span = read_window(request)
    shower = Shower(programs.latest())
    bars = figures.outcomes_by_bar(span)
    totals: dict[int, Count] = {}
    for bar in bars.values():
        for outcome, count in bar.items():
            before = totals.get(outcome, Count(0, 0))
            totals[outcome] = Count(
                before.decisions + count.decisions, before.amount + count.amount
            )
    stopped = [totals.get(int(o), Count(0, 0)) for o in figures.STOPPED]
    decisions = sum(count.decisions for count in totals.values())
    histograms = figures.latency_by_bar(span)
    histogram = figures.merged(histograms.values())
    waiting = figures.waiting_for_review(span)
    log = figures.log_state()
    rules = figures.rule_counts(span, RULE_ROWS)
    when = since(span)
    asked = sum(c.decisions for o, c in totals.items() if o > Outcome.review)
    context = {
        "span": span,
        "windows": window_titles(),
        "any": decisions > 0 or log.events > 0,
        "decisions": decisions,
        "approved": totals.get(int(Outcome.approve), Count(0, 0)).decisions / decisions
        if decisions
        else None,
        "stopped": sum(count.amount for count in stopped),
        "stopped_note": _("%(n)s held or declined") % {"n": sum(c.decisions for c in stopped)},
        "currency": shower.currency,
        "waiting": waiting,
        "p50": figures.quantile(histogram, 0.5),
        "p99": figures.quantile(histogram, 0.99),
        "asked": asked,
        "log": log,
        "rules": [(r, shower.rule(r.name), decisions_url(f"rule:{r.name} {when}")) for r in rules],
        "most_hits": max((r.hits for r in rules), default=0),
        "severe": [shower.row(d) for d in figures.newest_severe(SEVERE_ROWS)],
        "links": {
            "decisions": decisions_url(when),
            "stopped": decisions_url(f"outcome:>=hold {when}"),
            "waiting": decisions_url(f"outcome:review {when}"),
            "severe": decisions_url("outcome:>=challenge"),
            "health": reverse("health"),
        },
        "outcome_chart": outcome_chart(span, bars, day_labels(span)),
        "latency_chart": latency_chart(span, histograms, day_labels(span)),
        "newest": log.clock,
    }
    if getattr(request, "htmx", False):
        return render(request, "fraud/overview_moving.html", context)
    steps = first_steps(request)
    context["steps"] = steps
    context["steps_state"] = state_of(steps)
    context["open_step"] = next((step for step in steps if not step.done), None)
    return render(request, "fraud/overview.html", context)


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
    answer.set_cookie(
        COOKIE, DISMISSED, max_age=COOKIE_AGE, samesite="Lax", secure=settings.HTTPS, httponly=True
    )
    return answer

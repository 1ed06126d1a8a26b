"""Backtests: the list, and a report with its charts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from guanlan.fraud.models import Backtest


@require_safe
def backtests(request: HttpRequest) -> HttpResponse:
    """Reports, newest first."""
    rows = Backtest.objects.only("id", "title", "scenario", "version", "created", "report")[:200]
    return render(request, "fraud/backtests.html", {"rows": rows})


@require_safe
def backtest(request: HttpRequest, identity: int) -> HttpResponse:
    """One report."""
    found = get_object_or_404(Backtest, pk=identity)
    return render(request, "fraud/backtest.html", {"backtest": found, "section": "backtests"})

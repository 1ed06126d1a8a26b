"""Backtests: the list, and a report with its charts.

The stored report is the JSON of `guanlan.engine.backtest.Report`. It is read as plain data,
so that the console need not load the machinery that made it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guanlan.engine.scenario.model import Outcome
from guanlan.fraud.charts import Chart
from guanlan.fraud.models import Backtest
from guanlan.web.rights import needs
from guanlan.web.words import language_tag, major

Report = dict[str, Any]
RULES_IN_CHART = 15


@needs("see", "fraud.backtest")
@require_safe
def backtests(request: HttpRequest) -> HttpResponse:
    """Reports, newest first."""
    rows = [
        (row, row.report.get("ranking") or {}, row.report.get("period") or {})
        for row in Backtest.objects.all()[:200]
    ]
    return render(request, "fraud/backtests.html", {"rows": rows})


@needs("see", "fraud.backtest")
@require_safe
def backtest(request: HttpRequest, identity: int) -> HttpResponse:
    """One report."""
    found = get_object_or_404(Backtest, pk=identity)
    report: Report = found.report
    currency = report["currency"]
    context = {
        "backtest": found,
        "section": "backtests",
        "report": report,
        "currency": currency,
        "title": _title(report["title"]),
        "judged": report["frauds"] > 0,
        "alert": Outcome(report["evaluation"]["alert"]).name,
        "stop": Outcome(report["evaluation"]["stop"]).name,
        "outcomes": report["outcomes"],
        "rules": [
            (rule, _title(rule["title"]))
            for rule in sorted(report["rules"], key=lambda r: (-r["frauds"], -r["hits"]))
        ],
        "folds": report["folds"],
        "charts": {
            "roc": _roc(report["roc"]),
            "precision_recall": _precision_recall(report),
            "days": _days(report["days"]),
            "rules": _rules(report["rules"]),
            "money": _money(report["money"], currency),
        },
    }
    return render(request, "fraud/backtest.html", context)


def _title(title: dict[str, str]) -> str:
    language = language_tag()
    if language == "zh-Hant" and title.get("zh-Hant"):
        return title["zh-Hant"]
    return title["zh"] if language.startswith("zh") else title["en"]


def _roc(points: Sequence[Sequence[float]]) -> Chart | None:
    if not points:
        return None
    return {
        "kind": "line", "points": True, "xTitle": _("honest events alerted on"),
        "y": _("frauds found"), "xMin": 0, "xMax": 1, "min": 0, "max": 1,
        "series": [
            {"name": _("this scenario"), "token": "--accent", "data": points},
            {"name": _("chance"), "token": "--ink-3", "dashed": True, "data": [[0, 0], [1, 1]]},
        ],
    }  # fmt: skip


def _precision_recall(report: Report) -> Chart | None:
    if not report["precision_recall"]:
        return None
    share = report["fraud_rate"] or 0
    series = [
        {
            "name": _("this scenario"),
            "token": "--accent",
            # Without an alert there is no precision: some tools write a point there all the same.
            "data": [[r, p] for r, p in report["precision_recall"] if r > 0 or p == 0],
        },
        {
            "name": _("chance"),
            "token": "--ink-3",
            "dashed": True,
            "data": [[0, share], [1, share]],
        },
    ]
    for name, token, threshold in (
        (_("alerts"), "--o-review", report["alerts"]),
        (_("stops"), "--o-decline", report["stops"]),
    ):
        known = threshold["precision"] is not None and threshold["recall"] is not None
        if threshold["events"] and known:
            point = [threshold["recall"], threshold["precision"]]
            series.append({"name": name, "token": token, "type": "scatter", "data": [point]})
    return {
        "kind": "line", "points": True, "xTitle": _("frauds found (recall)"),
        "y": _("of alerts, fraud (precision)"), "xMin": 0, "xMax": 1, "min": 0, "max": 1,
        "series": series,
    }  # fmt: skip


def _days(days: Sequence[dict[str, Any]]) -> Chart:
    return {
        "kind": "bar", "stack": True, "x": [day["day"] for day in days], "whole": True,
        "y": _("events a day"),
        "series": [
            {
                "name": _("frauds found"),
                "token": "--accent",
                "data": [day["found"] for day in days],
            },
            {
                "name": _("frauds missed"),
                "token": "--o-decline",
                "data": [day["frauds"] - day["found"] for day in days],
            },
            {
                "name": _("false alerts"),
                "token": "--o-review",
                "data": [day["alerts"] - day["found"] for day in days],
            },
        ],
    }  # fmt: skip


def _rules(rules: Sequence[dict[str, Any]]) -> Chart:
    chosen = sorted((r for r in rules if r["hits"]), key=lambda r: (-r["frauds"], -r["hits"]))
    chosen = chosen[:RULES_IN_CHART]
    return {
        "kind": "bar", "stack": True, "across": True, "whole": True,
        "x": [_title(rule["title"]) for rule in chosen],
        "series": [
            {
                "name": _("hits on fraud"),
                "token": "--accent",
                "data": [rule["frauds"] for rule in chosen],
            },
            {
                "name": _("hits on honest events"),
                "token": "--o-review",
                "data": [rule["hits"] - rule["frauds"] for rule in chosen],
            },
        ],
    }  # fmt: skip


def _money(money: dict[str, int], currency: str) -> Chart:
    rows = [
        (_("loss without Guanlan"), money["without"], "--o-decline"),
        (_("loss that was missed"), money["missed"], "--o-challenge"),
        (_("cost of reviews"), money["reviews"], "--o-review"),
        (_("cost of stopping honest customers"), money["friction"], "--o-hold"),
        (_("saved"), money["saved"], "--accent"),
    ]
    names = [name for name, _value, _token in rows]
    return {
        "kind": "bar", "across": True, "stack": True, "x": names, "unit": currency, "plain": True,
        "series": [
            {
                "name": name,
                "token": token,
                "data": [major(value, currency) if other == name else None for other in names],
            }
            for name, value, token in rows
        ],
    }  # fmt: skip

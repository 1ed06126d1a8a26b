"""A backtest: a report with its charts.

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
from guanlan.fraud.models import Backtest
from guanlan.web.charts import Chart, Series
from guanlan.web.rights import needs, subject_of_request
from guanlan.web.words import language_tag, major

Report = dict[str, Any]
RULES_IN_CHART = 15


@needs("see", "fraud.backtest")
@require_safe
def backtest(request: HttpRequest, identity: int) -> HttpResponse:
    """One report."""
    found = get_object_or_404(Backtest.objects.for_user(subject_of_request(request)), pk=identity)
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
            "money": _money(report["money"], currency, report["frauds"] > 0),
        },
    }
    return render(request, "fraud/backtest.html", context)


def _title(title: dict[str, str]) -> str:
    language = language_tag()
    if language == "zh-Hant" and title.get("zh-Hant"):
        return title["zh-Hant"]
    return title["zh"] if language.startswith("zh") else title["en"]


def _roc(points: Sequence[Sequence[float]]) -> Chart:
    series = [
        Series(name=_("this scenario"), colour="--accent", data=points),
        Series(name=_("chance"), colour="--ink-3", dashed=True, data=[[0, 0], [1, 1]]),
    ]
    return Chart(
        id="roc",
        title=_("Frauds found against honest events alerted on (ROC)"),
        kind="line",
        points=True,
        x_title=_("honest events alerted on"),
        y=_("frauds found"),
        x_low=0,
        x_high=1,
        low=0,
        high=1,
        size="tall",
        series=series if points else [],
        empty=_("unknown: no labelled fraud"),
    )


def _precision_recall(report: Report) -> Chart:
    share = report["fraud_rate"] or 0
    # Without an alert there is no precision: some tools write a point there all the same.
    curve = [[r, p] for r, p in report["precision_recall"] if r > 0 or p == 0]
    series = [
        Series(name=_("this scenario"), colour="--accent", data=curve),
        Series(name=_("chance"), colour="--ink-3", dashed=True, data=[[0, share], [1, share]]),
    ]
    for name, colour, threshold in (
        (_("alerts"), "--o-review", report["alerts"]),
        (_("stops"), "--o-decline", report["stops"]),
    ):
        known = threshold["precision"] is not None and threshold["recall"] is not None
        if threshold["events"] and known:
            point = [threshold["recall"], threshold["precision"]]
            series.append(Series(name=name, colour=colour, kind="scatter", data=[point]))
    return Chart(
        id="precision-recall",
        title=_("Precision against recall"),
        kind="line",
        points=True,
        x_title=_("frauds found (recall)"),
        y=_("of alerts, fraud (precision)"),
        x_low=0,
        x_high=1,
        low=0,
        high=1,
        size="tall",
        series=series if report["precision_recall"] else [],
        empty=_("unknown: no labelled fraud"),
    )


def _days(days: Sequence[dict[str, Any]]) -> Chart:
    parts = (
        (_("frauds found"), "--accent", [day["found"] for day in days]),
        (_("frauds missed"), "--o-decline", [day["frauds"] - day["found"] for day in days]),
        (_("false alerts"), "--o-review", [day["alerts"] - day["found"] for day in days]),
    )
    return Chart(
        id="days",
        title=_("Alerts and frauds by day"),
        x=[day["day"] for day in days],
        x_title=_("Day"),
        y=_("events a day"),
        stacked=True,
        whole=True,
        zoom=True,
        series=[Series(name=name, colour=colour, data=data) for name, colour, data in parts],
    )


def _rules(rules: Sequence[dict[str, Any]]) -> Chart:
    chosen = sorted((r for r in rules if r["hits"]), key=lambda r: (-r["frauds"], -r["hits"]))
    chosen = chosen[:RULES_IN_CHART]
    parts = (
        (_("hits on fraud"), "--accent", [rule["frauds"] for rule in chosen]),
        (
            _("hits on honest events"),
            "--o-review",
            [rule["hits"] - rule["frauds"] for rule in chosen],
        ),
    )
    return Chart(
        id="rule-hits",
        title=_("Rules that hit most"),
        x=[_title(rule["title"]) for rule in chosen],
        x_title=_("Rule"),
        stacked=True,
        across=True,
        whole=True,
        size="tall",
        series=[Series(name=name, colour=colour, data=data) for name, colour, data in parts],
        empty=_("No rule hit."),
    )


def _money(money: dict[str, int], currency: str, judged: bool) -> Chart:
    rows = [
        (_("loss without Guanlan"), money["without"], "--o-decline"),
        (_("loss that was missed"), money["missed"], "--o-challenge"),
        (_("cost of reviews"), money["reviews"], "--o-review"),
        (_("cost of stopping honest customers"), money["friction"], "--o-hold"),
        (_("saved"), money["saved"], "--accent"),
    ]
    return Chart(
        id="money",
        title=_("Money"),
        note=currency,
        x=[name for name, _value, _colour in rows],
        across=True,
        unit=currency,
        legend=False,
        series=[
            Series(
                name=_("Amount"),
                colour="--accent",
                colours=[colour for _name, _value, colour in rows],
                data=[major(value, currency) for _name, value, _colour in rows],
            )
        ]
        if judged
        else [],
        empty=_("unknown: no labelled fraud"),
    )

"""A backtest: a report with its charts.

The stored report is the JSON of `guanlan.engine.backtest.Report`. It is read as plain data,
so that the console need not load the machinery that made it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject
from guanlan.engine.scenario.model import Outcome
from guanlan.fraud import programs
from guanlan.fraud.models import Backtest
from guanlan.fraud.showing import Shower
from guanlan.web.charts import Chart, Series
from guanlan.web.dashboards import Tile
from guanlan.web.resource import Drawing, Numbers, Panel
from guanlan.web.templatetags.console import compact_money, figure, fine_percent, number
from guanlan.web.words import language_tag, major

Report = dict[str, Any]
RULES_IN_CHART = 15


class BacktestLook:
    """A stored report as its page looks at it."""

    def __init__(self, row: Backtest) -> None:
        self.row = row
        self.report: Report = row.report
        self.currency: str = self.report["currency"]
        self.title = _title(self.report["title"])
        self.judged = self.report["frauds"] > 0
        self.alert = Outcome(self.report["evaluation"]["alert"]).name
        self.stop = Outcome(self.report["evaluation"]["stop"]).name
        self.folds = self.report["folds"]
        rules = [
            (rule, _title(rule["title"]))
            for rule in sorted(self.report["rules"], key=lambda r: (-r["frauds"], -r["hits"]))
        ]
        self.rules = [one for one in rules if one[0]["hits"]]
        self.quiet_rules = [one for one in rules if not one[0]["hits"]]


def numbers(look: BacktestLook, subject: Subject) -> Sequence[Tile]:
    """How much was decided, how well, and what it saved."""
    report, ranking, folds = look.report, look.report["ranking"], look.folds
    events = _("%(n)s frauds") % {"n": number(report["frauds"])}
    if look.judged:
        events += f" · {fine_percent(report['fraud_rate'])}"
    tiles = [
        Tile(label=_("Events"), value=number(report["events"]), note=events),
        Tile(
            label="AUC",
            value=figure(ranking["auc"]),
            note=_spread(folds, "auc") or _("how well the score ranks"),
        ),
        Tile(
            label=_("Average precision"),
            value=figure(ranking["average_precision"]),
            note=_spread(folds, "average_precision") or "—",
        ),
    ]
    if ranking["entity"]:
        tiles.append(
            Tile(
                label=_("%(entity)s precision@%(top)s")
                % {
                    "entity": Shower(programs.latest()).kind(ranking["entity"]),
                    "top": ranking["top"],
                },
                value=figure(ranking["entity_precision"]),
                note=_("at most %(ceiling)s possible")
                % {"ceiling": figure(ranking["entity_ceiling"])},
            )
        )
    if not look.judged:
        return [*tiles, Tile(label=_("Saved"), value="—", note=_("unknown"), state="unknown")]
    saved, without = report["money"]["saved"], report["money"]["without"]
    note = _("of %(without)s that would be lost") % {
        "without": compact_money(without, look.currency)
    }
    return [*tiles, Tile(label=_("Saved"), value=compact_money(saved, look.currency), note=note)]


def _spread(folds: dict[str, Any], name: str) -> str:
    """Mean and spread over the periods, where there are any."""
    if not folds[name]:
        return ""
    mean, spread = folds[name]
    return _("%(mean)s ± %(spread)s over %(n)s periods") % {
        "mean": figure(mean),
        "spread": figure(spread),
        "n": len(folds["folds"]),
    }


def _periods(look: BacktestLook, subject: Subject) -> dict[str, Any]:
    said = {"days": look.folds["days"], "delay": look.folds["delay_days"]}
    return {"more": _("%(days)s days each; labels known after %(delay)s days") % said}


PANELS: Final = (
    Numbers(numbers),
    Drawing(lambda look, subject: _roc(look.report["roc"])),
    Drawing(lambda look, subject: _precision_recall(look.report)),
    Panel(gettext_lazy("What the thresholds find"), "fraud/backtest/thresholds.html"),
    Drawing(lambda look, subject: _days(look.report["days"])),
    Drawing(lambda look, subject: _money(look.report["money"], look.currency, look.judged)),
    Panel(gettext_lazy("Outcomes"), "fraud/backtest/outcomes.html"),
    Drawing(lambda look, subject: _rules(look.report["rules"])),
    Panel(gettext_lazy("Rules"), "fraud/backtest/rules.html"),
    Panel(
        gettext_lazy("Periods"),
        "fraud/backtest/periods.html",
        _periods,
        when=lambda look, subject: bool(look.folds["folds"]),
    ),
)


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

"""The report's numbers on a table small enough to count by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import msgspec
import polars as pl
import pytest

from guanlan.engine.backtest import Costs, Evaluation, build_report
from guanlan.engine.backtest.run import OUTCOMES
from guanlan.engine.scenario import parse_scenario

SCENARIO = parse_scenario(
    """\
guanlan: 1
scenario: shop
title: {en: Shop, zh: 商店}
currency: EUR
timezone: Asia/Shanghai
entities:
  card: {title: {en: card, zh: 卡}, level: 2}
events:
  payment:
    title: {en: payment, zh: 支付}
    entities: {card: required}
    fields:
      amount: {type: money, required: true, level: 2, title: {en: amount, zh: 金额}}
rules:
  - {id: a, on: payment, title: {en: A, zh: 甲}, when: amount > money(1), score: 1, severity: low,
     reason: {en: r, zh: 因}}
  - {id: b, on: payment, title: {en: B, zh: 乙}, when: amount > money(2), score: 2, severity: high,
     reason: {en: r, zh: 因}}
  - {id: c, on: payment, title: {en: C, zh: 丙}, when: amount > money(3), score: 4, severity: high,
     reason: {en: r, zh: 因}}
policy: {bands: [{score: 2, outcome: review}], fallback: review}
""",
    "shop.yaml",
)


@dataclass
class Decision:
    day: int
    hour: int
    outcome: str
    score: int
    rules: list[str]
    amount: int
    card: str | None
    label: str | None = None


TABLE = [
    Decision(4, 1, "approve", 0, [], 100, "x"),
    Decision(4, 2, "review", 3, ["a", "b"], 200, "y", "fraud"),
    Decision(4, 20, "decline", 6, ["b"], 400, "z"),  # already the 5th in Shanghai
    Decision(5, 3, "decline", 7, ["b"], 800, "x", "fraud"),
    Decision(5, 4, "monitor", 1, ["a"], 1600, "y", "legit"),
    Decision(6, 1, "approve", 0, [], 3200, None, "fraud"),
]


def decisions(table: list[Decision]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "event_id": [f"e-{n}" for n in range(len(table))],
            "type": ["payment"] * len(table),
            "time": [dt.datetime(2018, 7, d.day, d.hour, tzinfo=dt.UTC) for d in table],
            "outcome": [d.outcome for d in table],
            "score": [d.score for d in table],
            "rules": [d.rules for d in table],
            "amount": [d.amount for d in table],
            "entity": [d.card for d in table],
            "label": [d.label for d in table],
        },
        schema_overrides={
            "time": pl.Datetime("us", "UTC"),
            "outcome": OUTCOMES,
            "rules": pl.List(pl.String),
            "label": pl.String,
        },
    )


def test_totals_thresholds_and_money() -> None:
    evaluation = Evaluation(
        top=1, alerts_per_day=1, costs=Costs(fraud_share=0.5, review=10, false_positive=7)
    )
    report = build_report(SCENARIO, decisions(TABLE), evaluation, labels=4)
    assert (report.events, report.frauds, report.labels) == (6, 3, 4)
    assert (report.amount, report.fraud_amount) == (6300, 4200)
    assert (report.period.first, report.period.last, report.period.days) == (
        "2018-07-04", "2018-07-06", 3,
    )  # fmt: skip
    alerts = report.alerts  # review and above: two frauds, one honest
    assert (alerts.outcome, alerts.events, alerts.per_day) == ("review", 3, 1.0)
    assert alerts.precision == pytest.approx(2 / 3)
    assert alerts.recall == pytest.approx(2 / 3)
    assert alerts.false_positives_per_fraud == 0.5
    assert alerts.value_detection == pytest.approx(1000 / 4200)
    assert (report.stops.outcome, report.stops.events) == ("challenge", 2)
    money = report.money
    assert (money.fraud_value, money.stopped_value) == (4200, 800)
    assert (money.without, money.missed) == (2100, 1700)
    assert (money.reviews, money.friction, money.saved) == (30, 7, 2100 - 1700 - 30 - 7)
    # The best of each local day: e-1 (fraud), e-3 (fraud), nothing on the 6th (score 0).
    assert (report.budget.alerts, report.budget.precision) == (2, 1.0)
    assert report.budget.recall == pytest.approx(2 / 3)
    # Cards: y (fraud) on the 4th, x (fraud) on the 5th; the 6th names no card.
    assert report.ranking.entity_precision == 1.0
    assert report.ranking.entity_ceiling == 1.0


def test_outcomes_rules_and_days() -> None:
    report = build_report(SCENARIO, decisions(TABLE), Evaluation(), labels=4)
    rows = {row.outcome: row for row in report.outcomes}
    assert list(rows) == ["approve", "monitor", "review", "challenge", "limit", "hold", "decline"]
    assert (rows["approve"].events, rows["approve"].frauds) == (2, 1)
    assert (rows["decline"].amount, rows["decline"].fraud_amount) == (1200, 800)
    a, b, c = report.rules
    assert (a.hits, a.frauds, a.only, a.precision, a.amount) == (2, 1, 0, 0.5, 1800)
    assert (b.hits, b.frauds, b.only, b.amount, b.fraud_amount) == (3, 2, 1, 1400, 1000)
    assert b.recall == pytest.approx(2 / 3)
    assert (c.hits, c.precision, c.recall) == (0, None, 0.0)
    assert (b.title.zh, b.severity, b.score) == ("乙", "high", 2)
    days = {row.day: row for row in report.days}
    assert [row.events for row in report.days] == [2, 3, 1]
    fifth = days["2018-07-05"]
    assert (fifth.frauds, fifth.alerts, fifth.found, fifth.stopped) == (1, 2, 1, 2)
    assert (fifth.amount, fifth.fraud_amount, fifth.stopped_fraud_amount) == (2800, 800, 800)


def test_the_period_judged() -> None:
    july_5 = (dt.date(2018, 7, 5) - dt.date(1970, 1, 1)).days
    evaluation = Evaluation(start=july_5, end=july_5 + 1)
    report = build_report(SCENARIO, decisions(TABLE), evaluation, labels=0)
    assert (report.events, report.frauds) == (3, 1)
    assert [row.day for row in report.days] == ["2018-07-05"]
    assert sum(row.hits for row in report.rules) == 3


def test_folds_leave_out_known_cards() -> None:
    # Card x has a fraud on the 1st. With one day to learn of it, and one day of pool, it is known
    # on the 3rd: in the fold of the 3rd and 4th its payments do not count.
    table = [
        Decision(1, 1, "decline", 9, [], 1, "x", "fraud"),
        Decision(2, 1, "approve", 0, [], 1, "y"),
        Decision(3, 1, "decline", 9, [], 1, "x", "fraud"),
        Decision(3, 2, "review", 5, [], 1, "y", "fraud"),
        Decision(4, 1, "approve", 0, [], 1, "z"),
        Decision(4, 2, "monitor", 6, [], 1, "y"),
    ]
    evaluation = Evaluation(top=1, fold_days=2, delay_days=1, known_days=1)
    (fold,) = build_report(SCENARIO, decisions(table), evaluation, labels=2).folds.folds
    assert (fold.first, fold.last) == ("2018-07-03", "2018-07-04")
    assert (fold.events, fold.frauds) == (3, 1)
    assert fold.auc == 0.5
    assert fold.average_precision == 0.5
    assert fold.entity_precision == 0.5
    everything = build_report(SCENARIO, decisions(table), evaluation, labels=2)
    assert everything.frauds == 3
    assert everything.folds.auc == (0.5, 0.0)


def test_the_report_is_json() -> None:
    report = build_report(SCENARIO, decisions(TABLE), Evaluation(), labels=4)
    found = msgspec.json.decode(report.json())
    assert found["format"] == 1
    assert found["scenario"] == "shop"
    assert found["version"] == SCENARIO.digest[:12]
    assert (found["currency"], found["currency_decimals"]) == ("EUR", 2)
    assert found["rules"][1]["title"] == {"en": "B", "zh": "乙", "zh-Hant": ""}
    assert found["roc"][0] == [0.0, 0.0]
    assert found["roc"][-1] == [1.0, 1.0]
    assert report.json() == build_report(SCENARIO, decisions(TABLE), Evaluation(), 4).json()

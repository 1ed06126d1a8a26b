"""The report of a backtest: what the decisions were worth, as plain structs that become JSON.

Rates and precisions are shares from 0 to 1, or null where they are not defined. Money is in
minor units of `currency`. Curves have at most 200 points.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import polars as pl
from msgspec import Struct

from guanlan.engine.backtest import metrics
from guanlan.engine.backtest.evaluation import Evaluation
from guanlan.engine.backtest.metrics import Array, Budget, Counts, Money
from guanlan.engine.scenario.model import Outcome, Scenario, Text
from guanlan.engine.scenario.vocabulary import currency_decimals

FORMAT: Final = 1
POINTS: Final = 200
_EPOCH_DAY: Final = dt.date(1970, 1, 1)


class Period(Struct, frozen=True):
    """The days judged, first and last inclusive, as 2018-07-04, in `timezone`."""

    first: str
    last: str
    days: int
    timezone: str


class Ranking(Struct, frozen=True):
    """How well the score orders events, and `entity` by day. `entity_ceiling` is the
    entity_precision of a perfect score: on most days there are fewer than `top` frauds."""

    auc: float | None
    average_precision: float | None
    entity: str | None
    top: int
    entity_precision: float | None
    entity_ceiling: float | None


class Threshold(Struct, frozen=True):
    """What decisions of at least `outcome` find."""

    outcome: str
    events: int
    per_day: float
    counts: Counts
    precision: float | None
    recall: float | None
    false_positives_per_fraud: float | None
    value_detection: float | None


class OutcomeRow(Struct, frozen=True):
    outcome: str
    events: int
    frauds: int
    amount: int
    fraud_amount: int


class RuleRow(Struct, frozen=True):
    """One rule. `only` counts the frauds that no other rule hit; `amount` is that of all its
    hits, `fraud_amount` that of the frauds among them."""

    rule: str
    title: Text
    severity: str
    score: int
    hits: int
    frauds: int
    only: int
    precision: float | None
    recall: float | None
    amount: int
    fraud_amount: int


class DayRow(Struct, frozen=True):
    """One day: alerts and found speak of decisions of at least the alert outcome."""

    day: str
    events: int
    frauds: int
    alerts: int
    found: int
    stopped: int
    amount: int
    fraud_amount: int
    stopped_fraud_amount: int


class Fold(Struct, frozen=True):
    """One test period in the Handbook's protocol: entities known to be compromised left out."""

    first: str
    last: str
    events: int
    frauds: int
    auc: float | None
    average_precision: float | None
    entity_precision: float | None
    entity_ceiling: float | None


class Folds(Struct, frozen=True):
    """Mean and standard deviation (of the population of folds) over all of them."""

    days: int
    delay_days: int
    known_days: int
    folds: tuple[Fold, ...]
    auc: tuple[float, float] | None
    average_precision: tuple[float, float] | None
    entity_precision: tuple[float, float] | None


class Report(Struct, frozen=True):
    format: int
    scenario: str
    title: Text
    version: str
    currency: str
    currency_decimals: int
    period: Period
    events: int
    frauds: int
    labels: int
    fraud_rate: float | None
    amount: int
    fraud_amount: int
    ranking: Ranking
    alerts: Threshold
    stops: Threshold
    budget: Budget
    outcomes: tuple[OutcomeRow, ...]
    rules: tuple[RuleRow, ...]
    days: tuple[DayRow, ...]
    folds: Folds
    money: Money
    evaluation: Evaluation
    roc: tuple[tuple[float, float], ...]
    precision_recall: tuple[tuple[float, float], ...]

    def json(self) -> bytes:
        """The report as JSON; outcomes in `evaluation` are numbers, elsewhere names."""
        return msgspec.json.encode(self)


class _Columns(Struct, frozen=True):
    fraud: Array
    score: Array
    day: Array
    entity: Array
    amount: Array
    outcome: Array

    def take(self, rows: Array) -> _Columns:
        return _Columns(
            self.fraud[rows],
            self.score[rows],
            self.day[rows],
            self.entity[rows],
            self.amount[rows],
            self.outcome[rows],
        )


def build_report(
    scenario: Scenario, decisions: pl.DataFrame, evaluation: Evaluation, labels: int
) -> Report:
    """Judge a table of decisions (see `run.SCHEMA`); `labels` is the number of label events.

    Events without a label count as honest.
    """
    everything = _columns(decisions, scenario.timezone)
    judged = np.ones(len(everything.day), dtype=bool)
    if evaluation.start is not None:
        judged &= everything.day >= evaluation.start
    if evaluation.end is not None:
        judged &= everything.day < evaluation.end
    c = everything.take(judged)
    kept = decisions.filter(pl.Series(judged, dtype=pl.Boolean))
    days = np.unique(c.day)
    alert = c.outcome >= int(evaluation.alert)
    stop = c.outcome >= int(evaluation.stop)
    costs = evaluation.costs
    frauds = int(np.count_nonzero(c.fraud))
    return Report(
        format=FORMAT,
        scenario=scenario.name,
        title=scenario.title,
        version=scenario.digest[:12],
        currency=scenario.currency,
        currency_decimals=currency_decimals(scenario.currency),
        period=Period(
            first=_date(days[0]) if len(days) else "",
            last=_date(days[-1]) if len(days) else "",
            days=len(days),
            timezone=scenario.timezone,
        ),
        events=len(c.day),
        frauds=frauds,
        labels=labels,
        fraud_rate=metrics.ratio(frauds, len(c.day)),
        amount=int(c.amount.sum()),
        fraud_amount=int(c.amount[c.fraud].sum()),
        ranking=_ranking(c, evaluation),
        alerts=_threshold(c, alert, evaluation.alert, len(days)),
        stops=_threshold(c, stop, evaluation.stop, len(days)),
        budget=metrics.at_daily_budget(c.fraud, c.score, c.day, evaluation.alerts_per_day),
        outcomes=_outcomes(c),
        rules=_rules(scenario, kept, frauds),
        days=_days(c, days, alert, stop),
        folds=_folds(everything, evaluation),
        money=metrics.money(
            c.fraud,
            alert,
            stop,
            c.amount,
            fraud_share=costs.fraud_share,
            review=costs.review,
            false_positive=costs.false_positive,
        ),
        evaluation=evaluation,
        roc=tuple(metrics.roc_curve(c.fraud, c.score, POINTS)),
        precision_recall=tuple(metrics.precision_recall_curve(c.fraud, c.score, POINTS)),
    )


def _columns(decisions: pl.DataFrame, timezone: str) -> _Columns:
    local = decisions["time"].dt.convert_time_zone(timezone).dt.date()
    return _Columns(
        fraud=(decisions["label"] == "fraud").fill_null(False).to_numpy(),
        score=decisions["score"].to_numpy(),
        day=local.cast(pl.Int32).to_numpy(),
        # Codes in the order of the keys, so that ties are broken the same way every time; 0
        # where an event names no such entity.
        entity=decisions["entity"].rank("dense").cast(pl.Int64).fill_null(0).to_numpy(),
        amount=decisions["amount"].fill_null(0).to_numpy(),
        outcome=decisions["outcome"].to_physical().cast(pl.Int64).to_numpy(),
    )


def _date(day: int) -> str:
    return (_EPOCH_DAY + dt.timedelta(days=int(day))).isoformat()


def _entity_precision(c: _Columns, top: int) -> tuple[float | None, float | None]:
    """Card precision@top of the scores, and of a perfect score."""
    c = c.take(c.entity > 0)
    perfect = c.fraud.astype(np.int64)
    return (
        metrics.card_precision_at(c.fraud, c.score, c.day, c.entity, top),
        metrics.card_precision_at(c.fraud, perfect, c.day, c.entity, top),
    )


def _ranking(c: _Columns, evaluation: Evaluation) -> Ranking:
    precision, ceiling = _entity_precision(c, evaluation.top)
    return Ranking(
        auc=metrics.roc_auc(c.fraud, c.score),
        average_precision=metrics.average_precision(c.fraud, c.score),
        entity=evaluation.entity,
        top=evaluation.top,
        entity_precision=precision,
        entity_ceiling=ceiling,
    )


def _threshold(c: _Columns, chosen: Array, outcome: Outcome, days: int) -> Threshold:
    counts = metrics.confusion(c.fraud, chosen)
    events = int(np.count_nonzero(chosen))
    return Threshold(
        outcome=outcome.name,
        events=events,
        per_day=events / days if days else 0.0,
        counts=counts,
        precision=metrics.precision(counts),
        recall=metrics.recall(counts),
        false_positives_per_fraud=metrics.false_positives_per_fraud(counts),
        value_detection=metrics.value_detection_rate(c.fraud, chosen, c.amount),
    )


def _outcomes(c: _Columns) -> tuple[OutcomeRow, ...]:
    found = []
    for outcome in Outcome:
        rows = c.outcome == int(outcome)
        found.append(
            OutcomeRow(
                outcome=outcome.name,
                events=int(np.count_nonzero(rows)),
                frauds=int(np.count_nonzero(rows & c.fraud)),
                amount=int(c.amount[rows].sum()),
                fraud_amount=int(c.amount[rows & c.fraud].sum()),
            )
        )
    return tuple(found)


def _rules(scenario: Scenario, decisions: pl.DataFrame, frauds: int) -> tuple[RuleRow, ...]:
    fraud = (pl.col("label") == "fraud").fill_null(False)
    amount = pl.col("amount").fill_null(0)
    table = (
        decisions.lazy()
        .filter(pl.col("rules").list.len() > 0)
        .select("rules", fraud.alias("fraud"), amount.alias("amount"),
                (fraud & (pl.col("rules").list.len() == 1)).alias("only"))
        .explode("rules")
        .group_by("rules")
        .agg(
            pl.len().alias("hits"),
            pl.col("fraud").sum().alias("frauds"),
            pl.col("only").sum().alias("only"),
            pl.col("amount").sum().alias("amount"),
            pl.col("amount").filter(pl.col("fraud")).sum().alias("fraud_amount"),
        )
        .collect()
    )  # fmt: skip
    counted = {row["rules"]: row for row in table.iter_rows(named=True)}
    nothing = {"hits": 0, "frauds": 0, "only": 0, "amount": 0, "fraud_amount": 0}
    found = []
    for rule in scenario.rules:
        row = counted.get(rule.id, nothing)
        found.append(
            RuleRow(
                rule=rule.id,
                title=rule.title,
                severity=rule.severity,
                score=rule.score,
                hits=row["hits"],
                frauds=row["frauds"],
                only=row["only"],
                precision=metrics.ratio(row["frauds"], row["hits"]),
                recall=metrics.ratio(row["frauds"], frauds),
                amount=row["amount"],
                fraud_amount=row["fraud_amount"],
            )
        )
    return tuple(found)


def _days(c: _Columns, days: Array, alert: Array, stop: Array) -> tuple[DayRow, ...]:
    index = np.searchsorted(days, c.day)

    def count(rows: Array) -> list[int]:
        return [int(n) for n in np.bincount(index[rows], minlength=len(days))]

    def total(rows: Array) -> list[int]:
        sums = np.zeros(len(days), dtype=np.int64)
        np.add.at(sums, index[rows], c.amount[rows])
        return [int(n) for n in sums]

    everything = np.ones(len(c.day), dtype=bool)
    series = zip(
        days,
        count(everything),
        count(c.fraud),
        count(alert),
        count(alert & c.fraud),
        count(stop),
        total(everything),
        total(c.fraud),
        total(stop & c.fraud),
        strict=True,
    )
    return tuple(DayRow(_date(day), *rest) for day, *rest in series)


def _folds(c: _Columns, evaluation: Evaluation) -> Folds:
    """Test periods of `fold_days` days, cut back from the end of the period judged."""
    found: list[Fold] = []
    length = evaluation.fold_days
    if len(c.day):
        first = int(c.day.min()) + evaluation.delay_days + evaluation.known_days
        first = max(first, evaluation.start or first)
        end = int(c.day.max()) + 1
        end = min(end, evaluation.end or end)
        while end - length >= first:
            found.append(_fold(c, evaluation, end - length, end))
            end -= length
    found.reverse()
    return Folds(
        days=length,
        delay_days=evaluation.delay_days,
        known_days=evaluation.known_days,
        folds=tuple(found),
        auc=_spread([fold.auc for fold in found]),
        average_precision=_spread([fold.average_precision for fold in found]),
        entity_precision=_spread([fold.entity_precision for fold in found]),
    )


def _fold(c: _Columns, evaluation: Evaluation, start: int, end: int) -> Fold:
    known = metrics.known_compromised(
        c.fraud & (c.entity > 0),
        c.day,
        c.entity,
        start,
        delay_days=evaluation.delay_days,
        known_days=evaluation.known_days,
    )
    test = c.take((c.day >= start) & (c.day < end) & ~known)
    precision, ceiling = _entity_precision(test, evaluation.top)
    return Fold(
        first=_date(start),
        last=_date(end - 1),
        events=len(test.day),
        frauds=int(np.count_nonzero(test.fraud)),
        auc=metrics.roc_auc(test.fraud, test.score),
        average_precision=metrics.average_precision(test.fraud, test.score),
        entity_precision=precision,
        entity_ceiling=ceiling,
    )


def _spread(values: Sequence[float | None]) -> tuple[float, float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return float(np.mean(known)), float(np.std(known))

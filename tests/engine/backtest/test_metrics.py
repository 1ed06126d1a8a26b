"""Each metric against an implementation that shares nothing with ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from guanlan.engine.backtest import metrics
from guanlan.engine.backtest.metrics import Array

events = st.lists(
    st.tuples(
        st.booleans(),  # fraud
        st.integers(0, 6),  # score: few values, so that there are ties
        st.integers(100, 104),  # day
        st.integers(1, 6),  # entity
        st.integers(0, 1000),  # amount
        st.booleans(),  # alert
    ),
    min_size=1,
    max_size=60,
)


def columns(rows: list[Any]) -> tuple[Array, Array, Array, Array, Array, Array]:
    fraud, score, day, entity, amount, alert = (np.array(c) for c in zip(*rows, strict=True))
    return fraud.astype(bool), score, day, entity, amount, alert.astype(bool)


@given(events)
def test_auc_and_average_precision_are_those_of_scikit_learn(rows: list[Any]) -> None:
    fraud, score, *_ = columns(rows)
    auc, average = metrics.roc_auc(fraud, score), metrics.average_precision(fraud, score)
    assert (auc is None) == (fraud.all() or not fraud.any())
    assert (average is None) == (not fraud.any())
    if auc is not None:
        assert auc == pytest.approx(oracle.roc_auc_score(fraud, score))
    if average is not None:
        assert average == pytest.approx(oracle.average_precision_score(fraud, score))


def test_auc_of_large_numbers() -> None:
    rng = np.random.default_rng(1)
    fraud = rng.random(20_000) < 0.01
    score = rng.integers(0, 200, 20_000) + 40 * fraud
    assert metrics.roc_auc(fraud, score) == pytest.approx(oracle.roc_auc_score(fraud, score))
    assert metrics.average_precision(fraud, score) == pytest.approx(
        oracle.average_precision_score(fraud, score)
    )


@given(events)
def test_counts_and_rates(rows: list[Any]) -> None:
    fraud, _, _, _, amount, alert = columns(rows)
    counts = metrics.confusion(fraud, alert)
    matrix = oracle.confusion_matrix(fraud, alert, labels=[False, True])
    assert counts == metrics.Counts(matrix[1, 1], matrix[0, 1], matrix[1, 0], matrix[0, 0])
    precision, recall = metrics.precision(counts), metrics.recall(counts)
    assert (precision is None) == (not alert.any())
    assert (recall is None) == (not fraud.any())
    if precision is not None:
        assert precision == pytest.approx(oracle.precision_score(fraud, alert))
    if recall is not None:
        assert recall == pytest.approx(oracle.recall_score(fraud, alert, zero_division=0))
    stolen = sum(a for f, a in zip(fraud, amount, strict=True) if f)
    seen = sum(a for f, a, x in zip(fraud, amount, alert, strict=True) if f and x)
    rate = metrics.value_detection_rate(fraud, alert, amount)
    assert rate == (seen / stolen if stolen else None)


def test_false_positives_per_fraud() -> None:
    assert metrics.false_positives_per_fraud(metrics.Counts(4, 10, 1, 5)) == 2.5
    assert metrics.false_positives_per_fraud(metrics.Counts(0, 10, 1, 5)) is None


@given(events)
def test_curves_are_those_of_scikit_learn(rows: list[Any]) -> None:
    fraud, score, *_ = columns(rows)
    assume(fraud.any() and not fraud.all())
    x, y, _ = oracle.roc_curve(fraud, score, drop_intermediate=False)
    found = metrics.roc_curve(fraud, score)
    assert found == [pytest.approx(point, abs=1e-6) for point in zip(x, y, strict=True)]
    precision, recall, _ = oracle.precision_recall_curve(fraud, score)
    expected = list(zip(recall[:-1][::-1], precision[:-1][::-1], strict=True))
    assert metrics.precision_recall_curve(fraud, score) == [
        pytest.approx(point, abs=1e-6) for point in expected
    ]


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.integers(2, 50))
def test_sampled_curves_are_points_of_the_curve(seed: int, points: int) -> None:
    rng = np.random.default_rng(seed)
    fraud = rng.random(500) < 0.2
    assume(fraud.any())
    score = rng.random(500) + fraud * 0.3
    for curve in (metrics.roc_curve, metrics.precision_recall_curve):
        whole, sampled = curve(fraud, score, 10_000), curve(fraud, score, points)
        assert len(sampled) <= points
        assert (sampled[0], sampled[-1]) == (whole[0], whole[-1])
        assert set(sampled) <= set(whole)


@given(events, st.integers(1, 5))
def test_daily_budget(rows: list[Any], per_day: int) -> None:
    fraud, score, day, *_ = columns(rows)
    chosen = set()
    for today in set(day.tolist()):
        of_day = [i for i in range(len(rows)) if day[i] == today and score[i] > 0]
        chosen.update(sorted(of_day, key=lambda i: (-score[i], i))[:per_day])
    hits = sum(bool(fraud[i]) for i in chosen)
    budget = metrics.at_daily_budget(fraud, score, day, per_day)
    assert budget.alerts == len(chosen)
    assert budget.precision == (hits / len(chosen) if chosen else None)
    assert budget.recall == (hits / fraud.sum() if fraud.any() else None)


def handbook_card_precision(rows: list[Any], top: int) -> float:
    """As in the Handbook's text: daily tables of cards, detected cards removed afterwards."""
    detected: list[int] = []
    daily = []
    for today in sorted({row[2] for row in rows}):
        table: dict[int, tuple[int, bool]] = {}
        for fraud, score, day, entity, *_ in rows:
            if day == today and entity not in detected:
                best, cheated = table.get(entity, (score, False))
                table[entity] = (max(best, score), cheated or fraud)
        ranked = sorted(table, key=lambda card: (-table[card][0], card))[:top]
        hits = [card for card in ranked if table[card][1]]
        daily.append(len(hits) / top)
        detected += hits
    return sum(daily) / len(daily)


@given(events, st.integers(1, 4))
def test_card_precision(rows: list[Any], top: int) -> None:
    fraud, score, day, entity, *_ = columns(rows)
    found = metrics.card_precision_at(fraud, score, day, entity, top)
    assert found == pytest.approx(handbook_card_precision(rows, top))


def test_card_precision_by_hand() -> None:
    # Day 1: cards 1 (cheated) and 2 are looked at. Day 2: card 1 is blocked, so 3 is looked at.
    day = np.array([1, 1, 1, 2, 2, 2])
    entity = np.array([1, 2, 3, 1, 2, 3])
    score = np.array([9, 8, 1, 9, 8, 7])
    fraud = np.array([True, False, True, True, False, True])
    assert metrics.card_precision_at(fraud, score, day, entity, 2) == (1 / 2 + 1 / 2) / 2
    assert metrics.card_precision_at(fraud, score, day, entity, 100) == (2 / 100 + 0) / 2
    kept = metrics.card_precision_at(fraud, score, day, entity, 2, remove_detected=False)
    assert kept == (1 / 2 + 1 / 2) / 2
    nothing = np.array([], dtype=bool)
    assert metrics.card_precision_at(nothing, nothing, nothing, nothing, 5) is None


def handbook_known(rows: list[Any], first: int, delay: int, train: int) -> list[bool]:
    """`get_train_test_set` of the Handbook: which events of the test period it leaves out."""
    start = first - delay - train
    known = {row[3] for row in rows if row[0] and start <= row[2] < start + train}
    left_out = [False] * len(rows)
    for offset in range(10):
        new = start + train + offset - 1
        known |= {row[3] for row in rows if row[0] and row[2] == new and new >= start}
        for i, row in enumerate(rows):
            if row[2] == first + offset and row[3] in known:
                left_out[i] = True
    return left_out


@given(
    st.lists(st.tuples(st.booleans(), st.just(0), st.integers(100, 109), st.integers(1, 5))),
    st.integers(0, 3),
    st.integers(1, 3),
)
def test_known_cards_are_left_out_as_in_the_handbook(
    rows: list[Any], delay: int, train: int
) -> None:
    fraud = np.array([row[0] for row in rows], dtype=bool)
    day = np.array([row[2] for row in rows], dtype=np.int64)
    entity = np.array([row[3] for row in rows], dtype=np.int64)
    first = 100 + delay + train
    known = metrics.known_compromised(fraud, day, entity, first, delay_days=delay, known_days=train)
    assert known.tolist() == handbook_known(rows, first, delay, train)


@given(events, st.integers(0, 50), st.integers(0, 50))
def test_money(rows: list[Any], review: int, bother: int) -> None:
    fraud, score, _, _, amount, alert = columns(rows)
    stop = alert & (score > 3)
    found = metrics.money(
        fraud, alert, stop, amount, fraud_share=0.5, review=review, false_positive=bother
    )
    without = lost = 0
    for i in range(len(rows)):
        cost = review if alert[i] else 0
        if fraud[i]:
            without += amount[i] * 0.5
            cost += 0 if stop[i] else amount[i] * 0.5
        elif stop[i]:
            cost += bother
        lost += cost
    assert found.saved == pytest.approx(without - lost, abs=1)
    assert found.saved == found.without - found.missed - found.reviews - found.friction

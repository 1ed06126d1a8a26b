"""What a ranking and a set of alerts are worth, as pure functions over columns.

Columns are numpy arrays of one length, one element per event: `fraud` bool, `score` number (the
higher, the more suspicious), `alert` bool, `day` int (days since any fixed day), `entity` int
(a code per card or customer), `amount` int64 (minor units). What is not defined (a rate over
nothing) is None, never 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

Array = npt.NDArray[Any]


class Counts(Struct, frozen=True):
    """The confusion of alerts and frauds, in events."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int


def confusion(fraud: Array, alert: Array) -> Counts:
    hit = int(np.count_nonzero(fraud & alert))
    frauds, alerts = int(np.count_nonzero(fraud)), int(np.count_nonzero(alert))
    return Counts(hit, alerts - hit, frauds - hit, len(fraud) - frauds - alerts + hit)


def ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def precision(counts: Counts) -> float | None:
    """TP / (TP + FP)."""
    return ratio(counts.true_positive, counts.true_positive + counts.false_positive)


def recall(counts: Counts) -> float | None:
    """TP / (TP + FN)."""
    return ratio(counts.true_positive, counts.true_positive + counts.false_negative)


def false_positives_per_fraud(counts: Counts) -> float | None:
    """FP / TP: how many honest events are bothered for one fraud found."""
    return ratio(counts.false_positive, counts.true_positive)


def _thresholds(fraud: Array, score: Array) -> tuple[Array, Array]:
    """(frauds, events) with at least each distinct score, the highest score first."""
    order = np.argsort(-score, kind="stable")
    ranked, found = score[order], np.cumsum(fraud[order], dtype=np.int64)
    last = np.flatnonzero(np.r_[ranked[1:] != ranked[:-1], True]) if len(ranked) else ranked[:0]
    last = last.astype(np.int64)
    return found[last], last + 1


def roc_auc(fraud: Array, score: Array) -> float | None:
    """Area under the ROC curve: P(score of a fraud > score of an honest event) + ½ P(equal).

    Computed as the trapezoid sum over distinct scores. None without both kinds of event.
    """
    frauds = int(np.count_nonzero(fraud))
    honest = len(fraud) - frauds
    if not frauds or not honest:
        return None
    found, seen = _thresholds(fraud, score)
    y = np.r_[0, found] / frauds
    x = np.r_[0, seen - found] / honest
    return float(np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1])) / 2)


def average_precision(fraud: Array, score: Array) -> float | None:
    """Σ (Rₙ − Rₙ₋₁) Pₙ over distinct scores, highest first: no interpolation, ties together.

    None without a fraud.
    """
    frauds = int(np.count_nonzero(fraud))
    if not frauds:
        return None
    found, seen = _thresholds(fraud, score)
    gain = np.diff(np.r_[0, found]) / frauds
    return float(np.sum(gain * found / seen))


def roc_curve(fraud: Array, score: Array, points: int = 200) -> list[tuple[float, float]]:
    """(false positive rate, recall) from (0, 0) to (1, 1), at most `points` of them."""
    frauds = int(np.count_nonzero(fraud))
    honest = len(fraud) - frauds
    if not frauds or not honest:
        return []
    found, seen = _thresholds(fraud, score)
    x = np.r_[0, seen - found] / honest
    y = np.r_[0, found] / frauds
    return _sample(x, y, x + y, points)


def precision_recall_curve(
    fraud: Array, score: Array, points: int = 200
) -> list[tuple[float, float]]:
    """(recall, precision) from the highest score down, at most `points` of them."""
    frauds = int(np.count_nonzero(fraud))
    if not frauds:
        return []
    found, seen = _thresholds(fraud, score)
    x, y = found / frauds, found / seen
    return _sample(x, y, x, points)


def _sample(x: Array, y: Array, along: Array, points: int) -> list[tuple[float, float]]:
    """At most `points` of the curve, evenly along `along`, ends included."""
    if len(x) > points:
        wanted = np.linspace(along[0], along[-1], points)
        keep = np.unique(np.r_[0, np.searchsorted(along, wanted), len(x) - 1])
        keep = keep[keep < len(x)]
        while len(keep) > points:
            keep = np.delete(keep, len(keep) // 2)
        x, y = x[keep], y[keep]
    return [(round(float(a), 6), round(float(b), 6)) for a, b in zip(x, y, strict=True)]


class Budget(Struct, frozen=True):
    """What `per_day` alerts a day find, taking each day's highest scores."""

    per_day: int
    alerts: int
    precision: float | None
    recall: float | None


def at_daily_budget(fraud: Array, score: Array, day: Array, per_day: int) -> Budget:
    """Precision and recall when each day the `per_day` highest scores become alerts.

    Of equal scores the earlier event comes first, as a queue would serve it. Events with score
    0 or less never become an alert.
    """
    order = np.lexsort((np.arange(len(score)), -score, day))
    days = day[order]
    first = np.r_[True, days[1:] != days[:-1]] if len(days) else days.astype(bool)
    starts = np.flatnonzero(first)
    lengths = np.diff(np.r_[starts, len(days)])
    rank = np.arange(len(days)) - np.repeat(starts, lengths)
    alert = np.zeros(len(score), dtype=bool)
    alert[order] = rank < per_day
    alert &= score > 0
    counts = confusion(fraud, alert)
    return Budget(per_day, int(alert.sum()), precision(counts), recall(counts))


def card_precision_at(
    fraud: Array,
    score: Array,
    day: Array,
    entity: Array,
    top: int,
    *,
    remove_detected: bool = True,
) -> float | None:
    """Card precision@k of the Fraud Detection Handbook (chapter 4.5), mean over the days.

    Per day every card gets the highest score of its events of that day, the `top` cards with
    the highest are looked at, and precision is the number of them with a fraud that day divided
    by `top` (also when there are fewer cards). A card found this way leaves the later days, as
    it would be blocked (`remove_detected`). Days without any event do not count. Of equal
    scores the card with the smaller code comes first. None without an event.
    """
    found: set[int] = set()
    values = []
    for today in np.unique(day):
        rows = np.flatnonzero(day == today)
        if found and remove_detected:
            rows = rows[~np.isin(entity[rows], np.fromiter(found, dtype=entity.dtype))]
        cards, inverse = np.unique(entity[rows], return_inverse=True)
        highest = np.full(len(cards), -np.inf)
        np.maximum.at(highest, inverse, score[rows])
        cheated = np.zeros(len(cards), dtype=bool)
        np.logical_or.at(cheated, inverse, fraud[rows])
        best = np.argsort(-highest, kind="stable")[:top]
        hits = cards[best[cheated[best]]]
        values.append(len(hits) / top)
        found.update(int(card) for card in hits)
    return float(np.mean(values)) if values else None


def known_compromised(
    fraud: Array,
    day: Array,
    entity: Array,
    first_day: int,
    *,
    delay_days: int = 7,
    known_days: int = 7,
) -> Array:
    """Which events of `first_day` and later belong to a card known by then to be compromised.

    The Handbook's protocol (`get_train_test_set`, chapter 3.2): the pool begins with the cards
    that had a fraud in the `known_days` days which ended `delay_days` before `first_day`, and on
    each later day D takes in those with a fraud on day D − `delay_days` − 1. Such events are
    left out of every metric, because nobody needs to detect a blocked card. False for events
    before `first_day`.
    """
    opening = first_day - delay_days - known_days
    events = np.flatnonzero(fraud & (day >= opening))
    codes = int(entity.max()) + 1 if len(entity) else 0
    # The first day on which each card counts as known.
    never = np.iinfo(np.int64).max
    known = np.full(codes, never, dtype=np.int64)
    np.minimum.at(known, entity[events], day[events].astype(np.int64) + delay_days + 1)
    return (day >= first_day) & (known[entity] <= day)


def value_detection_rate(fraud: Array, alert: Array, amount: Array) -> float | None:
    """Money of the frauds that were alerted / money of all frauds."""
    return ratio(int(amount[fraud & alert].sum()), int(amount[fraud].sum()))


class Money(Struct, frozen=True):
    """Losses and costs of a policy, in minor units.

    without = share × Σ amount of frauds (nothing is stopped, nobody is asked)
    missed  = share × Σ amount of frauds not stopped
    reviews = cost of a review × alerts
    friction = cost of a stopped honest event × honest events stopped
    saved   = without − (missed + reviews + friction)
    """

    fraud_value: int
    stopped_value: int
    without: int
    missed: int
    reviews: int
    friction: int
    saved: int


def money(
    fraud: Array,
    alert: Array,
    stop: Array,
    amount: Array,
    *,
    fraud_share: float,
    review: int,
    false_positive: int,
) -> Money:
    """The cost matrix applied to a set of decisions; see Money for the formulas."""
    total, stopped = int(amount[fraud].sum()), int(amount[fraud & stop].sum())
    without, missed = round(fraud_share * total), round(fraud_share * (total - stopped))
    reviews = review * int(np.count_nonzero(alert))
    friction = false_positive * int(np.count_nonzero(~fraud & stop))
    return Money(
        fraud_value=total,
        stopped_value=stopped,
        without=without,
        missed=missed,
        reviews=reviews,
        friction=friction,
        saved=without - missed - reviews - friction,
    )

"""A report of a backtest, small and made up."""

from __future__ import annotations

from typing import Any


def report() -> dict[str, Any]:
    """A small report of a backtest, as `guanlan.engine.backtest.Report` writes it."""
    threshold = {
        "outcome": "review", "events": 5, "per_day": 2.5, "precision": 0.6, "recall": 0.75,
        "counts": {}, "false_positives_per_fraud": 0.67, "value_detection": 0.8,
    }  # fmt: skip
    day = {
        "day": "2026-01-01", "events": 50, "frauds": 4, "alerts": 5, "found": 3, "stopped": 2,
        "amount": 100, "fraud_amount": 40, "stopped_fraud_amount": 30,
    }  # fmt: skip
    rule = {
        "rule": "transfer.large", "title": {"en": "Large", "zh": "大额"}, "severity": "high",
        "score": 60, "hits": 5, "frauds": 3, "only": 1, "precision": 0.6, "recall": 0.75,
        "amount": 100, "fraud_amount": 40,
    }  # fmt: skip
    outcome = {"outcome": "review", "events": 5, "frauds": 3, "amount": 100, "fraud_amount": 40}
    fold = {
        "first": "2026-01-01", "last": "2026-01-07", "events": 50, "frauds": 4, "auc": 0.9,
        "average_precision": 0.6, "entity_precision": 0.2, "entity_ceiling": 0.25,
    }  # fmt: skip
    return {
        "format": 1, "scenario": "pond", "title": {"en": "Pond", "zh": "池塘"}, "version": "abc",
        "currency": "CNY", "currency_decimals": 2,
        "period": {"first": "2026-01-01", "last": "2026-01-02", "days": 2, "timezone": "UTC"},
        "events": 100, "frauds": 4, "labels": 4, "fraud_rate": 0.04, "amount": 1000,
        "fraud_amount": 40,
        "ranking": {
            "auc": 0.9, "average_precision": 0.6, "entity": "user", "top": 100,
            "entity_precision": 0.2, "entity_ceiling": 0.25,
        },
        "alerts": threshold, "stops": threshold,
        "budget": {"per_day": 10, "alerts": 20, "precision": 0.2, "recall": 1.0},
        "outcomes": [outcome], "rules": [rule], "days": [day, day],
        "folds": {
            "days": 7, "delay_days": 7, "known_days": 7, "folds": [fold], "auc": [0.9, 0.0],
            "average_precision": [0.6, 0.0], "entity_precision": [0.2, 0.0],
        },
        "money": {
            "fraud_value": 4000, "stopped_value": 3000, "without": 4000, "missed": 1000,
            "reviews": 10, "friction": 5, "saved": 2985,
        },
        "evaluation": {"alert": 2, "stop": 3},
        "roc": [[0, 0], [0.1, 0.8], [1, 1]], "precision_recall": [[0, 1], [0.75, 0.6], [1, 0.04]],
    }  # fmt: skip

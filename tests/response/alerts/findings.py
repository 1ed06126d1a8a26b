"""Findings for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from guanlan.response.alerts import Evidence, Finding
from guanlan.response.entities import Named
from guanlan.response.terms import Severity

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def finding(user: str = "u-1", **options: Any) -> Finding:
    """A finding about a user at noon, unless `options` say otherwise."""
    at = options.get("at", NOON)
    said: dict[str, Any] = {
        "rule": "fraud.transfer.velocity",
        "category": "fraud",
        "severity": Severity.medium,
        "text": "Many transfers",
        "key": {"user": user},
        "entities": (("user", Named("user", user)),),
        "evidence": (Evidence("decision", "17", at),),
        "at": at,
        "window": timedelta(hours=1),
    }
    return Finding(**said | options)

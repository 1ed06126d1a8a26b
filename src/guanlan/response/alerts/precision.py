"""How often a rule is right, from what people found its alerts to be.

Right are the confirmed ones; false positives, benign ones and errors of customers are not. A
suspicion that nobody could settle, and what is not closed, counts for neither.
"""

from __future__ import annotations

from collections.abc import Collection
from math import sqrt
from statistics import median, quantiles
from typing import Final, NamedTuple

from django.db import models
from django.db.models import Count

from guanlan.core.access import Subject
from guanlan.response.models import Alert

LEAST: Final = 5  # judged alerts below which precision is unknown
NEWEST: Final = 5_000  # acknowledged alerts from which times are taken
_Z: Final = 1.959963984540054  # two-sided 95 %


class Times(NamedTuple):
    """Seconds from being raised to being acknowledged."""

    median: float
    p90: float


class Record(NamedTuple):
    """How a rule has fared. `precision` and its 95 % interval are None where too few of its
    alerts were judged."""

    alerts: int = 0
    live: int = 0
    confirmed: int = 0
    false_positive: int = 0
    other: int = 0  # benign, or an error of the customer
    suspected: int = 0
    times: Times | None = None

    @property
    def closed(self) -> int:
        return self.alerts - self.live

    @property
    def judged(self) -> int:
        return self.confirmed + self.false_positive + self.other

    @property
    def precision(self) -> float | None:
        return None if self.judged < LEAST else self.confirmed / self.judged

    @property
    def interval(self) -> tuple[float, float] | None:
        return None if self.judged < LEAST else wilson(self.confirmed, self.judged)


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a proportion: E. B. Wilson, JASA 22 (1927), 209-212.

    >>> [round(limit, 3) for limit in wilson(8, 10)]
    [0.49, 0.943]
    """
    share, square = right / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    reach = _Z / (1 + square / of) * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def records(rules: Collection[str], subject: Subject) -> dict[str, Record]:
    """The record of each rule, of the alerts that the subject may see: two queries."""
    seen = Alert.objects.for_user(subject).filter(rule__in=rules)
    found = {rule: dict.fromkeys(Record._fields[:6], 0) for rule in rules}
    counted = seen.values_list("rule", "live", "disposition").annotate(n=Count("pk")).order_by()
    for rule, live, disposition, n in counted:
        of = found[rule]
        of["alerts"] += n
        name = "live" if live else disposition
        of[name if name in of else "other"] += n
    times = _times(seen)
    return {rule: Record(**of, times=times.get(rule)) for rule, of in found.items()}


def _times(seen: models.QuerySet[Alert]) -> dict[str, Times]:
    spent: dict[str, list[float]] = {}
    newest = seen.filter(acknowledged__isnull=False).order_by("-last_seen")
    for rule, raised, at in newest.values_list("rule", "raised", "acknowledged")[:NEWEST]:
        if at is not None:
            spent.setdefault(rule, []).append((at - raised).total_seconds())
    return {rule: Times(median(each), _p90(each)) for rule, each in spent.items()}


def _p90(values: list[float]) -> float:
    return values[0] if len(values) == 1 else quantiles(values, n=10, method="inclusive")[-1]

"""Findings put together in memory, as if each had been raised by itself in its turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from guanlan.response.alerts.finding import Evidence, Finding, fingerprint
from guanlan.response.entities import Named
from guanlan.response.models import Alert

KEPT: Final = 20  # pieces of evidence an alert shows from the beginning, and of the newest
MOST: Final = 100_000  # pieces of evidence kept of an alert: the first ones
ENTITIES: Final = 50  # parts of entities kept of an alert

Part = tuple[str, Named]
Amounts = dict[str, list[int]]  # by currency: minor units, number of payments


class Run:
    """Findings of one fingerprint that are one alert: an existing one, or one to be made."""

    __slots__ = (
        "alert", "amounts", "count", "every", "evidence", "evidence_count", "finding", "first",
        "last", "parts", "room", "severity",
    )  # fmt: skip

    def __init__(self, finding: Finding, at: datetime, alert: Alert | None) -> None:
        self.finding = finding
        self.alert = alert
        self.count = 0
        self.first = self.last = at
        self.room = MOST
        if alert is not None:
            self.first, self.last = alert.first_seen, alert.last_seen
            self.room = max(0, MOST - alert.evidence_count)
        self.severity = -1
        self.amounts: Amounts = {}
        self.parts: dict[Part, None] = {}
        self.evidence: list[Evidence] = []  # the first and the newest
        self.every: list[Evidence] = []  # all that is to be kept
        self.evidence_count = 0

    def takes(self, at: datetime, finding: Finding) -> bool:
        """Whether a finding of that time is the same alert."""
        return at - self.last <= finding.window

    def add(self, at: datetime, finding: Finding) -> None:
        """One more."""
        self.count += 1
        self.first, self.last = min(self.first, at), max(self.last, at)
        self.severity = max(self.severity, int(finding.severity))
        if finding.amount is not None:
            there = self.amounts.setdefault(finding.currency, [0, 0])
            there[0] += finding.amount
            there[1] += 1
        if len(self.parts) < ENTITIES:
            self.parts.update(dict.fromkeys(finding.entities))
        for one in finding.evidence:
            self.evidence_count += 1
            if len(self.evidence) >= 2 * KEPT:
                del self.evidence[KEPT]
            self.evidence.append(one)
            if len(self.every) < self.room:
                self.every.append(one)


def fingerprints(findings: Iterable[Finding]) -> list[str]:
    """The fingerprint of each finding; of equal rule and key it is made once."""
    known: dict[tuple[object, ...], str] = {}
    found = []
    for one in findings:
        same = (one.rule, *one.key.items())
        digest = known.get(same)
        if digest is None:
            digest = known[same] = fingerprint(one.rule, one.key)
        found.append(digest)
    return found


def runs_of(
    findings: Iterable[tuple[str, Finding]], current: dict[str, Alert], now: datetime
) -> dict[str, list[Run]]:
    """The runs of each fingerprint, in order; the first may go on an alert that is there.

    What says it is of the future is taken as of now: else it would hold its window open.
    """
    found: dict[str, list[Run]] = {}
    for digest, one in findings:
        at = min(one.at, now)
        runs = found.get(digest)
        if runs is None:
            alert = current.get(digest)
            first = Run(one, at, alert)
            if not first.takes(at, one):
                first = Run(one, at, None)
            runs = found[digest] = [first]
        elif not runs[-1].takes(at, one):
            runs.append(Run(one, at, None))
        runs[-1].add(at, one)
    return found


def summed(before: Mapping[str, Sequence[int]], more: Mapping[str, Sequence[int]]) -> Amounts:
    """Amounts with others, each with those of its currency."""
    sums = {currency: list(one) for currency, one in before.items()}
    for currency, (amount, payments) in more.items():
        there = sums.setdefault(currency, [0, 0])
        there[0] += amount
        there[1] += payments
    return sums


def kept_evidence(before: list[list[str]], more: list[Evidence]) -> list[list[str]]:
    """Evidence as an alert shows it: the first `KEPT`, then the newest `KEPT`."""
    whole = before + [[kind, ref, at.isoformat()] for kind, ref, at in more]
    return whole[:KEPT] + whole[KEPT:][-KEPT:]

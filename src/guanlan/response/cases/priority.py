"""How urgent a case is: one formula, shown beside its result.

priority = 40 × severity/4 + 30 × time spent + 20 × money + 10 × entities, each part from 0 to 1:
the share of the time to resolve it that is spent; log10(1 + amount)/6, so that a million counts
in full; (entities - 1)/9, so that ten count in full. The amount is what a person typed, else what
the alerts found; of several currencies only that of the organisation counts.
"""

from __future__ import annotations

import datetime as dt
from math import log10
from typing import Final, NamedTuple

from guanlan.response.cases.amounts import at_stake
from guanlan.response.models import Case
from guanlan.web.words import major

SEVERITY: Final = 40
TIME: Final = 30
MONEY: Final = 20
ENTITIES: Final = 10


class Parts(NamedTuple):
    """What each part gives, and how far it counts."""

    severity: float
    time: float
    money: float
    entities: float

    @property
    def score(self) -> int:
        """0 to 100."""
        return round(
            SEVERITY * self.severity
            + TIME * self.time
            + MONEY * self.money
            + ENTITIES * self.entities
        )


def parts_of(case: Case, now: dt.datetime) -> Parts:
    """The parts of a case's priority, each from 0 to 1."""
    stake = at_stake(case)
    amount = 0.0 if stake is None else max(0.0, major(stake.amount, stake.currency))
    return Parts(
        case.severity / 4,
        spent(case, now),
        min(1.0, log10(1 + amount) / 6),
        min(1.0, max(0, case.entity_count - 1) / 9),
    )


def spent(case: Case, now: dt.datetime) -> float:
    """The share of the time to resolve it that is spent; it stands still while it waits."""
    if case.resolve_due is None or case.resolve_due <= case.opened:
        return 0.0
    until = min(now, case.waiting or now)
    return min(1.0, max(0.0, (until - case.opened) / (case.resolve_due - case.opened)))


def set_priority(case: Case, now: dt.datetime) -> bool:
    """Reckon it anew; whether it changed. The caller saves it."""
    fresh = parts_of(case, now).score
    changed, case.priority = fresh != case.priority, fresh
    return changed

"""What upper apps know of the transactions that pieces of evidence speak of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from guanlan.core.access import Subject


class Transaction(NamedTuple):
    """A transaction in words; `amount` is in minor units of `currency`, None where it has none or
    its level keeps it from being shown."""

    ref: str
    at: dt.datetime
    what: str
    amount: int | None
    currency: str
    outcome: str


Tells = Callable[[Sequence[str], Subject], list[Transaction]]
_tells: Final[dict[str, Tells]] = {}


def tells_transactions(kind: str) -> Callable[[Tells], Tells]:
    """Register what knows the transactions of a kind of evidence, given references and who asks,
    in the current language. Raises ValueError for a kind that is known already."""

    def register(tell: Tells) -> Tells:
        if kind in _tells:
            raise ValueError(f"transactions of evidence of kind {kind} are told twice")
        _tells[kind] = tell
        return tell

    return register


def transactions(evidence: Sequence[tuple[str, str]], subject: Subject) -> list[Transaction]:
    """The transactions among (kind, reference) pairs, oldest first."""
    found = [
        one
        for kind, tell in _tells.items()
        for one in tell(list(dict.fromkeys(ref for k, ref in evidence if k == kind)), subject)
    ]
    return sorted(found, key=lambda one: (one.at, one.ref))

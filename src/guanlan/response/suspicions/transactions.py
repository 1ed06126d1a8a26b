"""What upper apps know of the transactions that pieces of evidence speak of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from guanlan.core.access import Subject

AT_ONCE: Final = 2000


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


def transactions(
    evidence: Sequence[tuple[str, str]], subject: Subject, most: int
) -> tuple[list[Transaction], int]:
    """The newest `most` transactions among (kind, reference) pairs, oldest first, and how many
    there are besides. They are asked for some at a time."""
    newest: list[Transaction] = []
    n = 0
    for kind, tell in _tells.items():
        refs = list(dict.fromkeys(ref for k, ref in evidence if k == kind))
        for start in range(0, len(refs), AT_ONCE):
            found = tell(refs[start : start + AT_ONCE], subject)
            n += len(found)
            newest = sorted(newest + found, key=lambda one: (one.at, one.ref))[-most:]
    return newest, n - len(newest)

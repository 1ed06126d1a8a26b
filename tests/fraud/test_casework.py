"""What decisions tell of cases: transactions in evidence, and entities seen together."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from itertools import combinations

import pytest

from guanlan.core.access import SYSTEM, subject_of
from guanlan.fraud.casework import seen_together, transactions_of
from guanlan.response.entities import Named, rows_of
from tests.fraud.world import World
from tests.people import person

pytestmark = pytest.mark.django_db


def test_decisions_in_evidence_are_transactions_with_time_and_amount(pond: World) -> None:
    transfer = next(one for one in pond.decisions() if one["type"] == "transfer")
    (told,) = transactions_of([str(transfer["seq"]), "no number", "99999"], SYSTEM)
    assert told.ref == str(transfer["seq"])
    assert told.at == dt.datetime.fromisoformat(transfer["clock"])
    assert told.amount in (transfer["fields"]["amount"], None)
    assert told.currency
    assert transactions_of([str(transfer["seq"])], subject_of(person(None))) == []


def test_entities_are_linked_as_often_as_events_name_them_together(pond: World) -> None:
    named = [Named("user", f"u-{n}") for n in range(12)] + [
        Named("device", f"d-{n}") for n in range(12)
    ]
    refs = rows_of([*named, Named("user", "never-seen")])
    expected: Counter[tuple[int, int]] = Counter()
    for one in pond.decisions():
        keys = {
            refs[found].pk
            for role, key in one["entities"].items()
            if (found := Named("device" if role == "device" else "user", key)) in refs
            and role in ("user", "device", "payee")
        }
        expected.update(combinations(sorted(keys), 2))
    assert expected
    assert seen_together(list(refs.values()), SYSTEM) == expected
    assert not seen_together(list(refs.values()), subject_of(person(None)))

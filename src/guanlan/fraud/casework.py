"""What this app tells of cases: transactions in their evidence, and events that link entities."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

from django.db import connection

from guanlan.core.access import Subject, may
from guanlan.core.sealing.columns import Unreadable
from guanlan.fraud import programs, words
from guanlan.fraud.models import Decision, Entity
from guanlan.fraud.showing import Shower
from guanlan.response.cases.linking import links_entities
from guanlan.response.models import EntityRef
from guanlan.response.suspicions.transactions import Transaction, tells_transactions

NEWEST: Final = 50  # events of each entity that are looked through
AT_ONCE: Final = 400
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@tells_transactions("decision")
def transactions_of(refs: Sequence[str], subject: Subject) -> list[Transaction]:
    """Decided events as transactions; the amount where its level lets it be shown."""
    shower = Shower(programs.latest())
    numbers = [int(ref) for ref in refs if ref.isdecimal() and len(ref) <= 18]
    found: list[Transaction] = []
    for start in range(0, len(numbers), AT_ONCE):
        rows = Decision.objects.for_user(subject).filter(seq__in=numbers[start : start + AT_ONCE])
        for row in rows.defer("entities"):
            name = words.outcome_name(row.outcome)
            at = _EPOCH + dt.timedelta(microseconds=row.clock)
            said = str(words.OUTCOMES.get(name, name))
            found.append(
                Transaction(str(row.seq), at, shower.type(row.type), row.amount, row.currency, said)
            )
    return found


@links_entities
def seen_together(refs: Sequence[EntityRef], subject: Subject) -> Mapping[tuple[int, int], int]:
    """In how many of their newest decided events two entities were named together."""
    if not may(subject, "see", "fraud.entitydecision"):
        return {}
    keys: dict[tuple[str, str], int] = {
        (ref.kind, ref.key): ref.pk for ref in refs if not isinstance(ref.key, Unreadable)
    }
    known = Entity.objects.for_user(subject).filter(key_index__in=[key for _kind, key in keys])
    numbers = {
        row.id: keys[row.kind, row.key] for row in known if (row.kind, row.key) in keys
    }  # fmt: skip
    if len(numbers) < 2:
        return {}
    part = (
        "SELECT * FROM (SELECT entity_id, seq FROM fraud_entitydecision"
        " WHERE entity_id = %s ORDER BY seq DESC LIMIT %s) AS part"
    )
    values = [value for number in numbers for value in (number, NEWEST)]
    events: dict[int, set[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([part] * len(numbers)), values)
        for number, seq in cursor.fetchall():
            events.setdefault(seq, set()).add(numbers[number])
    return Counter(pair for those in events.values() for pair in combinations(sorted(those), 2))

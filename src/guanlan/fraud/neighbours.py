"""The decisions around one decision in the lives of its entities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import connection

from guanlan.core.access import Subject, may
from guanlan.fraud.models import Decision

BEFORE: Final = 10
AFTER: Final = 5


def around(
    row: Decision,
    numbers: Sequence[int],
    subject: Subject,
    before: int = BEFORE,
    after: int = AFTER,
) -> list[tuple[Decision, list[int]]]:
    """The decisions next before and next after `row` that share one of the entities `numbers`,
    with those they share. None where the subject may not see decisions and entities' parts.
    """
    if not numbers or not may(subject, "see", "fraud.entitydecision"):
        return []
    seen: dict[int, list[int]] = {}
    for number, seq in _next(row.seq, numbers, before, after):
        shared = seen.setdefault(seq, [])
        if number not in shared:
            shared.append(number)
    earlier = sorted((seq for seq in seen if seq < row.seq), reverse=True)[:before]
    later = sorted(seq for seq in seen if seq > row.seq)[:after]
    rows = Decision.objects.for_user(subject).in_bulk(earlier + later)
    return [(rows[seq], seen[seq]) for seq in earlier[::-1] + later if seq in rows]


def _next(seq: int, numbers: Sequence[int], before: int, after: int) -> list[tuple[int, int]]:
    """(entity, decision) pairs nearest to `seq`, of each entity. Each part walks the table's
    key; an entity may play two roles in a decision, so twice as many are read."""
    part = (
        "SELECT * FROM (SELECT entity_id, seq FROM fraud_entitydecision"
        " WHERE entity_id = %s AND seq {0} %s ORDER BY seq {1} LIMIT %s) AS part"
    )
    parts, values = [], list[int]()
    for number in numbers:
        for sign, order, limit in (("<", "DESC", before), (">", "ASC", after)):
            parts.append(part.format(sign, order))
            values += [number, seq, 2 * limit]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        return [(int(number), int(other)) for number, other in cursor.fetchall()]

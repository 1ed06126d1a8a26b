"""All evidence of alerts, in pieces that are only ever added.

An alert's row holds its first and newest pieces for whoever looks at it. Beside it stand chunks of
all of them, in the order in which they were raised, up to `MOST` of an alert: of what comes after
only the count goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
from django.db.models import PositiveBigIntegerField, QuerySet, Sum, Value
from django.db.models.functions import Least

from guanlan.response.alerts.coalescing import MOST, Run
from guanlan.response.alerts.finding import Evidence
from guanlan.response.models import Alert, AlertEvidence

CHUNK: Final = 100  # pieces of a chunk
READ: Final = 100  # chunks that are read at once
PAGE: Final = 100  # pieces on a page, at least
_AT_ONCE: Final = 400
_decoder: Final = msgspec.json.Decoder(list[Evidence])


def keep(runs: list[Run]) -> None:
    """Keep the evidence of runs whose alerts have counted it: one statement for most of them."""
    AlertEvidence.objects.bulk_create(
        (
            AlertEvidence(
                alert_id=run.alert.pk,
                begins=run.alert.evidence_count - run.evidence_count + start,
                count=len(part),
                pieces=msgspec.json.encode(part).decode(),
            )
            for run in runs
            if run.alert is not None
            for start in range(0, len(run.every), CHUNK)
            if (part := run.every[start : start + CHUNK])
        ),
        batch_size=_AT_ONCE,
    )


def unpacked(pieces: str) -> list[Evidence]:
    """The evidence of a chunk."""
    return _decoder.decode(pieces)


def every_piece(chunks: QuerySet[AlertEvidence]) -> Iterator[Evidence]:
    """The evidence of chunks in their order, read a few at a time."""
    for pieces in chunks.values_list("pieces", flat=True).iterator(chunk_size=READ):
        yield from unpacked(pieces)


def newest(
    chunks: QuerySet[AlertEvidence], before: int | None = None
) -> tuple[list[tuple[int, Evidence]], int | None]:
    """Some hundred of the newest pieces in chunks, each with the number of its alert, newest
    first; and what to give as `before` for those that are older, None where there are none."""
    rows = chunks.order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    keys: list[int] = []
    pieces = 0
    older = None
    for pk, count in rows.values_list("pk", "count")[: PAGE + 1]:
        if pieces >= PAGE:
            older = keys[-1]
            break
        keys.append(pk)
        pieces += count
    found = chunks.filter(pk__in=keys).order_by("-pk").values_list("alert_id", "pieces")
    return [(alert, one) for alert, part in found for one in reversed(unpacked(part))], older


def counted(alerts: QuerySet[Alert]) -> tuple[int, int]:
    """How many pieces of evidence alerts have named, and how many of these are kept."""
    kept = Least("evidence_count", Value(MOST, output_field=PositiveBigIntegerField()))
    found = alerts.order_by().aggregate(total=Sum("evidence_count"), kept=Sum(kept))
    return found["total"] or 0, found["kept"] or 0

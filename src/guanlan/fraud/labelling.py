"""What a closed case says of the decisions it came from goes into the log as labels.

Closing writes rows, once, in the database's transaction. The process that has the engine takes
them into the log as `label` events, as if they were posted: with the time at which they became
known, and replayed like every other. Each has an id of its own, so that one whose row was not
settled, since the process ended in between, is found again and not written twice.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import msgspec
from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from guanlan.core.audit import act
from guanlan.core.faults import without_values
from guanlan.core.writing import update_rows
from guanlan.engine import Answer, Explanation
from guanlan.engine.scenario.vocabulary import LABEL
from guanlan.fraud import engine_access
from guanlan.fraud.engine_access import EngineAccess
from guanlan.fraud.models import CaseLabel
from guanlan.response.alerts import Evidence
from guanlan.response.alerts.keeping import every_piece
from guanlan.response.cases.calling import on_case_closed
from guanlan.response.models import AlertEvidence, Case

logger = logging.getLogger("guanlan.labels")

HOOK: Final = "fraud.labels"
VALUES: Final[Mapping[str, str]] = {"confirmed": "fraud", "false_positive": "legit"}
AT_ONCE: Final = 200
POLL_SECONDS: Final = 1.0
RETRY_SECONDS: Final = 15.0
GONE: Final = "no such decision"
TAKEN: Final = "id_reused"
State = CaseLabel.State


@on_case_closed(HOOK)
def label(case: Case, now: dt.datetime) -> None:
    """Note what is to be said of the decisions in the evidence of a case: of those alerts that
    were what the case was, and of those of which the case has said otherwise before."""
    value = VALUES.get(case.disposition)
    if value is None:
        return
    alike = AlertEvidence.objects.filter(alert__case=case, alert__disposition=case.disposition)
    for seqs in batched(_decisions(every_piece(alike.order_by("alert", "begins")))):
        _say(case, value, seqs, now)
    for seqs in _spoken_of(case):
        _say(case, value, seqs, now)


def _say(case: Case, value: str, seqs: Sequence[int], now: dt.datetime) -> None:
    """Note what is said of some decisions, each once in a closing, unless it was said last."""
    said = CaseLabel.objects.filter(case=case, closing__lt=case.closings, seq__in=seqs)
    before = dict(said.order_by("closing").values_list("seq", "value"))
    CaseLabel.objects.bulk_create(
        (
            CaseLabel(
                case=case, closing=case.closings, seq=seq, value=value,
                said_by_id=case.closed_by_id, made=now,
            )
            for seq in sorted(set(seqs))
            if before.get(seq) != value
        ),
        ignore_conflicts=True,  # of several alerts, or raised again: said already
    )  # fmt: skip


def _decisions(evidence: Iterable[Evidence]) -> Iterator[int]:
    """The numbers of the decisions among pieces of evidence."""
    return (
        int(one.ref)
        for one in evidence
        if one.kind == "decision" and one.ref.isdecimal() and len(one.ref) <= 18
    )


def _spoken_of(case: Case) -> Iterator[list[int]]:
    """The decisions of which the case said something at an earlier closing, some at a time."""
    rows = CaseLabel.objects.filter(case=case, closing__lt=case.closings)
    seqs = rows.order_by("seq").values_list("seq", flat=True).distinct()
    part = list(seqs[:AT_ONCE])
    while part:
        yield part
        part = list(seqs.filter(seq__gt=part[-1])[:AT_ONCE])


def batched(numbers: Iterable[int]) -> Iterator[list[int]]:
    """Numbers in lists of `AT_ONCE`."""
    rest = iter(numbers)
    while part := list(islice(rest, AT_ONCE)):
        yield part


def id_of(row: CaseLabel) -> str:
    """The id of the label event: the same however often it is handed over."""
    return f"case-{row.case_id}-{row.closing}-{row.seq}"


def event_of(row: CaseLabel, told: Explanation, roles: frozenset[str]) -> bytes:
    """The label event, as a product would post it: it names the entities of its target, as far
    as labels still know their `roles`, so that features can count labels by them."""
    entities: Mapping[str, str | None] = told.event.get("entities") or {}
    who = f" {row.said_by.get_username()}" if row.said_by is not None else ""
    body: dict[str, Any] = {
        "id": id_of(row),
        "type": LABEL,
        "entities": {name: key for name, key in entities.items() if key and name in roles},
        "fields": {
            "target": told.event["id"],
            "value": row.value,
            "source": f"case:{row.case_id}{who}",
        },
    }
    return msgspec.json.encode(body)


def hand_over(engine: EngineAccess, now: dt.datetime) -> int:
    """Take labels that wait into the log; how many are settled. Raises LogError when the log
    cannot be written: then they wait on."""
    waiting = CaseLabel.objects.filter(state=State.WAITING).select_related("said_by")
    rows = list(waiting.order_by("pk")[:AT_ONCE])
    if not rows:
        return 0
    events = engine.program.scenario.events
    roles = frozenset(role.name for one in events if one.name == LABEL for role in one.roles)
    bodies: list[bytes] = []
    asked: list[CaseLabel] = []
    for row in rows:
        try:
            told = engine.explain(row.seq)
        except IndexError:
            row.state, row.why = State.REFUSED, GONE
            continue
        bodies.append(event_of(row, told, roles))
        asked.append(row)
    for row, answer in zip(asked, engine.enter(bodies), strict=True):
        row.state, row.why = _outcome(answer)
    settled = [row for row in rows if row.state != State.WAITING]
    _settle(settled, now)
    return len(settled)


def _outcome(answer: Answer) -> tuple[str, str]:
    """What the engine's answer means for a label."""
    if answer.status == 200:
        return State.WRITTEN, ""
    why = str(msgspec.json.decode(answer.body)["error"]["code"])
    if why == TAKEN:  # in the log already, from a time when the scenario had other roles
        return State.WRITTEN, ""
    return (State.WAITING, "") if answer.status >= 500 else (State.REFUSED, why[:64])


def _settle(rows: Sequence[CaseLabel], now: dt.datetime) -> None:
    for row in rows:
        row.settled = now
        if row.state == State.REFUSED:
            logger.error("label of decision %d, case %d: %s", row.seq, row.case_id, row.why)
    if rows:
        refused = sum(row.state == State.REFUSED for row in rows)
        detail = {"written": len(rows) - refused, "refused": refused}
        with transaction.atomic(), act("label.write", ("fraud.label", ""), detail=detail):
            update_rows(rows, ("state", "why", "settled"))


class Labeller:
    """A thread of the engine's process that hands labels over; `start` and `stop` it once."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="guanlan-labels", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for what is being handed over."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        failed = False
        while not self._stop.is_set():
            pause = POLL_SECONDS
            try:
                engine = engine_access.current()
                if engine is not None and engine.state == "ready":
                    while hand_over(engine, timezone.now()) and not self._stop.is_set():
                        pass
                failed = False
            except Exception as error:  # noqa: BLE001 - the rows wait, and it is tried again
                if not failed:
                    logger.error("labels: %s", without_values(error))
                failed = True
                pause = RETRY_SECONDS
                close_old_connections()
            self._stop.wait(pause)
        connection.close()

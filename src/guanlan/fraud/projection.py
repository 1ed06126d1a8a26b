"""From frames of the log to rows of the database, each frame exactly once.

The cursor's row is read, checked and moved in the transaction that writes the rows. A crash
anywhere leaves either both or neither; frames handed over again are skipped by position; a
second projector waits for the first one's lock and then sees that its frames are done.
The statements are the same on SQLite and PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from math import log2
from typing import Any, Final, cast

import msgspec
from django.db import connection, transaction

from guanlan.core.access import MASKED_FROM
from guanlan.core.sealing import SealedField
from guanlan.engine.lists import ListChange
from guanlan.engine.log import EVENT, LIST_CHANGE, PROGRAM, WARMED, Frame
from guanlan.engine.program import read_activation
from guanlan.engine.scenario import from_canonical
from guanlan.engine.scenario.model import Outcome
from guanlan.fraud.alerting import LABEL, Finder
from guanlan.fraud.frames import Layout, Record, microseconds, record
from guanlan.fraud.models import (
    Cursor,
    Decision,
    DecisionRule,
    Entity,
    ListAct,
    Program,
    RuleName,
)
from guanlan.fraud.raising import Found, raising_mark
from guanlan.response.alerts import Finding

MINUTE: Final = 60_000_000
BUCKETS_PER_OCTAVE: Final = 8
MAX_REMEMBERED_ENTITIES: Final = 200_000
_LOOKUP: Final = 400

_DECISION: Final = (
    "INSERT INTO fraud_decision (seq, event_id, type, clock, event_time, outcome, score, amount,"
    " currency, degraded, version, arrival, latency_us, position, entities, rules)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_LABEL: Final = (
    "INSERT INTO fraud_label (seq, event_id, target, value, source, known_at)"
    " VALUES (%s, %s, %s, %s, %s, %s)"
)
_DECISION_RULE: Final = "INSERT INTO fraud_decisionrule (rule_id, seq, state) VALUES (%s, %s, %s)"
_DECISION_RESTRICTION: Final = "INSERT INTO fraud_decisionrestriction (name, seq) VALUES (%s, %s)"
_ENTITY_DECISION: Final = (
    "INSERT INTO fraud_entitydecision (entity_id, seq, role) VALUES (%s, %s, %s)"
)
_ENTITY: Final = (
    "INSERT INTO fraud_entity"
    " (id, kind, key, key_index, first_seen, last_seen, events, worst)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)
_ENTITY_AGAIN: Final = (
    "UPDATE fraud_entity SET last_seen = %s, events = events + %s,"
    " worst = CASE WHEN %s > worst THEN %s ELSE worst END WHERE id = %s"
)
_MINUTE_OUTCOME: Final = (
    "INSERT INTO fraud_minuteoutcome (minute, type, outcome, decisions, amount)"
    " VALUES (%s, %s, %s, %s, %s)"
    " ON CONFLICT (minute, type, outcome) DO UPDATE SET"
    " decisions = fraud_minuteoutcome.decisions + excluded.decisions,"
    " amount = fraud_minuteoutcome.amount + excluded.amount"
)
_MINUTE_RULE: Final = (
    "INSERT INTO fraud_minuterule (minute, rule_id, hits, unknown) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (minute, rule_id) DO UPDATE SET"
    " hits = fraud_minuterule.hits + excluded.hits,"
    " unknown = fraud_minuterule.unknown + excluded.unknown"
)
_MINUTE_LATENCY: Final = (
    "INSERT INTO fraud_minutelatency (minute, bucket, decisions) VALUES (%s, %s, %s)"
    " ON CONFLICT (minute, bucket) DO UPDATE SET"
    " decisions = fraud_minutelatency.decisions + excluded.decisions"
)


_DECISION_ENTITIES: Final = cast(SealedField, Decision._meta.get_field("entities"))
_ENTITY_KEY: Final = Entity._meta.get_field("key")
_KEY_INDEX: Final = Entity._meta.get_field("key_index")


def latency_bucket(microseconds_taken: int) -> int:
    """The histogram bucket of a latency: the smallest n with latency <= 2 ** (n / 8)."""
    if microseconds_taken <= 1:
        return 0
    bucket = int(log2(microseconds_taken) * BUCKETS_PER_OCTAVE)
    while bucket_ceiling(bucket) < microseconds_taken:
        bucket += 1
    return bucket


def bucket_ceiling(bucket: int) -> float:
    """The largest latency of a bucket, in microseconds."""
    return float(2 ** (bucket / BUCKETS_PER_OCTAVE))


class Projection:
    """Applies batches of frames. Not thread-safe; several may work on one database."""

    def __init__(self) -> None:
        self._entities: dict[tuple[str, str], int] = {}
        self._rules: dict[str, int] = {}
        self._layout = Layout(None)
        self._finder = Finder(None)
        self._layout_position = -1
        self._findings: list[tuple[int, Finding]] = []
        self.found: Found | None = None  # what the last batch raises; for Raiser

    def position(self) -> int:
        """Where the next poll of the log should begin."""
        cursor = Cursor.objects.filter(id=1).first()
        return cursor.position if cursor else 0

    def apply(self, frames: Sequence[Frame], next_position: int) -> int:
        """Project frames that end where `next_position` begins; the number newly projected.

        All of them or, when anything fails, none. Frames before the stored cursor are skipped.
        """
        try:
            with transaction.atomic():
                return self._apply(frames, next_position)
        except BaseException:
            # Ids given out in a transaction that did not happen must not be remembered.
            self._entities.clear()
            self._rules.clear()
            self._layout_position = -1
            raise

    def _apply(self, frames: Sequence[Frame], next_position: int) -> int:
        Cursor.objects.bulk_create([Cursor(id=1)], ignore_conflicts=True)
        cursor = Cursor.objects.select_for_update().get(id=1)
        if next_position <= cursor.position:
            return 0
        self._restore(cursor)
        raising_mark(cursor.position)
        begins, self._findings = cursor.position, []
        fresh = [frame for frame in frames if frame.position >= cursor.position]
        batch: list[Record] = []
        for frame in fresh:
            if frame.kind == EVENT:
                batch.append(record(frame))
            elif frame.kind == PROGRAM:
                # Events before it are read by the layout that held for them.
                self._write(cursor, batch)
                batch = []
                self._program(cursor, frame)
            elif frame.kind == WARMED:
                self._warmed(cursor, frame)
            elif frame.kind == LIST_CHANGE:
                _list_act(frame)
        self._write(cursor, batch)
        cursor.position = next_position
        cursor.save()
        self.found = Found(begins, next_position, self._findings)
        return len(fresh)

    def _restore(self, cursor: Cursor) -> None:
        if len(self._entities) > MAX_REMEMBERED_ENTITIES:
            self._entities.clear()
        # Another projector may have given out rule ids since.
        if len(self._rules) != cursor.next_rule - 1:
            self._rules = dict(RuleName.objects.values_list("name", "id"))
        if self._layout_position == cursor.program_position:
            return
        program = Program.objects.filter(position=cursor.program_position).first()
        scenario = from_canonical(program.canonical) if program else None
        self._layout, self._finder = Layout(scenario), Finder(scenario)
        self._layout_position = cursor.program_position

    def _program(self, cursor: Cursor, frame: Frame) -> None:
        head, scenario, _state = read_activation(frame.sections)
        Program.objects.create(
            position=frame.position,
            digest=scenario.digest,
            name=scenario.name,
            canonical=frame.sections[1],
            state=frame.sections[2],
            warming=list(head.warming),
            activated_seq=frame.seq,
            activated=frame.clock,
        )
        self._layout, self._finder = Layout(scenario), Finder(scenario)
        self._layout_position = cursor.program_position = frame.position

    def _warmed(self, cursor: Cursor, frame: Frame) -> None:
        """The program goes on, from here with all its features."""
        before = Program.objects.get(position=cursor.program_position)
        Program.objects.create(
            position=frame.position,
            digest=before.digest,
            name=before.name,
            canonical=before.canonical,
            state=b"",
            warming=[],
            activated_seq=frame.seq,
            activated=frame.clock,
        )
        self._layout_position = cursor.program_position = frame.position

    def _write(self, cursor: Cursor, batch: Sequence[Record]) -> None:
        if not batch:
            return
        rows = _Rows(cursor.next_entity)
        self._identify(cursor, batch)
        for item in batch:
            self._add(rows, item)
        last = batch[-1].frame
        cursor.seq, cursor.clock = last.seq, last.clock
        cursor.events += len(batch)
        rows.write()
        self._findings += self._finder.findings(batch)

    def _identify(self, cursor: Cursor, batch: Sequence[Record]) -> None:
        """Make sure that every entity and rule of the batch has its number."""
        kind_of = self._layout.kind
        wanted: dict[tuple[str, str], None] = {}
        rules: dict[str, None] = {}
        for item in batch:
            event_type = item.event.type
            if event_type == LABEL:
                continue
            for role, key in item.event.entities.items():
                if key is not None:
                    wanted[kind_of(event_type, role), key] = None
            for reason in item.decision.reasons:
                rules[reason.rule] = None
            for rule in item.decision.unknown:
                rules[rule] = None
        missing = [pair for pair in wanted if pair not in self._entities]
        by_kind: dict[str, list[str]] = {}
        for kind, key in missing:
            by_kind.setdefault(kind, []).append(key)
        for kind, keys in by_kind.items():
            for start in range(0, len(keys), _LOOKUP):
                part = keys[start : start + _LOOKUP]
                for entity in Entity.objects.filter(kind=kind, key_index__in=part):
                    # One whose key was damaged is still known by its index.
                    key = entity.key or next(
                        k for k in part if entity.key_index in _KEY_INDEX.digests(k)
                    )
                    self._entities[kind, key] = entity.id
        for pair in missing:
            if pair not in self._entities:
                self._entities[pair] = cursor.next_entity
                cursor.next_entity += 1
        new = [rule for rule in rules if rule not in self._rules]
        for rule in new:
            self._rules[rule] = cursor.next_rule
            cursor.next_rule += 1
        RuleName.objects.bulk_create([RuleName(id=self._rules[r], name=r) for r in new])

    def _add(self, rows: _Rows, item: Record) -> None:
        event, decision, frame = item.event, item.decision, item.frame
        seq, clock, event_type = frame.seq, frame.clock, event.type
        present = {role: key for role, key in event.entities.items() if key is not None}
        if event_type == LABEL:
            fields = event.fields
            rows.labels.append(
                (
                    seq,
                    event.id,
                    str(fields.get("target", "")),
                    str(fields.get("value", "")),
                    str(fields.get("source") or ""),
                    clock,
                )
            )
            return
        outcome = int(Outcome[decision.outcome])
        amount = self._layout.amount(event)
        # Sums of a minute are nobody's; the amount itself stands where its level lets it.
        shown = amount if self._layout.amount_level(event_type) < MASKED_FROM else None
        hits = [r.rule for r in decision.reasons if r.on_unknown is None]
        rows.decisions.append(
            (
                seq,
                event.id,
                event_type,
                clock,
                microseconds(event.time),
                outcome,
                decision.score,
                shown,
                self._layout.currency if shown is not None else "",
                decision.degraded,
                decision.version,
                item.arrival,
                item.latency_us,
                frame.position,
                msgspec.json.encode(present),
                json.dumps(hits, separators=(",", ":")),
            )
        )
        rows.restrictions += [(name, seq) for name in {r.id for r in decision.restrictions}]
        self._add_entities(rows, seq, clock, outcome, event_type, present)
        minute = clock // MINUTE
        for state, names in ((DecisionRule.HIT, hits), (DecisionRule.UNKNOWN, decision.unknown)):
            for name in names:
                rule = self._rules[name]
                rows.decision_rules.append((rule, seq, state))
                counts = rows.minute_rules.setdefault((minute, rule), [0, 0])
                counts[state - 1] += 1
        sums = rows.minute_outcomes.setdefault((minute, event_type, outcome), [0, 0])
        sums[0] += 1
        sums[1] += amount or 0
        bucket = (minute, latency_bucket(item.latency_us))
        rows.minute_latency[bucket] = rows.minute_latency.get(bucket, 0) + 1

    def _add_entities(
        self,
        rows: _Rows,
        seq: int,
        clock: int,
        outcome: int,
        event_type: str,
        present: dict[str, str],
    ) -> None:
        seen: set[int] = set()
        for role, key in present.items():
            kind = self._layout.kind(event_type, role)
            identity = self._entities[kind, key]
            rows.entity_decisions.append((identity, seq, role))
            if identity in seen:
                continue
            seen.add(identity)
            entity = rows.entities.get(identity)
            if entity is None:
                rows.entities[identity] = [identity, kind, key, clock, clock, 1, outcome]
            else:
                entity[4] = clock
                entity[5] += 1
                entity[6] = max(entity[6], outcome)


def _list_act(frame: Frame) -> None:
    change = msgspec.json.decode(frame.sections[0], type=ListChange)
    ListAct.objects.create(
        position=frame.position,
        seq=frame.seq,
        clock=frame.clock,
        list=change.list,
        change=frame.sections[0],
    )


class _Rows:
    """The rows of one batch; entities from number `first_new` on are new in it."""

    def __init__(self, first_new: int) -> None:
        self._first_new = first_new
        self.decisions: list[tuple[Any, ...]] = []
        self.labels: list[tuple[Any, ...]] = []
        self.decision_rules: list[tuple[int, int, int]] = []
        self.restrictions: list[tuple[str, int]] = []
        self.entity_decisions: list[tuple[int, int, str]] = []
        self.entities: dict[int, list[Any]] = {}
        self.minute_outcomes: dict[tuple[int, str, int], list[int]] = {}
        self.minute_rules: dict[tuple[int, int], list[int]] = {}
        self.minute_latency: dict[tuple[int, int], int] = {}

    def write(self) -> None:
        entities = self.entities.values()
        for statement, rows in (
            (_DECISION, _sealed_decisions(self.decisions)),
            (_LABEL, self.labels),
            # In key order, so that the tree is written page by page.
            (_DECISION_RULE, sorted(self.decision_rules)),
            (_DECISION_RESTRICTION, sorted(self.restrictions)),
            (_ENTITY_DECISION, sorted(self.entity_decisions)),
            (_ENTITY, _new_entities([e for e in entities if e[0] >= self._first_new])),
            (_ENTITY_AGAIN, [_again(e) for e in entities if e[0] < self._first_new]),
            (_MINUTE_OUTCOME, [(*key, *sums) for key, sums in self.minute_outcomes.items()]),
            (_MINUTE_RULE, [(*key, *counts) for key, counts in self.minute_rules.items()]),
            (_MINUTE_LATENCY, [(*key, count) for key, count in self.minute_latency.items()]),
        ):
            _insert(statement, rows)


def _sealed_decisions(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows with the keys in each role sealed."""
    sealed = _DECISION_ENTITIES.column_of.seal_many((row[0], row[-2]) for row in rows)
    return [(*row[:-2], keys, row[-1]) for row, keys in zip(rows, sealed, strict=True)]


def _new_entities(entities: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """The rows of entities that are new, their keys sealed and indexed."""
    keys = [entity[2] for entity in entities]
    sealed = _ENTITY_KEY.column_of.seal_many(
        (entity[0], _ENTITY_KEY.encode(entity[2])) for entity in entities
    )
    indexes = _KEY_INDEX.digest_many(keys)
    return [
        (identity, kind, blob, index, *rest)
        for (identity, kind, _key, *rest), blob, index in zip(
            entities, sealed, indexes, strict=True
        )
    ]


def _again(entity: Sequence[Any]) -> tuple[Any, ...]:
    """What changes of an entity seen before."""
    identity, _kind, _key, _first, last, events, worst = entity
    return last, events, worst, worst, identity


def _insert(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    prepared = list(rows)
    if prepared:
        with connection.cursor() as cursor:
            cursor.executemany(statement, prepared)

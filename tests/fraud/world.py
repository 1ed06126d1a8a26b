"""A small log written without an engine: a program and decided events, for the projection.

The decisions are made up here, so that tests of the projection and of the screens say
themselves what must be found.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from guanlan.engine.event import rfc3339
from guanlan.engine.kernel import Shape
from guanlan.engine.log import EVENT, PROGRAM, KeyWrap, LogReader, LogTail, LogWriter
from guanlan.engine.program import Activation
from guanlan.engine.scenario import canonical, load_scenario
from guanlan.engine.scenario.model import Outcome, Rule, Scenario

SCENARIO = Path(__file__).parent / "pond.yaml"
START = int(dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC).timestamp()) * 1_000_000
SECOND = 1_000_000


def scenario() -> Scenario:
    return load_scenario(SCENARIO)


def reason(rule: Rule) -> dict[str, Any]:
    """A hit of a rule, as a decision tells it."""
    forced = rule.outcome.name if rule.outcome is not None else None
    return {"rule": rule.id, "score": rule.score, "outcome": forced, "severity": rule.severity}


class World:
    """Writes frames into a log, remembering what it wrote."""

    def __init__(
        self,
        directory: Path,
        *,
        seed: int = 1,
        clock: int = START,
        keys: KeyWrap | None = None,
    ) -> None:
        self.scenario = scenario()
        self.shape = Shape(self.scenario)
        self.log = LogWriter.open(directory, keys=keys)
        self._keys = keys
        self.random = random.Random(seed)
        self.seq = 0
        self.clock = clock
        self.written: list[dict[str, Any]] = []

    def tail(self) -> LogTail:
        """Follows what was written."""
        return LogTail(self.log.directory, self._keys)

    def reader(self) -> LogReader:
        """Reads what was written."""
        return LogReader(self.log.directory, self._keys)

    def program(self) -> None:
        digest = self.scenario.digest
        head = msgspec.json.encode(Activation(digest, digest))
        sections = (head, canonical(self.scenario), b"")
        self.log.append(PROGRAM, self.seq, self.clock, sections)
        self.log.commit()

    def events(self, count: int, *, commit_every: int = 50) -> None:
        """`count` made-up events."""
        for index in range(count):
            self.event(**self._draw())
            if index % commit_every == commit_every - 1:
                self.log.commit()
        self.log.commit()

    def label(self, target: str, value: str) -> None:
        """What was learned of an earlier event."""
        self.event(
            "label", {}, {"target": target, "value": value, "source": "chargeback"}, Outcome.approve
        )
        self.log.commit()

    def event(
        self,
        kind: str,
        entities: dict[str, str],
        fields: dict[str, Any],
        outcome: Outcome,
        score: int = 0,
        hits: tuple[str, ...] = (),
        unknown: tuple[str, ...] = (),
        latency: int = 30,
    ) -> int:
        """One decided event, not yet committed; its position."""
        seq, clock = self.seq, self.clock
        event_id = f"{kind}-{seq}"
        rules = {rule.id: rule for rule in self.scenario.rules}
        body = {"id": event_id, "type": kind, "entities": entities, "fields": fields}
        decision = {
            "event_id": event_id,
            "seq": seq,
            "type": kind,
            "clock": rfc3339(clock),
            "outcome": outcome.name,
            "score": score,
            "actions": [],
            "reasons": [reason(rules[hit]) for hit in hits],
            "lists": [],
            "unknown": list(unknown),
            "degraded": False,
            "scenario": self.scenario.name,
            "version": self.scenario.digest[:12],
        }
        index = self.shape.type_index[kind]
        slots = [-1] + [0] * (self.shape.width[index] - 1)
        if "transfer.unlike" in unknown:
            start, _size = self.shape.slots[index]["average_out"]
            slots[start + 1] = 0
        sections = (
            struct.pack(f"<{self.shape.row_width}q", *([0] * self.shape.row_width)),
            struct.pack(f"<{len(slots)}q", *slots),
            json.dumps(body, ensure_ascii=False).encode(),
            json.dumps(decision, ensure_ascii=False).encode(),
            struct.pack("<qI4x", clock, latency),
        )
        position = self.log.append(EVENT, seq, clock, sections)
        self.written.append({**decision, "entities": entities, "fields": fields})
        self.seq += 1
        self.clock += self.random.randrange(0, 3 * SECOND)
        return position

    def _draw(self) -> dict[str, Any]:
        draw = self.random
        user = f"u-{draw.randrange(40)}"
        entities = {"user": user, "device": f"d-{draw.randrange(25)}"}
        latency = int(20 * draw.lognormvariate(0, 0.5))
        if draw.random() < 0.4:
            hit = draw.random() < 0.1
            return {
                "kind": "login",
                "entities": {**entities, "phone": f"138001380{draw.randrange(10, 99)}"},
                "fields": {"success": not hit, "lat": 31.2304},
                "outcome": Outcome.review if hit else Outcome.approve,
                "score": 50 if hit else 0,
                "hits": ("login.stuffing",) if hit else (),
                "latency": latency,
            }
        amount = int(100 * draw.lognormvariate(6, 1.5))
        hits: tuple[str, ...] = ()
        unknown: tuple[str, ...] = ()
        score, outcome = 0, Outcome.approve
        if amount > 2_000_000:
            hits, score, outcome = ("transfer.large",), 60, Outcome.review
        if draw.random() < 0.05:
            unknown = ("transfer.unlike",)
        elif draw.random() < 0.05:
            hits, score, outcome = (*hits, "transfer.unlike"), score + 40, Outcome.decline
        return {
            "kind": "transfer",
            "entities": {**entities, "payee": f"u-{draw.randrange(40)}"},
            "fields": {"amount": amount},
            "outcome": outcome,
            "score": score,
            "hits": hits,
            "unknown": unknown,
            "latency": latency,
        }

    def decisions(self) -> Iterator[dict[str, Any]]:
        """What was written and is no label."""
        return (one for one in self.written if one["type"] != "label")

    def close(self) -> None:
        self.log.close()

"""The engine against brute force: every feature, every decision, over random worlds."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.engine import Engine
from guanlan.engine.event import rfc3339
from guanlan.engine.scenario.model import Scenario
from tests.engine.decision_oracle import (
    oracle_decision,
    random_lists,
    random_policy,
    random_rules,
)
from tests.engine.kernel.oracle import oracle_features
from tests.engine.kernel.worlds import SECOND, random_scenario

START = 1_700_000_000 * SECOND
USERS = ("a", "张三", "d\u0301", "\U0001f600")


def random_world(rng: random.Random) -> tuple[Scenario, list[Any], list[dict[str, Any]]]:
    scenario = random_scenario(rng, 6)
    features = tuple(
        msgspec.structs.replace(f, where=None) if (f.where or "").startswith("amount") else f
        for f in scenario.features
    )
    scenario = msgspec.structs.replace(scenario, features=features)
    rules, trees = random_rules(rng, scenario, 5)
    scenario = msgspec.structs.replace(
        scenario,
        rules=tuple(rules),
        policy=random_policy(rng),
        lists=random_lists(rng, USERS),
        digest="0" * 64,
    )
    return scenario, trees, random_events(rng, scenario, 40)


def random_events(rng: random.Random, scenario: Scenario, n: int) -> list[dict[str, Any]]:
    """Posted events with ties, late arrivals, absent values, repeated ids."""
    events: list[dict[str, Any]] = []
    time, clock = START, 0
    for i in range(n):
        time += rng.choice([0, 0, 1, SECOND, 3 * SECOND, 10 * SECOND, -5 * SECOND])
        clock = max(clock, time)
        kind = rng.choice(scenario.events)
        entities = {
            role.name: rng.choice(USERS)
            for role in kind.roles
            if role.required or rng.random() < 0.7
        }
        fields: dict[str, Any] = {}
        for field in kind.fields:
            if not field.required and rng.random() < 0.3:
                continue
            fields[field.name] = {
                "bool": rng.random() < 0.5,
                "string": rng.choice(USERS),
                "number": round(rng.uniform(-9, 9), 2),
                "time": START + rng.randint(0, 9) * SECOND,
                "money": rng.choice([0, 100, 500, 10**14]),
                "int": rng.randint(-3, 6),
            }[field.type]
        events.append(
            {"id": f"e{i}", "type": kind.name, "time": time, "clock": clock,
             "entities": entities, "fields": fields}
        )  # fmt: skip
        if rng.random() < 0.1:
            events.append({**rng.choice(events[:-1] or events), "clock": clock})
    return events


def posted(event: dict[str, Any], scenario: Scenario) -> bytes:
    times = {
        f.name
        for e in scenario.events
        if e.name == event["type"]
        for f in e.fields
        if f.type == "time"
    }
    fields = {k: rfc3339(v) if k in times else v for k, v in event["fields"].items()}
    return json.dumps(
        {"id": event["id"], "type": event["type"], "time": rfc3339(event["time"]),
         "entities": event["entities"], "fields": fields}
    ).encode()  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_every_feature_and_every_decision_equals_the_brute_force_oracle(seed: int) -> None:
    rng = random.Random(seed)
    scenario, trees, events = random_world(rng)
    expected = oracle_features(scenario, events)
    engine = Engine.in_memory(scenario, secret=b"k" * 32, cache=Path("unused"))
    at = 0
    while at < len(events):  # batches of any size are the same as one at a time
        size = rng.randint(1, 9)
        answers = engine.decide([posted(e, scenario) for e in events[at : at + size]])
        engine.commit()
        for event, answer in zip(events[at : at + size], answers, strict=True):
            assert answer.status == 200, answer
            if answer.duplicate:
                first = engine.explain(answer.seq)
                assert first.decision == json.loads(answer.body)
                continue
            why = engine.explain(answer.seq)
            assert why.features == expected[events.index(event)], event
            assert why.clock == event["clock"]
            decision = why.decision
            made = {
                "outcome": decision["outcome"],
                "score": decision["score"],
                "counted": sorted(reason["rule"] for reason in decision["reasons"]),
                "unknown": sorted(decision["unknown"]),
            }
            assert made == oracle_decision(scenario, trees, event, why.features)
        at += size

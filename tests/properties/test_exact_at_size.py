"""Every feature of every event stays exact while tables double, rings grow and are reused.

Faults that small random tests cannot meet: a key lost when a table of thousands moves, an entry
lost when a busy ring wraps, a block handed out twice. Interpreted, for that is quick to start;
that compiled code does the same is shown in tests/engine/kernel/test_compiled.py.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from guanlan.engine import Engine
from guanlan.engine.kernel import Kernel, Shape, primitives
from guanlan.engine.language import Typed, check, interpret, parse
from guanlan.engine.scenario import load_scenario
from guanlan.engine.scenario.environment import where_names
from guanlan.engine.simulate import simulate, wire_history
from tests.engine.kernel.oracle import oracle_features, simple_where
from tests.engine.kernel.rows import buffer, row
from tests.engine.kernel.worlds import SECOND, everything, random_events, random_scenario
from tests.properties.plain import Event, Plain

WALLET = Path(__file__).resolve().parents[2] / "examples" / "wallet" / "scenario.yaml"
START = 1_780_272_000_000_000
GAPS = (10 * SECOND, 60 * SECOND, 10 * SECOND - 1, 60 * SECOND - 1, 60 * SECOND + 1, 900 * SECOND)


def traffic(rng: random.Random, n: int) -> Iterator[dict[str, Any]]:
    """Bursts of a few busy keys among ever new ones; between bursts the clock often jumps by
    exactly a window of `everything()`, so that what fills a ring leaves it at one event."""
    clock, busy, seen, pace = START, ["a"], 0, 0
    for i in range(n):
        if i % 700 == 0:
            clock += rng.choice(GAPS) if i else 0
            busy = [f"busy-{rng.randrange(5)}" for _ in range(2)]
            pace = rng.choice([0, 1, 30_000, 200_000])
        clock += rng.randrange(pace + 1)
        entities: dict[str, str] = {}
        for role, share in (("user", 0.5), ("payee", 0.3), ("device", 0.4)):
            draw = rng.random()
            if draw < share:
                entities[role] = rng.choice(busy)
            elif draw < share + 0.25:
                seen += 1
                entities[role] = f"k-{seen}"
            elif role != "device" or draw < 0.9:
                entities[role] = f"k-{rng.randrange(seen + 1)}"
        kind = rng.choice(["transfer", "transfer", "transfer", "login", "refund"])
        fields: dict[str, Any] = {}
        if kind != "login":
            fields["amount"] = rng.choice([0, 100, -7, rng.randrange(10**9), 10**14])
        if kind != "refund":
            fields |= {"success": rng.random() < 0.5, "risk": round(rng.uniform(-9, 9), 2)}
        else:
            entities.pop("user"), entities.pop("device", None)
        if kind == "login":
            entities.pop("payee")
        if kind == "transfer" and rng.random() < 0.8:
            fields |= {"fee": rng.randrange(-5, 60), "channel": f"c{rng.randrange(40)}",
                       "due": rng.randrange(2 * 10**15)}  # fmt: skip
        again = i > 0 and rng.random() < 0.01
        yield {
            "id": f"e{rng.randrange(i) if again else i}",
            "type": kind,
            "clock": clock,
            "entities": entities,
            "fields": fields,
        }


def check_traffic(seed: int, n: int) -> Kernel:
    """The kernel that took the traffic, every event of it compared."""
    world = everything()
    shape = Shape(world)
    kernel, plain = Kernel(shape, Path("/nonexistent")), Plain(world, simple_where)
    out = buffer(shape.out_width)
    for i, event in enumerate(traffic(random.Random(seed), n)):
        words = buffer(shape.row_width)
        for at, word in enumerate(row(world, shape, event)):
            words[at] = word
        assert kernel.run(words, out, 1) == 1
        if out[0] < 0:
            found = shape.decode(shape.type_index[event["type"]], out.tolist())
            expected = plain.event(event)
            assert found == expected, (i, differing(found, expected))
    return kernel


def differing(found: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    names = found.keys() | expected.keys()
    return {
        name: (found.get(name), expected.get(name))
        for name in names
        if found.get(name) != expected.get(name)
    }


@pytest.mark.slow
def test_busy_keys_among_thousands_of_new_ones() -> None:
    kernel = check_traffic(seed=1, n=10_000)
    # The traffic is what it says: tables have doubled many times, and rings were outgrown.
    words, layout = kernel._words, kernel._layout
    sizes = [words[primitives.TABLES + 4 * i + 1] + 1 for i in range(layout.tables)]
    assert max(sizes) >= 8_192
    assert sum(size >= 2_048 for size in sizes) >= 5
    largest = [words[state.most] // (2 * state.stride) for state in layout.states if state.stride]
    assert max(largest) >= 512


@pytest.mark.slow
def test_a_simulated_wallet() -> None:
    scenario = load_scenario(WALLET)
    typed: dict[tuple[str, str], Typed] = {}

    def where(source: str, event: Event) -> bool | None:
        name = event["type"]
        if (name, source) not in typed:
            made = check(parse(source), where_names(scenario, name, lambda x: x))
            assert isinstance(made, Typed)
            typed[name, source] = made
        values = declared[name] | event["entities"] | event["fields"]
        values |= {"time": event["time"], "clock": event["clock"], "event_type": name,
                   "lateness": event["clock"] - event["time"]}  # fmt: skip
        found = interpret(typed[name, source], values, lambda *_: False)
        assert found is None or isinstance(found, bool)
        return found

    declared = {
        e.name: dict.fromkeys([r.name for r in e.roles] + [f.name for f in e.fields])
        for e in scenario.events
    }
    plain = Plain(scenario, where)
    bodies = list(wire_history([pl.concat(simulate(7_000, 8, START, 12.0, share=0.15))]))
    clock = 0
    with Engine.in_memory(scenario, secret=b"s" * 32, clock="event") as engine:
        answers = engine.decide(bodies)
        engine.commit()
        for i, (body, answer) in enumerate(zip(bodies, answers, strict=True)):
            assert answer.status == 200
            event = msgspec.json.decode(body)
            time = event["time"] * 1000
            clock = max(clock, time)
            expected = plain.event({"fields": {}, **event, "time": time, "clock": clock})
            found = engine.explain(answer.seq).features
            assert found == expected, (i, differing(found, expected))


@pytest.mark.parametrize("seed", range(25))
def test_the_plain_features_are_those_of_the_oracle(seed: int) -> None:
    rng = random.Random(seed)
    world = everything() if seed == 0 else random_scenario(rng, 12)
    events = random_events(rng, 60)
    plain = Plain(world, simple_where)
    assert [plain.event(event) for event in events] == oracle_features(world, events)

"""Kill it, reopen it, reload it: the state is what was acknowledged, and replays to the byte."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from guanlan.engine import Engine
from guanlan.engine.log import LogLocked, LogReader
from guanlan.engine.replay import ReplayReport, replay
from tests.engine.small import (
    EVENTS,
    FEATURES,
    MORE_FEATURES,
    NEW_PAYEE_RULE,
    RULES,
    SECRET,
    Clock,
    login,
    scenario,
    transfer,
)


def opened(directory: Path, clock: Clock, **parts: str) -> Engine:
    made = scenario(**parts) if parts else None if (directory / "log").exists() else scenario()
    return Engine.open(directory / "log", made, secret=SECRET, now=clock, warm=False)


def replayed(directory: Path) -> ReplayReport:
    return replay(LogReader(directory / "log"), secret=SECRET, cache=directory / "cache")


def traffic(engine: Engine, clock: Clock, n: int, seed: int, prefix: str) -> dict[str, bytes]:
    """Decide n random events; the answers by id."""
    rng = random.Random(seed)
    answers: dict[str, bytes] = {}
    for i in range(n):
        clock.forward(rng.choice([0, 1, 60, 1800]))
        event_id = f"{prefix}-{i}"
        user = f"u-{rng.randint(1, 3)}"
        body = (
            login(event_id, success=rng.random() < 0.5, user=user)
            if rng.random() < 0.3
            else transfer(
                event_id, rng.randint(0, 90_000), user=user, payee=f"u-{rng.randint(1, 9)}"
            )
        )
        (answer,) = engine.decide([body])
        assert answer.status == 200
        answers[event_id] = answer.body
    engine.commit()
    return answers


def test_reopening_gives_the_state_that_was_left(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path, clock) as engine:
        traffic(engine, clock, 60, seed=1, prefix="a")
        engine.set_list_entry("watched", "u-2", author="a", reason="r")
        before = engine.entity("user", "u-1"), engine.entity("user", "u-2"), engine.seq
    with opened(tmp_path, clock) as engine:
        assert (engine.entity("user", "u-1"), engine.entity("user", "u-2"), engine.seq) == before
        traffic(engine, clock, 40, seed=2, prefix="b")
    report = replayed(tmp_path)
    assert (report.events, report.ok) == (100, True)


def test_replay_names_decisions_that_the_program_would_not_make(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path, clock) as engine:
        traffic(engine, clock, 10, seed=1, prefix="a")
        for each in engine.program.types:
            each.encode._tail = each.encode._tail.replace(b'"small"', b'"small "')
        traffic(engine, clock, 5, seed=3, prefix="b")
    report = replayed(tmp_path)
    assert (report.events, report.equal) == (15, 10)
    assert {difference.parts for difference in report.differences} == {("decision",)}


def test_a_second_engine_on_the_same_log_is_refused(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path, clock), pytest.raises(LogLocked, match=str(os.getpid())):
        opened(tmp_path, clock)


def test_rules_reload_without_touching_state(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path, clock) as engine:
        traffic(engine, clock, 30, seed=1, prefix="a")
        kernel = engine.kernel
        strict = scenario(rules=RULES.replace("money(500)", "money(5)"))
        result = engine.reload(strict)
        assert (result.live, result.warming) == (True, ())
        assert engine.kernel is kernel
        (answer,) = engine.decide([transfer("n-1", 1_000)])
        decision = json.loads(answer.body)
        assert decision["score"] == 60
        assert decision["version"] == strict.digest[:12]
        engine.commit()
        first = engine.explain(0)
        assert first.decision["version"] != decision["version"], "the past keeps its program"
    with opened(tmp_path, clock) as engine:
        assert engine.program.digest == strict.digest
    assert replayed(tmp_path).ok


def test_a_new_feature_is_unknown_until_the_past_has_been_read(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path, clock) as engine:
        engine.decide([transfer("a-1")])
        engine.commit()
        richer = scenario(features=FEATURES + MORE_FEATURES, rules=RULES + NEW_PAYEE_RULE)
        with engine._lock:  # the background thread cannot swap while this is held
            result = engine.reload(richer)
            (answer,) = engine.decide([transfer("a-2", payee="u-5")])
            assert result.warming == ("new_payee",)
            assert "new_payee" in json.loads(answer.body)["unknown"]
        assert engine.wait_warm(30)
        assert engine.warm_error == ""
        (old, new) = engine.decide([transfer("a-3"), transfer("a-4", payee="u-6")])
        engine.commit()
        assert json.loads(old.body)["score"] == 0
        assert [r["rule"] for r in json.loads(new.body)["reasons"]] == ["new_payee"]
        why = engine.decision("a-2")
        assert why is not None
        assert (why.features["new_payee"], why.warming) == (None, ("new_payee",))
    report = replayed(tmp_path)
    assert (report.events, report.ok) == (4, True)


def test_changed_event_types_keep_the_old_program_until_the_past_has_been_read(
    tmp_path: Path,
) -> None:
    clock = Clock()
    with opened(tmp_path, clock) as engine:
        traffic(engine, clock, 20, seed=1, prefix="a")
        total = engine.entity("user", "u-1")
        wider = scenario(
            events=EVENTS.replace(
                "memo: {type: string,",
                "country: {type: string, required: true, level: 1, "
                "title: {en: country, zh: 国家}}\n      memo: {type: string,",
            )
        )
        with engine._lock:
            assert not engine.reload(wider).live
            (answer,) = engine.decide([transfer("b-1", 7)])
            assert answer.status == 200
        assert engine.wait_warm(30)
        assert engine.warm_error == ""
        (refused,) = engine.decide([transfer("b-2", 7)])
        assert refused.status == 422, "the new program requires the country"
        after = engine.entity("user", "u-1")
        assert total is not None
        assert after is not None
        assert after.features["out_1h"] == (total.features["out_1h"] or 0) + 7
    assert replayed(tmp_path).ok


def test_opening_with_another_scenario_rebuilds_its_state(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path, clock) as engine:
        traffic(engine, clock, 20, seed=1, prefix="a")
    richer = {"features": FEATURES + MORE_FEATURES, "rules": RULES + NEW_PAYEE_RULE}
    with opened(tmp_path, clock, **richer) as engine:
        (answer,) = engine.decide([transfer("b-1", payee="nobody")])
        engine.commit()
        assert [r["rule"] for r in json.loads(answer.body)["reasons"]] == ["new_payee"]
    assert replayed(tmp_path).ok


WRITER = """
import sys, time
from pathlib import Path
from guanlan.engine import Engine
from tests.engine.small import SECRET, scenario, transfer
engine = Engine.open(Path(sys.argv[1]) / "log", scenario(), secret=SECRET,
                     now=lambda: time.time_ns() // 1000, warm=False)
n = engine.seq
while True:
    answers = engine.decide([transfer(f"e-{n + i}", 1000 + i, user=f"u-{i % 3}") for i in range(7)])
    engine.commit()
    n += 7
    print("\\n".join(a.body.decode() for a in answers), flush=True)
"""


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged: dict[str, bytes] = {}
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])},
        ) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(150)]
            process.send_signal(signal.SIGKILL)
            lines += process.stdout.readlines()
        for line in lines:
            if line.endswith(b"}\n"):
                acknowledged[json.loads(line)["event_id"]] = line.strip()
    clock = Clock()
    with opened(tmp_path, clock) as engine:
        for event_id, body in acknowledged.items():
            found = engine.decision(event_id)
            assert found is not None, event_id
            assert found.decision == json.loads(body)
    report = replayed(tmp_path)
    assert report.ok
    assert report.events >= len(acknowledged) >= 450

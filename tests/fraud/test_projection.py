"""The database holds every frame of the log exactly once, whatever happens on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from guanlan.core.event_log import log_keys
from guanlan.engine.scenario.model import Outcome
from guanlan.fraud import models
from guanlan.fraud.projection import MINUTE, Projection, bucket_ceiling, latency_bucket
from guanlan.fraud.projector import Projector
from guanlan.fraud.services import project
from tests import postgres
from tests.fraud.world import World

pytestmark = pytest.mark.django_db

TABLES = (
    models.Program, models.Decision, models.RuleName, models.DecisionRule, models.Entity,
    models.EntityDecision, models.Label, models.MinuteOutcome, models.MinuteRule,
    models.MinuteLatency,
)  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "log", keys=log_keys())
    made.program()
    yield made
    made.close()


def contents() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every projected table, what is sealed opened."""
    return {
        table.__name__: sorted(
            tuple(repr(getattr(row, field.attname)) for field in table._meta.concrete_fields)
            for row in table.objects.all()
        )
        for table in TABLES
    }


def expect(world: World) -> None:
    """The database says what the world wrote."""
    decided = list(world.decisions())
    rows = list(models.Decision.objects.order_by("seq"))
    assert [r.event_id for r in rows] == [d["event_id"] for d in decided]
    assert [Outcome(r.outcome).name for r in rows] == [d["outcome"] for d in decided]
    assert [r.amount for r in rows] == [d["fields"].get("amount") for d in decided]
    assert [r.entities for r in rows] == [d["entities"] for d in decided]
    hits = Counter(reason["rule"] for d in decided for reason in d["reasons"])
    unknown = Counter(rule for d in decided for rule in d["unknown"])
    names = dict(models.RuleName.objects.values_list("id", "name"))
    counted = {models.DecisionRule.HIT: Counter[str](), models.DecisionRule.UNKNOWN: Counter[str]()}
    for rule, state in models.DecisionRule.objects.values_list("rule_id", "state"):
        counted[state][names[rule]] += 1
    assert counted == {models.DecisionRule.HIT: hits, models.DecisionRule.UNKNOWN: unknown}
    seen: Counter[tuple[str, str]] = Counter()
    for d in decided:
        kinds = {("user" if role == "payee" else role, key) for role, key in d["entities"].items()}
        seen.update(kinds)
    stored = {(e.kind, e.key): e.events for e in models.Entity.objects.all()}
    assert stored == seen
    assert models.EntityDecision.objects.count() == sum(len(d["entities"]) for d in decided)
    by_outcome: Counter[tuple[str, str]] = Counter()
    for row in models.MinuteOutcome.objects.all():
        by_outcome[row.type, Outcome(row.outcome).name] += row.decisions
    assert by_outcome == Counter((d["type"], d["outcome"]) for d in decided)
    assert sum(r.decisions for r in models.MinuteLatency.objects.all()) == len(decided)
    assert sum(r.hits for r in models.MinuteRule.objects.all()) == sum(hits.values())


def test_every_event_becomes_one_decision(world: World) -> None:
    world.events(300)
    assert project(world.tail(), batch=37) == 301
    expect(world)
    program = models.Program.objects.get()
    assert program.digest == world.scenario.digest
    assert project(world.tail()) == 0
    expect(world)


def test_the_size_of_batches_makes_no_difference(world: World) -> None:
    world.events(120)
    project(world.tail(), batch=1000)
    whole = contents()
    for table in (*TABLES, models.Cursor):
        table.objects.all().delete()
    project(world.tail(), batch=7)
    assert contents() == whole


def test_frames_handed_over_again_are_skipped(world: World) -> None:
    world.events(100)
    tail = world.tail()
    frames, following = tail.poll(0, 1000)
    first, second = Projection(), Projection()
    assert first.apply(frames[:60], frames[60].position) == 60
    # A second projector that still believes it is at the beginning.
    assert second.apply(frames, following) == len(frames) - 60
    assert first.apply(frames[30:90], frames[90].position) == 0
    expect(world)


@pytest.mark.parametrize("statement", ["fraud_decision ", "fraud_minutelatency ", "fraud_cursor"])
def test_a_failure_inside_a_batch_leaves_nothing_of_it(world: World, statement: str) -> None:
    world.events(80)
    tail = world.tail()
    frames, following = tail.poll(0, 1000)
    projection = Projection()
    projection.apply(frames[:40], frames[40].position)
    before = contents()

    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if statement in sql and not sql.startswith("SELECT"):
            execute(sql, params, many, context)
            raise RuntimeError("pulled the plug")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail), pytest.raises(RuntimeError):
        projection.apply(frames[40:], following)
    assert contents() == before
    projection.apply(frames[40:], following)
    expect(world)


def test_labels_are_kept_apart_from_decisions(world: World) -> None:
    world.events(5)
    world.label("transfer-3", "fraud")
    project(world.tail())
    expect(world)
    label = models.Label.objects.get()
    assert (label.target, label.value, label.source) == ("transfer-3", "fraud", "chargeback")


def test_minutes_are_those_of_the_decision(world: World) -> None:
    world.events(200)
    project(world.tail())
    frames = [f for f in world.reader().frames() if f.kind == 1]
    assert Counter(f.clock // MINUTE for f in frames) == Counter(
        {
            minute: sum(r.decisions for r in models.MinuteOutcome.objects.filter(minute=minute))
            for minute in models.MinuteOutcome.objects.values_list("minute", flat=True).distinct()
        }
    )


@pytest.mark.parametrize("taken", [0, 1, 2, 3, 7, 8, 9, 100, 1023, 1024, 1025, 999_999])
def test_a_latency_lies_in_its_bucket(taken: int) -> None:
    bucket = latency_bucket(taken)
    assert taken <= bucket_ceiling(bucket)
    assert bucket == 0 or taken > bucket_ceiling(bucket - 1)


_CHILD = """
import os, sys
from pathlib import Path
import django
django.setup()
from guanlan.site.run.fresh import is_empty, make_tables
if is_empty():
    make_tables()
from django.db import connection
from guanlan.engine.log import LogTail
from guanlan.fraud.projector import Projector
kill_at = int(sys.argv[2])
done = 0
def plug(execute, sql, params, many, context):
    global done
    result = execute(sql, params, many, context)
    if sql.startswith(("INSERT", "UPDATE")):
        done += 1
        if done == kill_at:
            os.kill(os.getpid(), 9)
    return result
with connection.execute_wrapper(plug):
    Projector(Path(sys.argv[1]), batch=29).catch_up()
from guanlan.fraud import models
print(models.Decision.objects.count(), models.Cursor.objects.get().events,
      sum(r.decisions for r in models.MinuteOutcome.objects.all()),
      sum(e.events for e in models.Entity.objects.filter(kind="device")))
"""


@pytest.mark.django_db(transaction=True)
def test_killed_inside_a_transaction_again_and_again(tmp_path: Path) -> None:
    # Not sealed: the other process is another installation, with keys of its own.
    world = World(tmp_path / "log")
    world.program()
    world.events(150)
    world.close()
    environment = {
        **os.environ,
        "GUANLAN_DATA": str(tmp_path / "data"),
        "DJANGO_SETTINGS_MODULE": "guanlan.site.settings",
        **postgres.of_its_own(),
    }

    def run(kill_at: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", _CHILD, str(world.log.directory), str(kill_at)]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    for kill_at in (4, 17, 26):
        assert run(kill_at).returncode == -signal.SIGKILL
    finished = run(-1)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.split() == ["150"] * 4


@pytest.mark.django_db(transaction=True)
def test_the_projector_follows_a_growing_log(world: World) -> None:
    projector = Projector(world.log.directory, batch=50)
    world.events(60)
    assert projector.catch_up() == 61
    world.events(60)
    assert projector.lag.bytes > 0
    assert projector.catch_up() == 60
    assert projector.lag.bytes == 0
    expect(world)

"""A worker that is killed in the middle of a plan: nothing is repeated, nothing is left out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import postgres

# A plan of twelve automatic steps, half of them in our database (each makes a person, which a
# repeat could not do twice unseen), half of them remote (each writes a line to a file); the
# process kills itself at a given statement or call, and is started again.
_CHILD = """
import datetime as dt, json, os, signal, sys
import django
django.setup()
from guanlan.site.run.fresh import is_empty, make_tables
if is_empty():
    make_tables()
from django.db import connection
from guanlan.core.access import SYSTEM
from guanlan.core.models import User
from guanlan.response.models import Plan, PlanRun, StepRun
from guanlan.response.plans import registry
from guanlan.response.plans.advancing import advance_all
from guanlan.response.plans.running import begin
from guanlan.response.plans.writing import install
from tests.response.plans.plans import END, ident, playbook, start
from guanlan.response.plans.cacao import Automatic, Text

kill_at, file = int(sys.argv[1]), sys.argv[2]
done = 0

def count():
    global done
    done += 1
    if done == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)

@registry.playbook_step("make", "make", {}, outside=False)
def make(context):
    User.objects.create(username=f"made {context.key} {User.objects.count()}")
    return registry.Result()

@registry.playbook_step("ring", "ring", {}, outside=True, remote=True)
def ring(context):
    count()
    with open(file, "a") as out:
        out.write(context.key + "\\n")
    count()
    return registry.Result()

def plug(execute, sql, params, many, context):
    result = execute(sql, params, many, context)
    if sql.startswith(("INSERT", "UPDATE")):
        count()
    return result

now = dt.datetime(2027, 3, 1, tzinfo=dt.UTC)
if not PlanRun.objects.exists():
    ids = [ident("action", n) for n in range(12)] + [END.id]
    steps = [
        Automatic(id=ids[n], name=Text(en=f"Step {n}"), command=("make", "ring")[n % 2],
                  next=ids[n + 1])
        for n in range(12)
    ]
    install("killed", "fraud", playbook(start(ids[0]), *steps, END), now)
    begin(SYSTEM, Plan.objects.get().current, "live", now)
with connection.execute_wrapper(plug):
    while True:
        advance_all(now)
        now += dt.timedelta(minutes=5)
        # What became of a call that broke off is for a person to say; here: it was done.
        unsure = StepRun.objects.filter(state="unsure")
        if unsure.exists():
            lines = open(file).read().split() if os.path.exists(file) else []
            from guanlan.response.plans.running import finish_step, try_again
            for row in unsure:
                if row.key in lines:
                    finish_step(SYSTEM, row, "done", now=now, note="seen")
                else:
                    try_again(SYSTEM, row, now)
            continue
        if PlanRun.objects.get().state == "done":
            break
print(json.dumps([
    User.objects.filter(username__startswith="made").count(),
    sorted(StepRun.objects.filter(kind="automatic").values_list("state", flat=True)),
    StepRun.objects.count(), done,
]))
"""


@pytest.mark.django_db(transaction=True)
def test_killed_again_and_again_each_step_is_done_once(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "GUANLAN_DATA": str(tmp_path / "data"),
        "DJANGO_SETTINGS_MODULE": "guanlan.site.settings",
        "PYTHONPATH": os.pathsep.join(sys.path),
        **postgres.of_its_own(),
    }
    rung = tmp_path / "rung"

    def run(kill_at: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", _CHILD, str(kill_at), str(rung)]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    for kill_at in (2, 5, 7, 10):
        found = run(kill_at)
        assert found.returncode == -signal.SIGKILL, found.stderr
    finished = run(-1)
    assert finished.returncode == 0, finished.stderr
    made, states, rows, _done = json.loads(finished.stdout)
    assert made == 6, "a step in our database was repeated or left out"
    assert states == ["done"] * 12
    assert rows == 14
    calls: list[Any] = rung.read_text().split()
    assert len(calls) == len(set(calls)) == 6, "a call was repeated or left out"

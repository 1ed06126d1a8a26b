"""A worker killed with SIGKILL between a line of the audit log and the commit of what it tells."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from guanlan.core.audit.rows import decode
from guanlan.core.audit.store import ROWS

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]
SECONDS = 120
COUNT = 5

# Makes an installation with keys and an action on all of them, and works on it; at the row that
# DIE names the process kills itself when the line is durable and the transaction is open.
WORK = """
import os, signal, sys, threading
import django
django.setup()
from guanlan.core.access import subject_of
from guanlan.core.audit import recording
from guanlan.core.jobs import Progress
from guanlan.core.models import ApiKey, JobRun, User
from guanlan.core.services import create_api_key, ensure_owner
from guanlan.web.models import BulkAct
from guanlan.web.resource import bulk, registry
import guanlan.site.urls
from guanlan.site.run.fresh import is_empty, make_tables

if is_empty():
    make_tables()
name, _password = ensure_owner()
owner = User.objects.get(username=name)
if not BulkAct.objects.exists():
    keys = [create_api_key(f"k{n}", ["events:write"]).key.pk for n in range(int(sys.argv[1]))]
    resource = registry.resource_of("core.apikey")
    action = next(one for one in resource.actions if one.name == "revoke")
    bulk.start(subject_of(owner), resource, action, keys)
made = BulkAct.objects.get()
append = recording._append

def appended(row):
    index = append(row)
    if row.act == "key.revoke" and row.on[1] == made.keys[int(sys.argv[2])]:
        os.kill(os.getpid(), signal.SIGKILL)
    return index

if sys.argv[2] != "-":
    recording._append = appended
JobRun.objects.all().delete()
run = JobRun.objects.create(job=bulk.JOB, state=JobRun.State.RUNNING)
bulk.work(Progress(run, 60, threading.Event()))
made.refresh_from_db()
print(made.state, made.done, ApiKey.objects.filter(revoked=None).count())
"""


def work(data: Path, die: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GUANLAN_")}
    told = {"GUANLAN_DATA": str(data), "DJANGO_SETTINGS_MODULE": "guanlan.site.settings"}
    return subprocess.run(
        [sys.executable, "-c", WORK, str(COUNT), die],
        env={**kept, **told, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_one_effect_is_one_row_when_a_worker_is_killed_before_the_commit(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for at in ("2", "3"):
        assert work(data, at).returncode == -signal.SIGKILL
    ended = work(data, "-")
    assert ended.stdout.split() == ["done", str(COUNT), "0"], ended.stderr
    lines = (data / "audit" / ROWS).read_bytes().splitlines()
    rows = [row for row in map(decode, lines) if row.act == "key.revoke"]
    undone = {row.of for row in rows if row.outcome == "undone"}
    holding = [row for row in rows if row.outcome == "done" and row.i not in undone]
    assert len(undone) == 2, "what the killed ones had written is said to be undone"
    assert Counter(row.on[1] for row in holding).most_common(1)[0][1] == 1
    assert len(holding) == COUNT
    assert {row.who.name for row in rows} == {"owner"}

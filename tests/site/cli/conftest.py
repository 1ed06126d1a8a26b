"""Running the command as people do: in a process of its own, with a data directory of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.site.cli import database
from tests.site.cli.running import Result, Started

ROOT = Path(__file__).resolve().parents[3]


def environment(data: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GUANLAN_")}
    return (
        kept
        | database.of(data)
        | {
            "GUANLAN_DATA": str(data),
            "PYTHONPATH": str(ROOT / "src"),
            "DJANGO_SETTINGS_MODULE": "guanlan.site.settings",
            "COLUMNS": "200",
        }
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory of which only the database was made: all tables, and nothing in them."""
    made = tmp_path_factory.mktemp("tables")
    subprocess.run(
        [sys.executable, "-c", TABLES], env=environment(made), cwd=made, timeout=120, check=True
    )
    return made


@pytest.fixture
def migrated(tables: Path, data: Path) -> None:
    """The tables of `data` are there before its first command, which then need not make them;
    that is told of by the tests that start from nothing."""
    database.copy(tables, data)


@pytest.fixture
def guanlan(data: Path) -> Callable[..., Result]:
    """Run `guanlan ...` to its end."""

    def call(*words: str | Path, **changed: str) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "guanlan.site", *map(str, words)],
            capture_output=True,
            text=True,
            timeout=60,
            env=environment(data) | changed,
            cwd=data.parent,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def together(data: Path) -> Callable[..., list[Result]]:
    """Run many commands one after the other in a single process: starting one is dear."""

    def call(*commands: Sequence[str]) -> list[Result]:
        done = subprocess.run(
            [sys.executable, "-c", TOGETHER],
            input=json.dumps(commands),
            capture_output=True,
            text=True,
            timeout=60,
            env=environment(data),
            cwd=data.parent,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [Result(*answer) for answer in json.loads(done.stdout)]

    return call


TABLES = """
import django
django.setup()
from guanlan.site.run.fresh import make_tables
make_tables()
"""

TOGETHER = """
import contextlib, io, json, sys
from guanlan.site.cli.verbs import run
answers = []
for words in json.load(sys.stdin):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(words)
    answers.append((code, out.getvalue(), err.getvalue()))
print(json.dumps(answers))
"""


@pytest.fixture
def start(data: Path) -> Iterator[Callable[..., Started]]:
    """Start `guanlan ...` and leave it running; it is stopped at the end."""
    running: list[Started] = []

    def call(*words: str | Path, **changed: str) -> Started:
        process = subprocess.Popen(
            [sys.executable, "-m", "guanlan.site", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(data) | changed,
            cwd=data.parent,
        )
        running.append(Started(process))
        return running[-1]

    yield call
    for started in running:
        started.kill()

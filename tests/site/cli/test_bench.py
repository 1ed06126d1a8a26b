"""`guanlan bench`: runs the programs of bench/ and says which missed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from guanlan.site.cli import bench

GOOD = '{"bench": "kernel", "ratio": 9.5, "reach": 8.0, "equal": true, "ok": true}'
SHORT = '{"bench": "http", "ratio": 1.5, "reach": 2.5, "equal": true, "ok": false}'
PROGRAM = "\nif __name__ == {name!r}:\n    print({line!r}); raise SystemExit({code})\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bench, "BENCH", tmp_path)
    return tmp_path


def program(folder: Path, name: str, line: str, code: int) -> None:
    text = PROGRAM.format(name="__main__", line=line, code=code)
    (folder / f"{name}.py").write_text(text.replace("'__main__'", '"__main__"'))


def test_reached_is_0_and_missed_is_1(folder: Path) -> None:
    program(folder, "kernel", GOOD, 0)
    program(folder, "http", SHORT, 1)
    (folder / "part_of_kernel.py").write_text("raise SystemExit('not a program')\n")

    engine = CliRunner().invoke(bench.bench, ["engine", "--json"])
    assert engine.exit_code == 0
    assert [json.loads(line) for line in engine.output.splitlines()] == [json.loads(GOOD)]

    http = CliRunner().invoke(bench.bench, ["http"])
    assert http.exit_code == 1
    assert "not reached: http" in http.output

    both = CliRunner().invoke(bench.bench, ["--json"])
    assert [json.loads(x)["bench"] for x in both.stdout.splitlines()] == ["http", "kernel"]


def test_a_program_that_fails_has_missed(folder: Path) -> None:
    program(folder, "kernel", GOOD, 3)
    broken = CliRunner().invoke(bench.bench, ["engine"])
    assert broken.exit_code == 1


def test_no_benchmark_is_bad_use(folder: Path) -> None:
    assert CliRunner().invoke(bench.bench, ["http"]).exit_code == 2

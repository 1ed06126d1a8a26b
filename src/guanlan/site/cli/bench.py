"""`guanlan bench`: the programs of bench/, and whether each reaches what it should."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

import click
import msgspec
from msgspec import Struct

from guanlan.site.cli.words import BadInput, Fault, as_json, put_json, put_table, say

BENCH = Path(__file__).resolve().parents[4] / "bench"
PROGRAM = '\nif __name__ == "__main__":\n'
HTTP = ("http", "door", "batch")  # how names of programs begin that measure the interface


class Line(Struct):
    """One measurement: `ratio` against `reach`, after both sides gave `equal` results."""

    bench: str
    ratio: float | None = None
    reach: float | None = None
    equal: bool | None = None
    ok: bool = False


@click.command()
@click.argument("what", type=click.Choice(("engine", "http", "quant", "all")), default="all")
@as_json
def bench(what: Literal["engine", "http", "quant", "all"], as_json: bool) -> None:
    """Measure both sides of each ratio in one run; exit 1 when one misses its reach."""
    programs = chosen(what)
    if not programs:
        raise BadInput(f"{BENCH}: no benchmark of this kind; run it from the project's directory")
    found: list[Line] = []
    for program in programs:
        found += measure(program, as_json)
    if not as_json:
        rows = [(line.bench, line.ratio, line.reach, line.equal, line.ok) for line in found]
        put_table("", ("bench", "ratio", "reach", "equal", "ok"), rows)
    missed = [line.bench for line in found if not line.ok]
    if missed:
        raise Fault(f"not reached: {', '.join(missed)}")


def chosen(what: str) -> list[Path]:
    """The programs in bench/ that can be run (others are their parts)."""
    programs = [p for p in sorted(BENCH.glob("*.py")) if PROGRAM in p.read_text("utf-8")]
    return [p for p in programs if what in ("all", _kind(p.stem))]


def _kind(program: str) -> str:
    if program.startswith(HTTP):
        return "http"
    return "quant" if program.startswith("quant") else "engine"


def measure(program: Path, as_json: bool) -> list[Line]:
    """Run one program; its measurements. A program that fails is one that missed."""
    root = BENCH.parent
    environment = os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{root / 'src'}"}
    if not as_json:
        say(f"measuring {program.stem}")
    done = subprocess.run(
        [sys.executable, str(program)], stdout=subprocess.PIPE, env=environment, check=False
    )
    found: list[Line] = []
    for text in done.stdout.splitlines():
        if not text.startswith(b"{"):
            continue
        line = msgspec.json.decode(text, type=Line)
        found.append(line)
        if as_json:
            put_json(msgspec.Raw(text))
    if not found or (done.returncode and all(line.ok for line in found)):
        found.append(Line(bench=program.stem))
        if as_json:
            put_json(found[-1])
    return found

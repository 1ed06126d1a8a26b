"""Projecting a log into the database with its columns sealed against the same with them plain.

Plain is the same program with columns that keep values as they are and an index that is the key
itself. Both sides project the same log into tables made anew, in turns; the processor time is that
of the process. What was sealed is opened and compared first.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from unittest.mock import patch

from bench.sealed_log import record
from bench.serving import OUT, events

EVENTS = 8000
TURNS = 5
REACH = 1.25


def main() -> int:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as name:
        os.environ["GUANLAN_DATA"] = str(Path(name) / "data")
        record(Path(name) / "log", events(EVENTS), None)
        return run(Path(name) / "log")


def run(directory: Path) -> int:
    # Imported late: the platform's settings are read when it is set up.
    from guanlan.site.start import platform_module

    prepare = platform_module("guanlan.site.run.prepare")
    rebuilding = platform_module("guanlan.fraud.rebuilding")
    sealing = platform_module("guanlan.core.sealing")
    models = platform_module("guanlan.fraud.models")
    log = platform_module("guanlan.engine.log")
    prepare.apply_migrations()

    def project() -> float:
        before = time.process_time()
        rebuilding.project_anew(log.LogTail(directory))
        return time.process_time() - before

    def rows() -> list[object]:
        decisions = models.Decision.objects.order_by("seq")
        entities = models.Entity.objects.order_by("id")
        keys = [(e.kind, e.key, e.events, e.worst) for e in entities]
        return [[(d.event_id, d.entities, d.amount) for d in decisions], keys]

    def plain() -> tuple[float, list[object]]:
        column, index = sealing.Column, sealing.BlindIndex
        with (
            patch.object(column, "seal", lambda _self, _row, value: value),
            patch.object(column, "seal_many", lambda _self, many: [value for _row, value in many]),
            patch.object(column, "open", lambda _self, _row, stored: bytes(stored)),
            patch.object(index, "digest_many", lambda _self, many: [v.encode() for v in many]),
            patch.object(index, "digests", lambda _self, value: [value.encode()]),
        ):
            return project(), rows()

    spent: dict[str, list[float]] = {"plain": [], "sealed": []}
    equal = True
    for _turn in range(TURNS):
        seconds, expected = plain()
        spent["plain"].append(seconds)
        spent["sealed"].append(project())
        equal = equal and rows() == expected
    ratio = median(s / p for p, s in zip(spent["plain"], spent["sealed"], strict=True))
    ok = equal and ratio <= REACH
    detail = {side: round(median(values) / EVENTS * 1e6, 1) for side, values in spent.items()}
    line = {"bench": "projection: sealed / plain columns, CPU", "ratio": round(ratio, 2)}
    print(json.dumps({**line, "reach": REACH, "equal": equal, "ok": ok, "us": detail}))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())

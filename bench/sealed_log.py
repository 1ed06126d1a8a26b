"""A sealed event log against a plain one, in processor time: appending, and deciding anew.

Frames are those of an engine that decided simulated wallet traffic. Both sides append and
commit the same frames in micro-batches of 64 on the same disk, in turns; the processor time is
that of the process, sync included. Then an engine that records its events and `replay` are run
over both, which is what a sealed log has to serve. Contents are compared first.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from bench.serving import CACHE, OUT, SCENARIO, SECRET, Wrap, events
from guanlan.engine import Engine
from guanlan.engine.log import EVENT, Frame, KeyWrap, LogReader, LogWriter
from guanlan.engine.replay import replay
from guanlan.engine.scenario import load_scenario

EVENTS = 12_000
BATCH = 64
TURNS = 5
# At most, sealed over plain. Appending alone is a few microseconds, most of what sealing adds.
REACH = {"decide": 1.2, "append": 1.5, "read": 1.6, "replay": 1.3}


def spent(work: Callable[[], object]) -> float:
    """Processor seconds of `work`."""
    before = time.process_time()
    work()
    return time.process_time() - before


def record(directory: Path, bodies: list[bytes], keys: KeyWrap | None) -> float:
    """Decide and make durable, as the door does; processor seconds of the deciding."""
    engine = Engine.open(
        directory, load_scenario(SCENARIO), secret=SECRET, now=lambda: time.time_ns() // 1000,
        clock="event", warm=False, cache=CACHE, keys=keys,
    )  # fmt: skip
    with engine:
        engine.kernel.compile_now()

        def decide() -> None:
            for start in range(0, len(bodies), BATCH):
                engine.decide(bodies[start : start + BATCH])
                engine.commit()

        return spent(decide)


def append(writer: LogWriter, frames: list[Frame]) -> float:
    """Processor seconds of appending `frames` and making them durable."""

    def work() -> None:
        for start in range(0, len(frames), BATCH):
            part = frames[start : start + BATCH]
            writer.append_all(EVENT, [(f.seq, f.clock, f.sections) for f in part])
            writer.commit()

    return spent(work)


def read(directory: Path, keys: KeyWrap | None) -> list[Frame]:
    return [frame for frame in LogReader(directory, keys).frames() if frame.kind == EVENT]


def main() -> int:
    OUT.mkdir(exist_ok=True)  # on the project's disk: a directory in memory syncs for nothing
    with tempfile.TemporaryDirectory(dir=OUT) as name:
        return run(Path(name))


def run(directory: Path) -> int:
    sides: dict[str, KeyWrap | None] = {"plain": None, "sealed": Wrap()}
    bodies = events(EVENTS)
    spans: dict[str, dict[str, list[float]]] = {
        part: {side: [] for side in sides} for part in ("decide", "append", "read", "replay")
    }
    for turn in range(3):
        for side, keys in sides.items():
            spans["decide"][side].append(record(directory / f"{side}{turn}", bodies, keys))
    frames = {side: read(directory / f"{side}0", keys) for side, keys in sides.items()}
    equal = [f.sections[:4] for f in frames["plain"]] == [f.sections[:4] for f in frames["sealed"]]
    writers = {
        side: LogWriter.open(directory / f"{side}-frames", keys=keys)
        for side, keys in sides.items()
    }
    for _turn in range(TURNS):
        for side, writer in writers.items():
            spans["append"][side].append(append(writer, frames["plain"]))
    for writer in writers.values():
        writer.close()
    for _turn in range(TURNS):
        for side, keys in sides.items():
            spans["read"][side].append(spent(partial(read, directory / f"{side}0", keys)))
    for _turn in range(3):
        for side, keys in sides.items():
            reader = LogReader(directory / f"{side}0", keys)

            def again(reader: LogReader = reader) -> None:
                nonlocal equal
                report = replay(reader, secret=SECRET, cache=CACHE, compiled=True)
                equal = equal and report.ok and report.events == len(bodies)

            spans["replay"][side].append(spent(again))
    good = True
    for part, of in spans.items():
        ratio = median(b / a for a, b in zip(of["plain"], of["sealed"], strict=True))
        ok = equal and ratio <= REACH[part]
        good = good and ok
        line = {"bench": f"log.sealed.{part} / plain, CPU", "ratio": round(ratio, 2)}
        detail = {side: round(median(of[side]) / EVENTS * 1e6, 2) for side in sides}
        print(json.dumps({**line, "reach": REACH[part], "equal": equal, "ok": ok, "us": detail}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

"""The kernel against plain Python on the same events: JSON lines, exit 1 if one is not ok.

Every slot of every event is compared. Times are CPU seconds of this process, the best of some
rounds in which the sides take turns, so that a slow moment of the machine decides nothing; a
ratio says how many times less CPU the kernel needs for an event (and, of memory, how often an
event fits into its allowance).
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from bench.kernel_plain import Decide, engine
from bench.kernel_workload import rows, scenario
from guanlan.engine.kernel import Kernel, Shape

SOME, ROUNDS = 250_000, 3  # enough to outgrow the caches, as the state of a live engine does
TURN = 10_000
MANY = 1_000_000
REACH_SINGLE, REACH_BATCH, REACH_MANY = 8.0, 10.0, 6.0
BYTES_ALLOWED = 400
CACHE = Path(__file__).parent / "out" / "kernel"  # compiling takes up to half a minute, once


def line(bench: str, ratio: float, reach: float, equal: bool, **more: object) -> bool:
    ok = equal and ratio >= reach
    result = {"bench": bench, "ratio": round(ratio, 2), "reach": reach, "equal": equal, "ok": ok}
    print(json.dumps(result | more), flush=True)
    return ok


def by_python(decide: Decide, events: list[list[int]]) -> Iterator[list[int]]:
    for event in events:
        yield decide(event)


def by_single_calls(kernel: Kernel, events: list[memoryview]) -> Iterator[list[int]]:
    """One call an event, with filling the row and reading the slots as Python integers."""
    row = memoryview(bytearray(8 * kernel.shape.row_width)).cast("q")
    out = memoryview(bytearray(8 * kernel.shape.out_width)).cast("q")
    run, read = kernel.run, [out[:width].tolist for width in kernel.shape.width]
    for event in events:
        row[:] = event
        run(row, out, 1)
        yield read[event[2]]()


def compiled(shape: Shape) -> Kernel:
    kernel = Kernel(shape, CACHE, 4 << 30)
    kernel.compile_now()
    return kernel


def compare(shape: Shape) -> tuple[bool, list[float]]:
    """Whether all three agree, and the microseconds of each: Python, single calls, batches."""
    events = rows(shape, SOME, seed=1)
    width = [shape.width[kind] for kind in events[:, 2].tolist()]
    lists = events.tolist()
    flat = memoryview(events.tobytes()).cast("q")
    w = shape.row_width
    outs = np.ones((SOME, shape.out_width), np.int64)  # ones: its pages exist before the clock runs
    views = [flat[i * w : (i + 1) * w] for i in range(SOME)]

    def batch(kernel: Kernel) -> None:
        assert kernel.run(events.reshape(-1), outs.reshape(-1), SOME) == SOME

    batch(compiled(shape))
    answers = by_python(engine(shape), lists), by_single_calls(compiled(shape), views), outs
    equal = all(a == b == c[:n].tolist() for a, b, c, n in zip(*answers, width, strict=True))
    best = [float("inf")] * 3
    for _ in range(ROUNDS):
        for kind in (0, 1, 2):
            work: Callable[[], object]
            if kind == 0:
                work = partial(deque, by_python(engine(shape), lists), 0)
            elif kind == 1:
                work = partial(deque, by_single_calls(compiled(shape), views), 0)
            else:
                work = partial(batch, compiled(shape))
            start = time.process_time()
            work()
            best[kind] = min(best[kind], time.process_time() - start)
    return equal, [seconds / SOME * 1e6 for seconds in best]


def many(shape: Shape) -> tuple[float, float]:
    """Microseconds and bytes an event when a million of them are remembered."""
    kernel = compiled(shape)
    events = rows(shape, MANY, seed=2).reshape(-1)
    outs = np.zeros(TURN * shape.out_width, np.int64)
    width = TURN * shape.row_width
    start = time.process_time()
    for at in range(MANY // TURN):
        assert kernel.run(events[at * width : (at + 1) * width], outs, TURN) == TURN
    return (time.process_time() - start) / MANY * 1e6, kernel.memory_bytes / MANY


def main() -> int:
    shape = Shape(scenario())
    start = time.process_time()
    Kernel(shape, CACHE)
    start_ms = (time.process_time() - start) * 1e3
    compiled(shape)
    gc.disable()  # the opponent is measured at its best
    equal, (python, single, batch) = compare(shape)
    million, size = many(shape)
    good = [
        line("kernel: one call an event / plain Python", python / single, REACH_SINGLE, equal,
             features=len(shape.features), us=round(single, 2), python_us=round(python, 2),
             start_ms=round(start_ms, 1)),
        line("kernel: batch / plain Python", python / batch, REACH_BATCH, equal,
             us=round(batch, 2)),
        line("kernel: batch of 1e6 / plain Python of 2.5e5", python / million, REACH_MANY, equal,
             us=round(million, 2)),
        line("kernel: bytes an event at 1e6 / 400", BYTES_ALLOWED / size, 1.0, equal,
             bytes=round(size, 1)),
    ]  # fmt: skip
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Putting changed rules into force: the time of one `Engine.reload`, its commit included.

The reach is absolute by its nature (20 ms, so that a batch boundary hides it), given as a
ratio: 20 ms over the CPU time of the median reload. Equality first: after the reload the
engine decides what a fresh engine with the new rules and the same past decides.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path

from guanlan.engine import Engine
from guanlan.engine.scenario import parse_scenario
from guanlan.engine.simulate import simulate, wire_events

FILE = Path(__file__).parents[1] / "examples" / "wallet" / "scenario.yaml"
LIMIT_SECONDS = 0.020
SECRET = b"bench" * 8
START = 1_750_000_000_000_000


def main() -> int:
    text = FILE.read_text(encoding="utf-8")
    old = parse_scenario(text, "old.yaml")
    new = parse_scenario(text.replace("score: 40", "score: 41").replace(">= 3", ">= 2"), "new.yaml")
    bodies = [body for frame in simulate(3_000, 5, START, days=3) for body in wire_events(frame)]
    past, after = bodies[:2_000], bodies[2_000:]
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "log"
        with Engine.open(
            log, old, secret=SECRET, now=lambda: START * 2, clock="event", warm=False
        ) as engine:
            engine.decide(past)
            engine.commit()
            kernel = engine.kernel
            seconds = []
            for n in range(21):
                begin = time.process_time()
                engine.reload(old if n % 2 else new)
                seconds.append(time.process_time() - begin)
            made = [answer.body for answer in engine.decide(after)]
            kept = engine.kernel is kernel
    fresh = Engine.in_memory(new, secret=SECRET, now=lambda: START * 2)
    fresh.decide(past)
    expected = [answer.body for answer in fresh.decide(after)]
    equal = kept and engine.program.digest == new.digest and made == expected
    ratio = LIMIT_SECONDS / statistics.median(seconds)
    print(
        json.dumps(
            {
                "bench": "rule reload within 20 ms",
                "ratio": round(ratio, 2),
                "reach": 1.0,
                "equal": equal,
                "ok": equal and ratio >= 1.0,
                "milliseconds": round(statistics.median(seconds) * 1e3, 2),
                "rules": len(new.rules),
            }
        )
    )
    return 0 if equal and ratio >= 1.0 else 1


if __name__ == "__main__":
    raise SystemExit(main())

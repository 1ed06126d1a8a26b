"""Processor time of a durable, decided `POST /v1/events` against a no-op on the same server.

Both run in turn on the same uvicorn with the same settings, fed the same bodies by the same
client over 64 connections. Every decision is compared with an engine in this process.
(The file is not named `http.py`: that would hide the standard library's `http`.)
"""

from __future__ import annotations

import json
import sys
from statistics import median

from bench.serving import Answers, events, served

REACH = 2.5
EVENTS = 1000
ROUNDS = 12
WARM = 3000
CONNECTIONS = 64


def main() -> int:
    bodies = events(WARM + EVENTS * ROUNDS)
    answers = Answers()
    durable: list[float] = []
    nothing: list[float] = []
    with served("door", "noop") as (door, noop):
        noop.spend(bodies[:WARM], None, concurrency=CONNECTIONS)
        door.spend(bodies[:WARM], answers, concurrency=CONNECTIONS)
        for begin in range(WARM, len(bodies), EVENTS):
            part = bodies[begin : begin + EVENTS]
            nothing.append(noop.spend(part, None, concurrency=CONNECTIONS))
            durable.append(door.spend(part, answers, concurrency=CONNECTIONS))
    equal = answers.equal()
    # Medians: on a busy machine single rounds are disturbed, on either side.
    durable_us, noop_us = (median(side) / EVENTS * 1e6 for side in (durable, nothing))
    ratio = durable_us / noop_us
    ok = equal and ratio <= REACH
    print(
        json.dumps(
            {
                "bench": "http: durable event / no-op, CPU",
                "ratio": round(ratio, 2),
                "reach": REACH,
                "equal": equal,
                "ok": ok,
                "durable_us": round(durable_us, 1),
                "noop_us": round(noop_us, 1),
            }
        )
    )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())

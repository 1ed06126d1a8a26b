"""Processor time of a durable, decided `POST /v1/events` against a no-op on the same server.

Both run in turn on the same uvicorn with the same settings, fed the same bodies by the same
client over 256 connections, enough that the disk does not leave the server idle (idle
servers pay more for a request: they look at their sockets one by one); what 64 give is told
beside it. Every decision is compared with an engine in this process.
(The file is not named `http.py`: that would hide the standard library's `http`.)
"""

from __future__ import annotations

import json
import sys
from statistics import median

from bench.serving import Answers, events, served

REACH = 2.5
EVENTS = 2000
ROUNDS = 7
WARM = 3000
CONNECTIONS = 256
FEWER, FEWER_ROUNDS = 64, 3


def main() -> int:
    bodies = events(WARM + EVENTS * (ROUNDS + FEWER_ROUNDS))
    answers = Answers()
    spent: dict[int, list[tuple[float, float]]] = {CONNECTIONS: [], FEWER: []}
    with served("door", "noop") as (door, noop):
        noop.spend(bodies[:WARM], None, concurrency=CONNECTIONS)
        door.spend(bodies[:WARM], answers, concurrency=CONNECTIONS)
        for n, begin in enumerate(range(WARM, len(bodies), EVENTS)):
            part = bodies[begin : begin + EVENTS]
            many = CONNECTIONS if n < ROUNDS else FEWER
            nothing = noop.spend(part, None, concurrency=many)
            spent[many].append((door.spend(part, answers, concurrency=many), nothing))
    equal = answers.equal()
    # Medians: on a busy machine single rounds are disturbed, on either side.
    durable_us, noop_us = microseconds(spent[CONNECTIONS])
    fewer_us, fewer_noop_us = microseconds(spent[FEWER])
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
                "connections": CONNECTIONS,
                f"ratio_at_{FEWER}": round(fewer_us / fewer_noop_us, 2),
            }
        )
    )
    return 0 if ok else 1


def microseconds(spent: list[tuple[float, float]]) -> tuple[float, float]:
    """(durable, no-op) per request."""
    durable, nothing = zip(*spent, strict=True)
    return median(durable) / EVENTS * 1e6, median(nothing) / EVENTS * 1e6


if __name__ == "__main__":
    sys.exit(main())

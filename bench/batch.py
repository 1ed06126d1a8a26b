"""Events per processor second of the server: NDJSON batches against single posts.

Every decision of both is compared with an engine in this process.
"""

from __future__ import annotations

import json
import sys

from bench.serving import Answers, events, served

REACH = 4.0
SINGLES = 8000
BATCHED = 40_000
LINES = 500
WARM = 2000


def main() -> int:
    bodies = events(WARM + SINGLES + BATCHED)
    answers = Answers()
    with served("door") as (door,):
        door.spend(bodies[:WARM], answers, concurrency=64)
        single = door.spend(bodies[WARM : WARM + SINGLES], answers, concurrency=64)
        batched = door.spend(bodies[WARM + SINGLES :], answers, batch=LINES)
    equal = answers.equal()
    single_us, batch_us = single / SINGLES * 1e6, batched / BATCHED * 1e6
    ratio = single_us / batch_us
    ok = equal and ratio >= REACH
    print(
        json.dumps(
            {
                "bench": "batch: events per CPU second / single posts",
                "ratio": round(ratio, 2),
                "reach": REACH,
                "equal": equal,
                "ok": ok,
                "single_us": round(single_us, 1),
                "batch_us": round(batch_us, 1),
            }
        )
    )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())

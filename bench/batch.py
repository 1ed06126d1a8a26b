"""Events per processor second of the server: NDJSON batches against single posts.

Singles come over 10 connections, which is what HTTP clients pool by default (urllib3, for
one); what 64 give is told beside it: more connections share a commit, so that single posts
get cheaper. Every decision of all three is compared with an engine in this process.
"""

from __future__ import annotations

import json
import sys
from itertools import islice

from bench.serving import Answers, events, served

REACH = 4.0
SINGLES = 5000
CONNECTIONS, MANY = 10, 64
BATCHED = 40_000
LINES = 500
WARM = 2000


def main() -> int:
    bodies = iter(events(WARM + 2 * SINGLES + BATCHED))

    def some(count: int) -> list[bytes]:
        return list(islice(bodies, count))

    answers = Answers()
    with served("door") as (door,):
        door.spend(some(WARM), answers, concurrency=MANY)
        single = door.spend(some(SINGLES), answers, concurrency=CONNECTIONS)
        batched = door.spend(some(BATCHED), answers, batch=LINES)
        shared = door.spend(some(SINGLES), answers, concurrency=MANY)
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
                "connections": CONNECTIONS,
                f"ratio_at_{MANY}": round(shared / SINGLES * 1e6 / batch_us, 2),
            }
        )
    )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())

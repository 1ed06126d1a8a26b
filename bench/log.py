"""The event log against a bare write + fdatasync and against SQLite (WAL, synchronous=FULL).

Every side makes the same frames durable in batches of 64, on the same disk, in turns, so that a
slow moment of the disk hits all of them. Reading back must give the same bytes first.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from guanlan.engine.log import EVENT, LogReader, LogWriter

BATCH = 64
COMMITS = 40  # of each side in each turn
TURNS = 9
OUT = Path(__file__).parent / "out"

Sections = tuple[bytes, ...]


def payload(seq: int) -> Sections:
    """About what one decided payment takes."""
    return (
        seq.to_bytes(8, "little") * 12,
        seq.to_bytes(8, "little") * 40,
        b'{"id":"e-%d","type":"transfer","entities":{"user":"u-%d"}}' % (seq, seq % 997),
        b'{"event_id":"e-%d","outcome":"approve","score":0,"reasons":[]}' % seq,
        bytes(16),
    )


def rate(work: Callable[[list[Sections]], None], batches: list[list[Sections]]) -> float:
    """Events per second of wall time."""
    start = time.perf_counter()
    for batch in batches:
        work(batch)
    return len(batches) * BATCH / (time.perf_counter() - start)


def main() -> int:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as name:
        return run(Path(name))


def run(directory: Path) -> int:
    writer = LogWriter.open(directory / "log")
    bare_fd = os.open(directory / "bare", os.O_RDWR | os.O_CREAT | os.O_APPEND)
    database = sqlite3.connect(directory / "db", isolation_level=None)
    database.execute("pragma journal_mode=wal")
    database.execute("pragma synchronous=full")
    database.execute("create table event (seq integer primary key, a, b, c, d, e)")

    seq = 0

    def log(batch: list[Sections]) -> None:
        nonlocal seq
        for sections in batch:
            seq += 1
            writer.append(EVENT, seq, seq, sections)
        writer.commit()

    def bare(batch: list[Sections]) -> None:
        os.write(bare_fd, b"".join(part for sections in batch for part in sections))
        os.fdatasync(bare_fd)

    def sqlite(batch: list[Sections]) -> None:
        database.execute("begin")
        database.executemany("insert into event (a, b, c, d, e) values (?, ?, ?, ?, ?)", batch)
        database.execute("commit")

    sides = {"log": log, "bare": bare, "sqlite": sqlite}
    rates: dict[str, list[float]] = {side: [] for side in sides}
    expected: list[Sections] = []
    for turn in range(TURNS):
        first = turn * COMMITS * BATCH
        events = [payload(first + i) for i in range(COMMITS * BATCH)]
        expected += events
        batches = [events[i : i + BATCH] for i in range(0, len(events), BATCH)]
        # The order changes from turn to turn: whoever follows SQLite may meet its checkpoint.
        for side in [*sides][turn % 3 :] + [*sides][: turn % 3]:
            rates[side].append(rate(sides[side], batches))
    writer.close()
    os.close(bare_fd)

    read = [frame.sections for frame in LogReader(directory / "log").frames()]
    whole = (directory / "bare").read_bytes() == b"".join(p for s in expected for p in s)
    rows = database.execute("select a, b, c, d, e from event order by seq").fetchall()
    database.close()
    equal = read == expected and whole and rows == expected

    overhead = median(b / a for a, b in zip(rates["log"], rates["bare"], strict=True))
    gain = median(a / b for a, b in zip(rates["log"], rates["sqlite"], strict=True))
    detail = {side: round(median(values)) for side, values in rates.items()}
    results = [
        # At most: our time over that of the bare calls.
        ("log.commit64.time_over_bare_fdatasync", overhead, 1.5, overhead <= 1.5),
        # At least: our events per second over SQLite's.
        ("log.commit64.speed_over_sqlite_full", gain, 1.0, gain >= 1.0),
    ]
    for name, ratio, reach, ok in results:
        line = {"bench": name, "ratio": round(ratio, 2), "reach": reach, "equal": equal}
        print(json.dumps({**line, "ok": ok and equal, "events_per_second": detail}))
    return 0 if equal and all(ok for *_, ok in results) else 1


if __name__ == "__main__":
    sys.exit(main())

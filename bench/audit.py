"""The audit log: appends against single commits of SQLite, verification against bare SHA-256.

Appends: 64 threads, each row durable before its append returns. The other side is a table of
acts in SQLite: a transaction a row, WAL, synchronous=FULL, under the same threads, each with a
connection of its own, as an application's threads have; SQLite makes them wait for each other.
Beside it stands what is left over one connection that they share, in turns at a lock of Python's,
which spares SQLite that waiting. Verification: all that `guanlan audit verify` does, against one
SHA-256 of each row, which no proof of single rows can do without; in CPU time, for both only
compute, and what else runs on the machine tells more on the longer one by the clock.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from guanlan.core.audit.checkpoints import Checkpointer
from guanlan.core.audit.rows import Row, Who, decode, encode
from guanlan.core.audit.store import Store, read_lines
from guanlan.core.audit.verifying import Proof, verify

WRITERS = 64
APPENDS = 6_400
SINGLES = 640
TURNS = 3
READINGS = 7  # the shortest counts, for other work on the machine only ever adds
ROWS = 200_000
WHO = Who("person", 17, "anna.schmidt", ("fraud_analyst", "risk_owner"), "6f1e0c5a9b7d4e3f", "0a1b")


def row(number: int) -> Row:
    """A row of usual length."""
    return Row(
        i=0, t=0, who=WHO, act="entity.reveal", on=("fraud.entity", str(number * 7919)),
        outcome="seen", detail={"fields": ["account", "name", "telephone"], "n": number},
        reason="The customer asks why the transfer of yesterday evening is held.",
        purpose="customer_request", request="0f8fad5bd9cb469fa165708677289501",
    )  # fmt: skip


def microseconds() -> int:
    """This machine's time."""
    return time.time_ns() // 1000


def rate(count: int, work: Callable[[int], object]) -> float:
    """Calls of `work` a second, by WRITERS threads at once."""

    def share(first: int) -> None:
        for number in range(first, count, WRITERS):
            work(number)

    threads = [threading.Thread(target=share, args=(n,)) for n in range(WRITERS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count / (time.perf_counter() - began)


def connected(path: Path) -> sqlite3.Connection:
    """A connection that commits durably and waits for its turn."""
    made = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    made.execute("pragma journal_mode=wal")
    made.execute("pragma synchronous=full")
    return made


def insert(connection: sqlite3.Connection, number: int) -> None:
    """One act in one transaction."""
    connection.execute("begin immediate")
    connection.execute("insert into act (line) values (?)", (encode(row(number)),))
    connection.execute("commit")


def appends(folder: Path) -> tuple[float, float, bool]:
    """Our rows a second over SQLite's (a connection a thread; one for all), and whether every
    row is there once."""
    path = folder / "acts.sqlite3"
    one = connected(path)
    one.execute("create table act (number integer primary key, line blob)")
    own = [connected(path) for _ in range(WRITERS)]  # by a writer's first number
    lock = threading.Lock()

    def single(number: int) -> None:
        insert(own[number % WRITERS], number)

    def in_turns(number: int) -> None:
        with lock:
            insert(one, number)

    store = Store(folder / "appended", now=microseconds)
    over_own, over_one = [], []
    for _turn in range(TURNS):
        slow = rate(SINGLES, single)
        slow_in_turns = rate(SINGLES, in_turns)
        ours = rate(APPENDS, lambda number: store.append(row(number)))
        over_own.append(ours / slow)
        over_one.append(ours / slow_in_turns)
    store.close()
    found = [decode(line) for _at, lines in read_lines(store.directory) for line in lines]
    stored = one.execute("select count(*) from act").fetchone()[0]
    for connection in (one, *own):
        connection.close()
    numbers = sorted(each.detail["n"] for each in found)
    equal = numbers == sorted([*range(APPENDS)] * TURNS) and stored == 2 * SINGLES * TURNS
    equal = equal and [each.i for each in found] == [*range(len(found))]
    return median(over_own), median(over_one), equal


class Times(NamedTuple):
    """Seconds: of this process on a processor, and by the clock."""

    cpu: float
    clock: float

    def over(self, other: Times) -> Times:
        """How many times as long."""
        return Times(self.cpu / other.cpu, self.clock / other.clock)


def shortest(works: Sequence[Callable[[], object]]) -> list[Times]:
    """The least that each work took in READINGS turns."""
    taken: list[list[Times]] = [[] for _ in works]
    for _turn in range(READINGS):
        for work, times in zip(works, taken, strict=True):
            cpu, clock = time.process_time(), time.perf_counter()
            work()
            times.append(Times(time.process_time() - cpu, time.perf_counter() - clock))
    return [Times(min(t.cpu for t in times), min(t.clock for t in times)) for times in taken]


def verification(folder: Path) -> tuple[Times, Times, bool]:
    """Our time over that of hashing each row, and over that of hashing the file as one."""
    signs = Checkpointer(folder / "keys", folder / "elsewhere" / "audit.checkpoints")
    store = Store(folder / "big", now=microseconds, grown=signs.grown, sync=lambda _fd: None)

    def write(number: int) -> None:
        store.append(row(number))

    rate(ROWS, write)
    store.close(lambda frontier, clock: signs.grown(frontier, clock, at_once=True))
    lines = [line for _at, some in read_lines(store.directory) for line in some]
    data = b"\n".join(lines)
    proofs: list[Proof] = []

    def prove() -> None:
        proofs.append(verify(store.directory, signs.file, signs.signer.public))

    def hash_each() -> None:
        for line in lines:
            hashlib.sha256(line).digest()

    ours, each, whole = shortest([prove, hash_each, lambda: hashlib.sha256(data).digest()])
    equal = all(p.ok and p.rows == p.covered == ROWS == len(lines) for p in proofs)
    return ours.over(each), ours.over(whole), equal


def main() -> int:
    """Run both; print a line each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        gain, in_turns, same = appends(folder)
        cost, of_one, proven = verification(folder)
    results = [
        # At least: our appends over SQLite's, a connection a thread.
        ("audit.append64.speed_over_sqlite_full", gain, 20.0, same, gain >= 20.0,
         {"over_one_connection_in_turns": round(in_turns, 2)}),
        # At most: our CPU time over that of the hashes alone.
        ("audit.verify.cpu_over_sha256_of_each_row", cost.cpu, 3.0, proven, cost.cpu <= 3.0,
         {"by_the_clock": round(cost.clock, 2),
          "over_sha256_of_the_file_as_one": round(of_one.cpu, 2)}),
    ]  # fmt: skip
    for bench, ratio, reach, equal, ok, more in results:
        line = {"bench": bench, "ratio": round(ratio, 2), "reach": reach, "equal": equal}
        print(json.dumps({**line, "ok": ok and equal, **more}))
    return 0 if all(equal and ok for *_, equal, ok, _more in results) else 1


if __name__ == "__main__":
    sys.exit(main())

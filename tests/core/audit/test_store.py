"""What was acknowledged is there, whoever writes at the same time and whatever ends them."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from guanlan.core.audit.rows import decode, encode
from guanlan.core.audit.store import ROWS, AuditUnavailable, Damaged, Store
from tests.core.audit.world import Ticking, World, row, world

WRITER = """
import sys, time
from pathlib import Path
from guanlan.core.audit.rows import Row, Who
from guanlan.core.audit.store import Store
store = Store(Path(sys.argv[1]), now=lambda: time.time_ns() // 1000)
name = sys.argv[2]
number = 0
while True:
    who = Who("system", None, name)
    index = store.append(Row(i=0, t=0, who=who, act="x", on=("n", str(number))))
    print(index, number, flush=True)
    number += 1
"""

FORKING = """
import os, signal, sys, threading, time
from pathlib import Path
from guanlan.core.audit.rows import Row, Who
from guanlan.core.audit.store import Store
store = Store(Path(sys.argv[1]), now=lambda: time.time_ns() // 1000)
def write(name):
    for number in range(40):
        who = Who("system", None, name)
        index = store.append(Row(i=0, t=0, who=who, act="x", on=("n", str(number))))
        os.write(1, b"%d %s %d\\n" % (index, name.encode(), number))
threads = [threading.Thread(target=write, args=(f"parent{n}",)) for n in range(4)]
for thread in threads:
    thread.start()
children = []
for n in range(5):
    time.sleep(0.01)
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        write(f"child{n}")
        os._exit(0)
    children.append(child)
for thread in threads:
    thread.join()
for child in children:
    assert os.waitpid(child, 0)[1] == 0
"""


def test_rows_of_many_threads_are_all_there_once(tmp_path: Path) -> None:
    made = world(tmp_path)
    got: list[int] = []

    def write(thread: int) -> None:
        got.extend(made.store.append(row(number=thread * 100 + n)) for n in range(25))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made.sign()
    assert sorted(got) == list(range(400))
    rows = [decode(line) for line in made.rows.read_bytes().splitlines()]
    assert [r.i for r in rows] == list(range(400))
    assert len({r.on[1] for r in rows}) == 400
    assert made.verify().ok
    made.store.close()


def test_whoever_asks_or_signs_meanwhile_does_not_disturb(tmp_path: Path) -> None:
    """A page asks where the log stands and a job signs, while other threads append."""
    made = world(tmp_path)
    done = threading.Event()
    failed: list[Exception] = []

    def until_done(work: Callable[[], object]) -> None:
        try:
            while not done.is_set():
                work()
        except AuditUnavailable as error:
            failed.append(error)

    threads = [
        threading.Thread(target=until_done, args=(work,)) for work in (made.store.tip, made.sign)
    ]
    for thread in threads:
        thread.start()
    for number in range(300):
        made.store.append(row(number=number))
    done.set()
    for thread in threads:
        thread.join()
    made.sign()
    assert failed == []
    proof = made.verify()
    assert (proof.ok, proof.rows, proof.covered) == (True, 300, 300)
    made.store.close()


def test_two_stores_of_one_directory_take_turns(tmp_path: Path) -> None:
    now = Ticking()
    one, two = (Store(tmp_path, now=now) for _ in range(2))
    indexes = [store.append(row()) for _ in range(5) for store in (one, two)]
    assert indexes == list(range(10))
    assert one.tip() == two.tip()
    one.close()
    two.close()


def test_processes_killed_in_the_middle_leave_a_whole_log(tmp_path: Path) -> None:
    made = world(tmp_path)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "audit"), name],
            stdout=subprocess.PIPE, text=True,
        )
        for name in ("a", "b", "c")
    ]  # fmt: skip
    acknowledged: dict[int, tuple[str, str]] = {}
    for process, name in zip(started, "abc", strict=True):
        assert process.stdout is not None
        for _ in range(30):
            index, number = process.stdout.readline().split()
            acknowledged[int(index)] = (name, number)
    for process, name in zip(started, "abc", strict=True):
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate()
        for line in rest.splitlines(keepends=True):
            if line.endswith("\n"):
                index, number = line.split()
                acknowledged[int(index)] = (name, number)
    made.write(1)  # a log that goes on afterwards
    made.sign()
    made.store.close()
    rows = [decode(line) for line in made.rows.read_bytes().splitlines()]
    for place, (name, number) in acknowledged.items():
        assert (rows[place].who.name, rows[place].on[1]) == (name, number)
    proof = made.verify()
    assert proof.ok, proof.fault


def test_an_unfinished_line_is_cut_off(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(3)
    made.store.close()
    with made.rows.open("ab") as file:
        file.write(b'{"i":3,"t":')
    assert made.verify().torn_bytes == 11
    assert made.store.append(row()) == 3
    assert made.verify().ok
    made.store.close()


def test_damage_before_the_end_stops_all_writing(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(3)
    made.store.close()
    made.tamper(lambda lines: [lines[0], b"garbage", lines[2]])
    with pytest.raises(Damaged, match="damaged after row"):
        made.store.append(row())
    made.store.close()


def test_a_kept_tip_saves_reading_and_changes_nothing(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(5)
    made.sign()
    made.store.close()
    again = world(tmp_path)
    assert again.store.append(row()) == 5
    again.sign()
    again.store.close()
    assert again.verify().ok


@pytest.mark.parametrize("kept", ["no", "yes"])
def test_time_never_goes_back(tmp_path: Path, kept: str) -> None:
    times = iter([50, 10, 60, 20])
    made = world(tmp_path, lambda: next(times))
    made.write(2)
    if kept == "yes":
        made.sign()
        made.store.close()
    made.write(2)
    made.store.close()
    assert [decode(x).t for x in made.rows.read_bytes().splitlines()] == [50, 50, 60, 60]


def test_a_full_disk_refuses_and_loses_nothing(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(4)
    limit = made.rows.stat().st_size + 100  # less than a row takes
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(AuditUnavailable, match="cannot be written"):
            made.store.append(row())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert made.store.append(row()) == 4
    made.store.close()
    assert made.verify().ok
    assert made.verify().rows == 5


def test_a_disk_that_does_not_keep_its_word_acknowledges_nothing(tmp_path: Path) -> None:
    def fails(_fd: int) -> None:
        raise OSError(5, "Input/output error")

    store = Store(tmp_path, now=Ticking(), sync=fails)
    with pytest.raises(AuditUnavailable):
        store.append(row())
    assert (tmp_path / ROWS).read_bytes() == b""
    store.close()


def test_files_are_their_owners_only(tmp_path: Path) -> None:
    made: World = world(tmp_path)
    made.write(1)
    made.sign()
    made.store.close()
    for path in (made.rows, made.checkpointer.file, tmp_path / "keys" / "audit-ed25519.pem"):
        assert os.stat(path).st_mode & 0o077 == 0


def test_a_child_of_a_fork_writes_beside_its_parent(tmp_path: Path) -> None:
    """Forked while threads are within their appends."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKING]
    made = world(tmp_path)
    done = subprocess.run(
        [*command, str(tmp_path / "audit")], stdout=subprocess.PIPE, text=True, timeout=60,
        check=True,
    )  # fmt: skip
    said = [line.split() for line in done.stdout.splitlines()]
    made.sign()
    made.store.close()
    rows = [decode(line) for line in made.rows.read_bytes().splitlines()]
    assert sorted(int(index) for index, *_ in said) == list(range(9 * 40)) == [r.i for r in rows]
    for index, name, number in said:
        assert (rows[int(index)].who.name, rows[int(index)].on[1]) == (name, number)
    assert made.verify().ok


def test_a_disk_that_fails_a_while_acknowledges_only_what_is_there(tmp_path: Path) -> None:
    """Every second sync fails: all who shared it are refused, and nobody waits for ever."""
    turns = iter(range(10**9))

    def fails(fd: int) -> None:
        if next(turns) % 2:
            raise OSError(5, "Input/output error")
        os.fsync(fd)

    made = world(tmp_path)
    store = Store(tmp_path / "audit", now=Ticking(), grown=made.checkpointer.grown, sync=fails)
    got: list[tuple[int, str]] = []
    refused: list[str] = []

    def write(thread: int) -> None:
        for number in range(thread * 100, thread * 100 + 20):
            try:
                got.append((store.append(row(number=number)), str(number)))
            except AuditUnavailable:
                refused.append(str(number))

    threads = [threading.Thread(target=write, args=(n,), daemon=True) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    store.close()
    made.sign()
    rows = [decode(line) for line in made.rows.read_bytes().splitlines()]
    assert sorted(got) == [(r.i, r.on[1]) for r in rows]
    assert refused
    assert len(got) + len(refused) == 16 * 20
    assert made.verify().ok


def test_a_row_that_is_none_is_refused_alone(tmp_path: Path) -> None:
    made = world(tmp_path)
    none = structs.replace(row(), detail={"what": object()})
    refused: list[int] = []

    def write(thread: int) -> None:
        for number in range(20):
            try:
                made.store.append(none if thread == 3 else row(number=number))
            except AuditUnavailable:
                refused.append(thread)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made.store.close()
    assert refused == [3] * 20
    assert len(made.rows.read_bytes().splitlines()) == 7 * 20


def test_who_was_interrupted_keeps_nobody_waiting(tmp_path: Path) -> None:
    """The main thread, which alone is interrupted, leaves while the disk is at work."""
    main = threading.get_ident()
    # Who is begun in the background of a shell inherits that interrupts are ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    at_work, go_on = threading.Event(), threading.Event()

    def slow(fd: int) -> None:
        at_work.set()
        go_on.wait(10)
        os.fsync(fd)

    store = Store(tmp_path, now=Ticking(), sync=slow)
    threads = [threading.Thread(target=store.append, args=(row(),)) for _ in range(6)]
    threads[0].start()
    assert at_work.wait(10)  # all others join the next batch

    def interrupt() -> None:
        while len(store._open.rows) < 1:
            time.sleep(0.001)
        for thread in threads[1:]:
            thread.start()
        while len(store._open.rows) < 6:
            time.sleep(0.001)
        signal.pthread_kill(main, signal.SIGINT)

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            store.append(row())
    finally:
        signal.signal(signal.SIGINT, before)
    interrupting.join()
    go_on.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    store.close()
    assert len((tmp_path / ROWS).read_bytes().splitlines()) == 7


def test_a_row_gets_its_place_and_time_whatever_it_said(tmp_path: Path) -> None:
    made = world(tmp_path, lambda: 50)
    said = structs.replace(row(), i=-7, t=10**15, detail={"n": 1, "who": 2})
    assert made.store.append(said) == 0
    made.store.close()
    assert made.rows.read_bytes() == encode(structs.replace(said, i=0, t=50)) + b"\n"

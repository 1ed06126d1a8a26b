"""What was acknowledged is there, whoever writes at the same time and whatever ends them."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from guanlan.core.audit.rows import decode
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

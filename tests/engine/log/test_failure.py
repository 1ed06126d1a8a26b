"""Kill, full disk, failing sync, a second writer: nothing acknowledged is lost."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guanlan.engine.log import EVENT, LogFailed, LogLocked, LogReader, LogTail, LogWriter, verify

WRITER = """
import sys
from guanlan.engine.log import EVENT, LogReader, LogWriter
writer = LogWriter.open(sys.argv[1], segment_bytes=200_000)
seq = max((f.seq for f in LogReader(sys.argv[1]).frames()), default=0)
while True:
    for _ in range(1 + seq % 7):
        seq += 1
        writer.append(EVENT, seq, seq, (b"%d" % seq, b"x" * (seq % 1000)))
    writer.commit()
    print(seq, flush=True)
"""

FULL = """
import resource, sys
from guanlan.engine.log import EVENT, LogFailed, LogWriter
writer = LogWriter.open(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
seq = 0
try:
    while True:
        for _ in range(3):
            seq += 1
            writer.append(EVENT, seq, seq, (b"x" * 700,))
        writer.commit()
        print(seq, flush=True)
except LogFailed as error:
    print(error)
for call in (writer.commit, lambda: writer.append(EVENT, 1, 1, ())):
    try:
        call()
    except LogFailed:
        print("LogFailed")
writer.close()
"""

FOLLOWER = """
import sys
from guanlan.engine.log import LogTail
tail, position = LogTail(sys.argv[1]), 0
for _ in sys.stdin:
    frames, position = tail.poll(position, 1000)
    print(*[f.seq for f in frames], flush=True)
"""

OPENER = """
import sys
from guanlan.engine.log import LogLocked, LogWriter
try:
    LogWriter.open(sys.argv[1])
except LogLocked as error:
    print(error.pid)
    print(error)
"""


def python(code: str, directory: Path) -> list[str]:
    return [sys.executable, "-c", code, str(directory)]


def test_kill_9_loses_nothing_committed(tmp_path: Path) -> None:
    for round_ in range(4):
        process = subprocess.Popen(python(WRITER, tmp_path), stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        printed = [int(process.stdout.readline())]
        time.sleep(0.05 + 0.07 * round_)
        process.send_signal(signal.SIGKILL)
        printed += [int(line) for line in process.stdout]
        process.wait()
        process.stdout.close()
        assert verify(tmp_path).ok
        frames = list(LogReader(tmp_path).frames())
        assert [f.seq for f in frames] == list(range(1, len(frames) + 1))
        assert len(frames) >= max(printed)
        assert all(f.sections[0] == b"%d" % f.seq for f in frames)
        assert all(f.sections[1] == b"x" * (f.seq % 1000) for f in frames)
        LogWriter.open(tmp_path, segment_bytes=200_000).close()
        assert list(LogReader(tmp_path).frames())[: len(frames)] == frames


def test_a_full_disk(tmp_path: Path) -> None:
    done = subprocess.run(
        python(FULL, tmp_path), capture_output=True, text=True, timeout=30, check=True
    )
    *committed, sentence, first, second = done.stdout.splitlines()
    assert len(committed) > 10
    assert "could not be written (File too large)" in sentence
    assert (first, second) == ("LogFailed", "LogFailed")
    assert (tmp_path / ("0" * 20 + ".glog")).stat().st_size == 60_000
    assert [f.seq for f in LogReader(tmp_path).frames()] == list(range(1, int(committed[-1]) + 1))
    with LogWriter.open(tmp_path) as writer:
        assert writer.repaired is not None
        assert writer.repaired.acknowledged_bytes == 0
        writer.append(EVENT, 0, 0, (b"room again",))
    assert verify(tmp_path).ok
    assert verify(tmp_path).events == int(committed[-1]) + 1


@pytest.mark.parametrize("failing", [1, 3])
def test_a_failing_sync_ends_the_writer_for_good(tmp_path: Path, failing: int) -> None:
    calls = 0

    def sync(fd: int) -> None:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    writer = LogWriter.open(tmp_path, sync=sync)
    durable = writer.committed
    for seq in range(1, failing):
        writer.append(EVENT, seq, seq, (b"x",))
        durable = writer.commit()
    writer.append(EVENT, failing, failing, (b"x",))
    with pytest.raises(LogFailed, match="Input/output error"):
        writer.commit()
    assert calls == failing
    for _ in range(2):
        with pytest.raises(LogFailed, match="failed earlier"):
            writer.append(EVENT, 99, 99, ())
        with pytest.raises(LogFailed, match="failed earlier"):
            writer.commit()
    assert isinstance(writer.failed, OSError)
    assert writer.committed == durable
    assert LogTail(tmp_path).committed == durable
    assert [f.seq for f in LogReader(tmp_path).frames()] == list(range(1, failing))
    writer.close()
    with LogWriter.open(tmp_path) as again:
        seqs = [f.seq for f in LogReader(tmp_path).frames()]
        assert seqs[: failing - 1] == list(range(1, failing)), "every commit before it is there"
        assert seqs in (list(range(1, failing)), list(range(1, failing + 1)))
        again.append(EVENT, 50, 50, ())
    assert verify(tmp_path).last_seq == 50


def test_failing_to_begin_a_segment_keeps_what_was_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = LogWriter.open(tmp_path, segment_bytes=100)
    writer.append(EVENT, 1, 1, (b"x" * 100,))
    end = writer.commit()
    writer.append(EVENT, 2, 2, (b"y",))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", full)
        with pytest.raises(LogFailed, match="No space left"):
            writer.commit()
    writer.close()
    with LogWriter.open(tmp_path, segment_bytes=100) as again:
        assert again.committed == end
        again.append(EVENT, 3, 3, (b"z",))
    assert [f.seq for f in LogReader(tmp_path).frames()] == [1, 3]


def test_a_second_writer_is_told_who_holds_the_log(tmp_path: Path) -> None:
    with LogWriter.open(tmp_path):
        with pytest.raises(LogLocked) as same:
            LogWriter.open(tmp_path)
        assert same.value.pid == os.getpid()
        done = subprocess.run(
            python(OPENER, tmp_path), capture_output=True, text=True, timeout=30, check=True
        )
        pid, sentence = done.stdout.splitlines()
        assert int(pid) == os.getpid()
        assert str(tmp_path) in sentence
        assert f"process {os.getpid()}" in sentence
    LogWriter.open(tmp_path).close()


def test_another_process_sees_committed_frames_only(tmp_path: Path) -> None:
    follower = subprocess.Popen(
        python(FOLLOWER, tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert follower.stdin is not None
    assert follower.stdout is not None

    def poll() -> list[int]:
        assert follower.stdin is not None
        assert follower.stdout is not None
        follower.stdin.write("\n")
        follower.stdin.flush()
        return [int(word) for word in follower.stdout.readline().split()]

    during: list[list[int]] = []

    def sync(fd: int) -> None:
        during.append(poll())
        os.fdatasync(fd)

    try:
        assert poll() == [], "before there is a log"
        writer = LogWriter.open(tmp_path, segment_bytes=500, sync=sync)
        for first in range(0, 30, 3):
            for seq in range(first, first + 3):
                writer.append(EVENT, seq, seq, (b"x" * 90,))
            assert poll() == []
            writer.commit()
            assert poll() == [first, first + 1, first + 2]
        assert during == [[]] * 10
        assert len(list(tmp_path.glob("*.glog"))) > 3
        writer.close()
    finally:
        follower.stdin.close()
        follower.wait(10)
        follower.stdout.close()

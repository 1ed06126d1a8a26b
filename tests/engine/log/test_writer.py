"""What was committed is read back, in order, whatever the commits and segments look like."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.engine.log import (
    EVENT,
    OPENED,
    PROGRAM,
    Frame,
    LogCorrupt,
    LogFailed,
    LogReader,
    LogTail,
    LogWriter,
    verify,
)
from guanlan.engine.log.segment import SEGMENT_HEADER

MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None

int64 = st.integers(-(2**63), 2**63 - 1)
entries = st.tuples(
    st.integers(1, 255), int64, int64, st.lists(st.binary(max_size=200), max_size=6).map(tuple)
)
histories = st.lists(st.lists(entries, min_size=1, max_size=6), max_size=8)


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name)


def contents(frames: list[Frame]) -> list[tuple[int, int, int, tuple[bytes, ...]]]:
    return [(f.kind, f.seq, f.clock, f.sections) for f in frames]


@settings(max_examples=60, deadline=None)
@given(
    history=histories,
    segment_bytes=st.integers(64, 2000),
    reopen=st.booleans(),
    limit=st.integers(1, 7),
)
def test_round_trip(
    history: list[list[tuple[int, int, int, tuple[bytes, ...]]]],
    segment_bytes: int,
    reopen: bool,
    limit: int,
) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        positions = []
        writer = LogWriter.open(name, segment_bytes=segment_bytes)
        for commit in history:
            positions += [writer.append(*entry) for entry in commit]
            assert writer.commit() == writer.committed
            if reopen:
                writer.close()
                writer = LogWriter.open(name, segment_bytes=segment_bytes)
                assert writer.repaired is None
        expected = [entry for commit in history for entry in commit]
        numbers = [n for n, commit in enumerate(history, 1) for _ in commit]

        reader = LogReader(name)
        frames = list(reader.frames())
        assert contents(frames) == expected
        assert [f.position for f in frames] == positions
        assert [f.commit for f in frames] == numbers
        assert [reader.at(p) for p in positions] == frames
        if frames:
            middle = len(frames) // 2
            assert list(reader.frames(positions[middle])) == frames[middle:]
            assert list(reader.frames(0, positions[middle])) == frames[:middle]

        tail, position, followed = LogTail(name), 0, []
        while True:
            batch, position = tail.poll(position, limit)
            assert len(batch) <= limit
            if not batch:
                break
            followed += batch
        assert followed == frames
        assert position == writer.committed or not frames

        writer.close()
        report = verify(name)
        assert report.ok
        assert (report.frames, report.commits) == (len(frames), len(history))
        assert report.torn_bytes == 0
        assert list(LogReader(name).frames()) == frames
        os.unlink(Path(name) / "committed")
        assert list(LogReader(name).frames()) == frames


def test_one_write_and_one_sync_for_everything_appended(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    real = os.pwritev

    def pwritev(fd: int, buffers: list[bytes], offset: int) -> int:
        calls.append("write")
        return real(fd, buffers, offset)

    monkeypatch.setattr(os, "pwritev", pwritev)
    writer = LogWriter.open(directory, sync=lambda fd: calls.append("sync"))
    for seq in range(100):
        writer.append(EVENT, seq, seq, (b"event",))
    assert calls == []
    writer.commit()
    assert calls == ["write", "sync"]
    writer.commit()
    assert calls == ["write", "sync"], "nothing appended, nothing written"
    writer.close()


def test_the_mark_moves_only_after_the_sync(directory: Path) -> None:
    tail = LogTail(directory)
    seen = []
    writer = LogWriter.open(directory, segment_bytes=300, sync=lambda fd: seen.append(committed()))

    def committed() -> int:
        assert tail.poll(0)[0] == list(LogReader(directory).frames())
        return tail.committed

    before = [writer.committed]
    for seq in range(10):
        writer.append(EVENT, seq, 0, (b"x" * 50,))
        before.append(writer.commit())
    assert seen == before[:-1]
    assert tail.committed == before[-1]
    writer.close()


def test_append_while_a_commit_is_being_synced(directory: Path) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def slow(fd: int) -> None:
        entered.set()
        assert go_on.wait(10)

    writer = LogWriter.open(directory, segment_bytes=200, sync=slow)
    writer.append(EVENT, 1, 0, (b"a" * 300,))
    worker = threading.Thread(target=writer.commit)
    worker.start()
    assert entered.wait(10)
    second = writer.append(EVENT, 2, 0, (b"b",))
    assert LogTail(directory).poll(0)[0] == []
    go_on.set()
    worker.join()
    assert [f.seq for f in LogReader(directory).frames()] == [1]
    writer.commit()
    frames = list(LogReader(directory).frames())
    assert [(f.seq, f.commit) for f in frames] == [(1, 1), (2, 2)]
    assert frames[1].position == second
    writer.close()


def test_many_threads_lose_nothing(directory: Path) -> None:
    writer = LogWriter.open(directory, segment_bytes=5000)

    def work(number: int) -> None:
        for i in range(100):
            writer.append(EVENT, number * 1000 + i, 0, (b"x" * number,))
            if i % 7 == 0:
                writer.commit()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    seqs = [f.seq for f in LogReader(directory).frames()]
    for number in range(4):
        assert [s for s in seqs if s // 1000 == number] == list(
            range(number * 1000, number * 1000 + 100)
        )


def test_segments_are_named_by_position_and_full_ones_have_no_spare_bytes(directory: Path) -> None:
    writer = LogWriter.open(directory, segment_bytes=1000)
    for seq in range(20):
        writer.append(EVENT, seq, 0, (b"x" * 200,))
        writer.commit()
    names = sorted(p.name for p in directory.glob("*.glog"))
    assert len(names) == 5
    assert names[0] == "0" * 20 + ".glog"
    base = 0
    for name in names[:-1]:
        assert int(name[:20]) == base
        base += (directory / name).stat().st_size
        assert 1000 <= (directory / name).stat().st_size < 1400
    assert int(names[-1][:20]) == base
    writer.close()
    assert (directory / names[-1]).stat().st_size + base == writer.committed


def test_an_empty_log(directory: Path) -> None:
    assert LogTail(directory).poll(0) == ([], 0)
    with LogWriter.open(directory / "a" / "b") as writer:
        assert writer.committed == SEGMENT_HEADER
        assert list(LogReader(directory / "a" / "b").frames()) == []
    report = verify(directory / "a" / "b")
    assert (report.ok, report.frames, report.first_seq) == (True, 0, None)


def test_verify_counts_events_apart_from_other_frames(directory: Path) -> None:
    with LogWriter.open(directory) as writer:
        writer.append(PROGRAM, 0, 0, (b"program",))
        writer.append(EVENT, 1, 0, ())
        writer.append(EVENT, 2, 0, ())
        writer.append(OPENED, 2, 0, ())
    report = verify(directory)
    assert (report.frames, report.events, report.first_seq, report.last_seq) == (4, 2, 1, 2)


def test_refusals(directory: Path) -> None:
    writer = LogWriter.open(directory)
    with pytest.raises(ValueError, match="kind is 1 to 255"):
        writer.append(0, 0, 0, ())
    with pytest.raises(ValueError, match="at most 16 sections"):
        writer.append(EVENT, 0, 0, (b"",) * 17)
    with pytest.raises(ValueError, match="at most 67108864 bytes"):
        writer.append(EVENT, 0, 0, (bytes(65 << 20),))
    position = writer.append(EVENT, 1, 0, (b"whole",))
    with pytest.raises(LogCorrupt, match="no committed frame"):
        LogReader(directory).at(position)
    writer.commit()
    assert LogReader(directory).at(position).sections == (b"whole",)
    with pytest.raises(LogCorrupt, match="no frame begins here"):
        LogReader(directory).at(position + 1)
    with pytest.raises(LogCorrupt, match="a commit ends here"):
        LogReader(directory).at(writer.committed - 48)
    with pytest.raises(LogCorrupt, match="no frame begins here"):
        LogTail(directory).poll(position + 1)
    writer.close()
    with pytest.raises(LogFailed, match="is closed"):
        writer.append(EVENT, 1, 0, ())
    writer.close()

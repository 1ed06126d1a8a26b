"""A torn tail is repaired and nothing else is lost; damage is found, named and refused."""

from __future__ import annotations

import shutil
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.engine.log import (
    EVENT,
    Frame,
    LogCorrupt,
    LogReader,
    LogTail,
    LogWriter,
    verify,
)
from guanlan.engine.log.segment import SEGMENT_HEADER

MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name) / "log"


def write(directory: Path, commits: list[list[bytes]], segment_bytes: int = 1 << 20) -> list[int]:
    """Write the commits; returns the committed position after each."""
    seq = 0
    ends = []
    with LogWriter.open(directory, segment_bytes=segment_bytes) as writer:
        for commit in commits:
            for body in commit:
                seq += 1
                writer.append(EVENT, seq, seq, (body, b"decision"))
            ends.append(writer.commit())
    return ends


def set_mark(directory: Path, position: int) -> None:
    (directory / "committed").write_bytes(struct.pack("<q", position))


def newest(directory: Path) -> Path:
    return max(directory.glob("*.glog"))


def bodies(directory: Path) -> list[bytes]:
    return [f.sections[0] for f in LogReader(directory).frames()]


@pytest.mark.parametrize("segment_bytes", [1 << 20, 250])
@pytest.mark.parametrize("zeros", [False, True], ids=["cut", "zeroed"])
def test_a_cut_at_every_byte_of_the_last_commit(
    directory: Path, zeros: bool, segment_bytes: int
) -> None:
    commits = [[b"a", b"bb"], [b"ccc"], [b"dddd", b"", b"ffffff"]]
    ends = write(directory, commits, segment_bytes)
    segment = newest(directory)
    base = int(segment.stem)
    start, whole = max(ends[-2] - base, SEGMENT_HEADER), segment.read_bytes()
    assert start + base >= ends[-2]
    assert len(whole) == ends[-1] - base
    for cut in range(start, len(whole)):
        torn = whole[:cut] + bytes(len(whole) - cut if zeros else 0)
        if torn == whole:
            continue  # its last bytes are zeros anyway: nothing is missing
        segment.write_bytes(torn)
        set_mark(directory, ends[-2])  # it moves only after the sync that never returned
        before = verify(directory)
        assert before.ok
        with LogWriter.open(directory, segment_bytes=segment_bytes) as writer:
            assert bodies(directory) == [b"a", b"bb", b"ccc"], cut
            assert writer.committed == start + base
            used = len(whole[:cut].rstrip(b"\0")) if zeros else cut
            if used > start:
                repaired = writer.repaired
                assert repaired is not None, cut
                assert repaired.segment == segment.name
                assert repaired.offset == start
                assert repaired.dropped_bytes == before.torn_bytes
                assert repaired.dropped_bytes == len(whole[start:cut].rstrip(b"\0"))
                assert repaired.acknowledged_bytes == 0
                assert f"in {segment.name} from offset {start}" in str(repaired)
            else:
                assert writer.repaired is None
            writer.append(EVENT, 9, 9, (b"after",))
        assert bodies(directory) == [b"a", b"bb", b"ccc", b"after"], cut
        assert verify(directory).ok
        assert not list(directory.glob("*.torn"))


def test_repaired_counts_the_frames_that_were_dropped(directory: Path) -> None:
    ends = write(directory, [[b"a"], [b"b", b"c", b"d"]])
    segment = newest(directory)
    set_mark(directory, ends[0])
    segment.write_bytes(segment.read_bytes()[:-1])
    with LogWriter.open(directory) as writer:
        assert writer.repaired is not None
        assert writer.repaired.dropped_frames == 3


@pytest.mark.parametrize("segment_bytes", [1 << 20, 250])
def test_a_flipped_byte_anywhere_before_the_last_commit(
    directory: Path, segment_bytes: int
) -> None:
    commits = [[b"a", b"b" * 30], [b"c"], [b"d"], [b"last"]]
    ends = write(directory, commits, segment_bytes)
    starts = [(f.position) for f in LogReader(directory).frames()]
    starts += [end - 48 for end in ends]
    segments = sorted(directory.glob("*.glog"))
    starts += [int(s.stem) for s in segments]
    assert len(segments) == (1 if segment_bytes > 1000 else 2)
    for segment in segments:
        base, whole = int(segment.stem), segment.read_bytes()
        for offset in range(min(len(whole), ends[-2] - base)):
            damaged = bytearray(whole)
            damaged[offset] ^= 0x41
            segment.write_bytes(damaged)
            place = max(s for s in starts if s <= base + offset)
            report = verify(directory)
            assert report.fault is not None, (segment.name, offset)
            assert report.fault.segment == segment.name
            assert report.fault.offset == place - base
            assert report.fault.position == place
            with pytest.raises(LogCorrupt) as refused:
                LogWriter.open(directory, segment_bytes=segment_bytes)
            assert refused.value.position == place
            assert refused.value.segment == segment.name
            assert f"{segment.name}, offset {place - base}: " in str(refused.value)
            if place in starts[: -len(segments)]:
                with pytest.raises(LogCorrupt):
                    list(LogReader(directory).frames())
                with pytest.raises(LogCorrupt):
                    LogTail(directory).poll(0, 100)
            assert segment.read_bytes() == damaged, "a refused log is left as it was"
        segment.write_bytes(whole)
    assert verify(directory).ok


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_torn_commit_with_later_pages_on_disk_is_repaired(data: st.DataObject) -> None:
    """The disk may write the pages of one commit in any order before power fails."""
    page = 512
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        directory = Path(name)
        last = data.draw(st.lists(st.integers(0, 900), min_size=1, max_size=12))
        ends = write(directory, [[b"first"], [b"x" * n for n in last]])
        segment = newest(directory)
        whole = segment.read_bytes()
        pages = range(ends[0] // page, (len(whole) - 1) // page + 1)
        missing = data.draw(st.sets(st.sampled_from(pages), min_size=1))
        torn = bytearray(whole)
        for number in missing:
            at = max(number * page, ends[0])
            end = min((number + 1) * page, len(whole))
            torn[at:end] = bytes(end - at)
        if torn == whole:
            return  # a frame ends in zeros: what is missing was there all the same
        segment.write_bytes(torn)
        set_mark(directory, ends[0])
        assert verify(directory).ok
        with LogWriter.open(directory) as writer:
            assert writer.committed == ends[0]
            assert (writer.repaired is not None) == bool(any(torn[ends[0] :]))
            writer.append(EVENT, 2, 2, (b"second",))
        assert bodies(directory) == [b"first", b"second"]


def test_garbage_behind_the_last_commit_is_cut_off(directory: Path) -> None:
    write(directory, [[b"a"]])
    with newest(directory).open("ab") as file:
        file.write(bytes(100) + b"garbage \xffGL\xfe and more")
    assert bodies(directory) == [b"a"]
    with LogWriter.open(directory) as writer:
        assert writer.repaired is not None
        assert writer.repaired.dropped_frames == 0
    assert bodies(directory) == [b"a"]


def test_a_commit_that_is_whole_but_was_not_marked_is_kept(directory: Path) -> None:
    ends = write(directory, [[b"a"], [b"b"]])
    set_mark(directory, ends[0])
    with LogWriter.open(directory) as writer:
        assert writer.repaired is None
        assert writer.committed == ends[1]
    assert bodies(directory) == [b"a", b"b"]


def test_lost_bytes_that_were_acknowledged_are_reported_and_kept_aside(directory: Path) -> None:
    ends = write(directory, [[b"a"], [b"b"]])
    segment = newest(directory)
    damaged = bytearray(segment.read_bytes())
    damaged[-60] ^= 1
    segment.write_bytes(damaged)
    fault = verify(directory).fault
    assert fault is not None
    assert fault.position == ends[0]
    with LogWriter.open(directory) as writer:
        assert writer.repaired is not None
        assert writer.repaired.acknowledged_bytes == ends[1] - ends[0]
        assert writer.repaired.kept is not None
        assert (directory / writer.repaired.kept).read_bytes() == damaged[ends[0] :].rstrip(b"\0")
        assert writer.committed == ends[0]
        assert LogTail(directory).poll(ends[1]) == ([], ends[1])
    assert bodies(directory) == [b"a"]
    assert verify(directory).ok


def test_a_cut_below_the_mark_is_a_fault_of_verify(directory: Path) -> None:
    ends = write(directory, [[b"a"], [b"b"]])
    segment = newest(directory)
    segment.write_bytes(segment.read_bytes()[: ends[0]])
    fault = verify(directory).fault
    assert fault is not None
    assert (fault.segment, fault.offset) == (segment.name, ends[0])
    with LogWriter.open(directory) as writer:
        assert writer.repaired is not None
        assert writer.repaired.acknowledged_bytes == ends[1] - ends[0]


def test_a_missing_segment_is_named(directory: Path) -> None:
    write(directory, [[b"x" * 100]] * 6, 300)
    segments = sorted(directory.glob("*.glog"))
    shutil.move(segments[1], directory / "elsewhere")
    fault = verify(directory).fault
    assert fault is not None
    assert fault.segment == segments[2].name
    assert f"a segment from {int(segments[1].stem)} on is missing" in fault.what
    with pytest.raises(LogCorrupt, match="is missing"):
        LogWriter.open(directory)


def test_a_crash_while_a_segment_is_being_created(directory: Path) -> None:
    ends = write(directory, [[b"x" * 300]], 1 << 20)
    (directory / f"{ends[0]:020d}.new").write_bytes(b"half a hea")
    with LogWriter.open(directory, segment_bytes=200) as writer:
        writer.append(EVENT, 2, 2, (b"second",))
    assert bodies(directory) == [b"x" * 300, b"second"]
    assert [s.name for s in sorted(directory.iterdir()) if s.suffix == ".new"] == []
    assert len(list(directory.glob("*.glog"))) == 2


def test_the_newest_segment_alone_can_be_checked(directory: Path) -> None:
    write(directory, [[b"x" * 100]] * 6, 300)
    first = min(directory.glob("*.glog"))
    damaged = bytearray(first.read_bytes())
    damaged[100] ^= 1
    first.write_bytes(damaged)
    with LogWriter.open(directory, segment_bytes=300, check="last") as writer:
        writer.append(EVENT, 7, 7, (b"y",))
    with pytest.raises(LogCorrupt):
        list(LogReader(directory).frames())


def test_a_frame_copied_to_another_place_is_not_a_frame(directory: Path) -> None:
    ends = write(directory, [[b"a"], [b"a"], [b"a"]])
    segment = newest(directory)
    whole = segment.read_bytes()
    moved = whole[: ends[0]] + whole[SEGMENT_HEADER : ends[0]] + whole[ends[1] :]
    assert len(moved) == len(whole)
    segment.write_bytes(moved)
    with pytest.raises(LogCorrupt, match="written for another position"):
        LogWriter.open(directory)


def test_events_cannot_forge_frames(directory: Path) -> None:
    """A valid frame inside an event's bytes would make a torn commit look like damage."""
    write(directory, [[b"a"]])
    inner: list[Frame] = list(LogReader(directory).frames())
    assert inner
    whole = newest(directory).read_bytes()
    ends = write(directory, [[b"b"], [whole]])
    segment = newest(directory)
    set_mark(directory, ends[0])
    segment.write_bytes(segment.read_bytes()[:-10])
    with LogWriter.open(directory) as writer:
        assert writer.repaired is not None
    assert bodies(directory) == [b"a", b"b"]

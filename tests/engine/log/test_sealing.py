"""A sealed log says nothing without its keys, and with them what a plain one would."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanlan.engine.log import (
    EVENT,
    LIST_CHANGE,
    Frame,
    LogCorrupt,
    LogReader,
    LogSealed,
    LogTail,
    LogWriter,
    Seals,
    verify,
)
from guanlan.engine.log.export import export
from guanlan.engine.log.frame import HEADER, MAX_FRAME, encode
from guanlan.engine.log.sealing import key_numbers
from guanlan.engine.log.segment import Segment, create
from tests.engine.log.wrapping import Spy, Wrap

MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
CANARY = b"13800138000"

int64 = st.integers(-(2**63), 2**63 - 1)
entries = st.tuples(
    st.integers(1, 255), int64, int64, st.lists(st.binary(max_size=200), max_size=16).map(tuple)
)
histories = st.lists(st.lists(entries, min_size=1, max_size=6), max_size=6)


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name) / "log"


def write(directory: Path, bodies: list[bytes], keys: Wrap | None) -> list[int]:
    """One commit for each body; the committed position after each."""
    ends: list[int] = []
    with LogWriter.open(directory, keys=keys) as writer:
        for body in bodies:
            writer.append(EVENT, len(ends), 7, (body, b"decision"))
            ends.append(writer.commit())
    return ends


def bodies(directory: Path, keys: Wrap | None) -> list[bytes]:
    return [frame.sections[0] for frame in LogReader(directory, keys).frames()]


def stored(directory: Path) -> bytes:
    return b"".join(p.read_bytes() for p in sorted(directory.rglob("*")) if p.is_file())


def newest(directory: Path) -> Path:
    return max(directory.glob("*.glog"))


def contents(frames: list[Frame]) -> list[tuple[int, int, int, tuple[bytes, ...]]]:
    return [(f.kind, f.seq, f.clock, f.sections) for f in frames]


@settings(max_examples=50, deadline=None)
@given(history=histories, segment_bytes=st.integers(64, 2000), reopen=st.booleans())
def test_round_trip(
    history: list[list[tuple[int, int, int, tuple[bytes, ...]]]], segment_bytes: int, reopen: bool
) -> None:
    keys = Wrap()
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        positions = []
        writer = LogWriter.open(name, segment_bytes=segment_bytes, keys=keys)
        for commit in history:
            positions += [writer.append(*entry) for entry in commit]
            writer.commit()
            if reopen:
                writer.close()
                writer = LogWriter.open(name, segment_bytes=segment_bytes, keys=keys)
        expected = [entry for commit in history for entry in commit]
        reader = LogReader(name, keys)
        frames = list(reader.frames())
        assert contents(frames) == expected
        assert [reader.at(p) for p in positions] == frames
        tail, position, followed = LogTail(name, keys), 0, []
        while batch := (polled := tail.poll(position, 3))[0]:
            position = polled[1]
            followed += batch
        assert followed == frames
        writer.close()
        report = verify(name)
        assert (report.ok, report.frames, report.commits) == (True, len(frames), len(history))


def test_nothing_of_a_sealed_log_is_readable_without_its_keys(directory: Path) -> None:
    with LogWriter.open(directory, keys=Wrap()) as writer:
        writer.append(LIST_CHANGE, 1, 1, (b'{"key":"%b"}' % CANARY,))
        writer.append_all(EVENT, [(2, 2, (b"row", b"slots", CANARY, b"approve", b"times"))])
        writer.commit()
        assert CANARY not in stored(directory)
    assert CANARY not in stored(directory)
    assert b"approve" not in stored(directory)
    plain = directory.with_name("plain")
    write(plain, [CANARY], None)
    assert CANARY in stored(plain)


def test_what_needs_no_key_works_without(directory: Path) -> None:
    write(directory, [b"a", b"b"], Wrap())
    report = verify(directory)
    assert (report.ok, report.events, report.first_seq, report.last_seq) == (True, 2, 0, 1)
    shutil.rmtree(directory / "keys")
    assert verify(directory) == report


@pytest.mark.parametrize("keys", [None, Wrap("theirs")], ids=["none", "another"])
def test_without_the_right_key_one_sentence_and_no_change(
    directory: Path, keys: Wrap | None
) -> None:
    ends = write(directory, [CANARY], Wrap())
    before = stored(directory)
    tries = (
        lambda: list(LogReader(directory, keys).frames()),
        lambda: LogReader(directory, keys).at(32),
        lambda: LogTail(directory, keys).poll(0),
        lambda: LogWriter.open(directory, keys=keys),
        lambda: export(directory, directory / "out.parquet", keys=keys),
    )
    for attempt in tries:
        with pytest.raises(LogSealed) as refused:
            attempt()
        said = str(refused.value)
        assert f"event log {directory} is sealed and" in said
        assert CANARY.decode() not in said
    assert stored(directory) == before
    assert bodies(directory, Wrap()) == [CANARY]
    assert LogReader(directory).committed == ends[-1]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "damaged"),
        (lambda path: path.write_bytes(b""), "damaged"),
        (lambda path: shutil.copy(path.with_name("0000000002.key"), path), "another key"),
    ],
    ids=["gone", "cut", "empty", "swapped"],
)
def test_a_key_file_that_is_not_what_it_was(directory: Path, harm: object, said: str) -> None:
    write(directory, [b"a"], Wrap())
    write(directory, [b"b"], Wrap())
    assert key_numbers(directory) == [1, 2]
    assert callable(harm)
    harm(directory / "keys" / "0000000001.key")
    with pytest.raises(LogSealed, match=said):
        bodies(directory, Wrap())
    with pytest.raises(LogSealed, match=said):
        LogWriter.open(directory, keys=Wrap())
    assert verify(directory).ok


def test_a_plain_log_goes_on_sealed_and_never_back(directory: Path) -> None:
    write(directory, [b"old", b"older"], None)
    tail = LogTail(directory, Wrap())
    first, position = tail.poll(0)
    write(directory, [b"new"], Wrap())
    write(directory, [b"newer"], Wrap())
    assert bodies(directory, Wrap()) == [b"old", b"older", b"new", b"newer"]
    # A reader that was there before the first key follows.
    assert [f.sections[0] for f in (*first, *tail.poll(position)[0])] == bodies(directory, Wrap())
    with pytest.raises(LogSealed):
        LogWriter.open(directory)
    plain = LogReader(directory).frames(0, position)
    assert [f.sections[0] for f in plain] == [b"old", b"older"]


def forged(directory: Path, position: int, frame: bytes) -> None:
    """Put `frame` where one of the same size is, as someone who can write the file would."""
    segment = newest(directory)
    whole = bytearray(segment.read_bytes())
    offset = position - int(segment.stem)
    assert whole[offset : offset + 4] == frame[:4]
    whole[offset : offset + len(frame)] = frame
    segment.write_bytes(whole)


def resummed(frame: bytes) -> bytes:
    return frame[:4] + struct.pack("<I", crc32(frame[8:])) + frame[8:]


def raw(directory: Path, position: int) -> bytes:
    segment = newest(directory)
    bytes_ = segment.read_bytes()[position - int(segment.stem) :]
    return bytes_[: HEADER + int.from_bytes(bytes_[8:12], "little")]


def test_every_altered_bit_is_noticed_even_with_a_right_checksum(directory: Path) -> None:
    with LogWriter.open(directory, keys=Wrap()) as writer:
        position = writer.append(EVENT, 5, 6, (b"body", b"decision"))
    frame = raw(directory, position)
    whole = newest(directory).read_bytes()
    for at in range(12, len(frame)):
        for bit in (1, 64):
            altered = bytearray(frame)
            altered[at] ^= bit
            forged(directory, position, resummed(bytes(altered)))
            with pytest.raises((LogCorrupt, LogSealed)):
                LogReader(directory, Wrap()).at(position)
            newest(directory).write_bytes(whole)
    assert LogReader(directory, Wrap()).at(position).sections == (b"body", b"decision")


def test_a_frame_moved_or_put_in_plain_is_noticed(directory: Path) -> None:
    with LogWriter.open(directory, keys=Wrap()) as writer:
        one = writer.append(EVENT, 5, 6, (b"body",))
        two = writer.append(EVENT, 6, 6, (b"BODY",))
    moved = bytearray(raw(directory, one))
    moved[16:24] = struct.pack("<q", two)
    whole = newest(directory).read_bytes()
    forged(directory, two, resummed(bytes(moved)))
    with pytest.raises(LogCorrupt, match="seal does not open"):
        LogReader(directory, Wrap()).at(two)
    newest(directory).write_bytes(whole)
    # As long as the sealed one: its tag and the number of its key are made up for.
    plain = encode(two, EVENT, 6, 6, 1, (b"BODY" + bytes(20),))
    assert len(plain) == len(raw(directory, two))
    forged(directory, two, plain)
    with pytest.raises(LogCorrupt, match="not sealed"):
        LogReader(directory, Wrap()).at(two)
    with pytest.raises(LogCorrupt, match="not sealed"):
        bodies(directory, Wrap())


steps = st.lists(
    st.tuples(
        st.lists(st.lists(st.binary(max_size=60), min_size=1, max_size=3), max_size=3),
        st.integers(0, 400),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=steps)
def test_no_nonce_is_used_twice_under_one_key(
    monkeypatch: pytest.MonkeyPatch, steps: list[tuple[list[list[bytes]], int, bool]]
) -> None:
    """Openings, commits, a torn tail cut anywhere, frames too large, and all over again."""
    with monkeypatch.context() as patch, tempfile.TemporaryDirectory(dir=MEMORY) as name:
        directory, spy = Path(name), Spy(patch)
        kept: list[bytes] = []
        for commits, cut, too_large in steps:
            writer = LogWriter.open(directory, segment_bytes=900, keys=Wrap())
            assert bodies(directory, Wrap())[: len(kept)] == kept
            kept = bodies(directory, Wrap())
            for commit in commits:
                if too_large:
                    with pytest.raises(ValueError, match="at most"):
                        writer.append_all(EVENT, [(1, 1, (b"x",)), (2, 2, (bytes(MAX_FRAME),))])
                writer.append_all(EVENT, [(1, 1, (body,)) for body in commit])
                writer.commit()
                kept += commit
            # A last commit of which only a part reached the disk; the process is gone.
            before = writer.committed
            writer.append(EVENT, 9, 9, (b"never acknowledged",))
            writer.commit()
            writer.close()
            (directory / "committed").write_bytes(struct.pack("<q", before))
            segment = newest(directory)
            base, size = int(segment.stem), segment.stat().st_size
            if base < before:
                torn = max(before - base, size - 1 - cut)
                segment.write_bytes(segment.read_bytes()[:torn])
            else:
                segment.unlink()
        assert len(spy.used) > 0
        assert len(set(spy.used)) == len(spy.used)


WRITER = """
import sys
from guanlan.engine.log import EVENT, LogReader, LogWriter
from tests.engine.log.wrapping import Wrap
writer = LogWriter.open(sys.argv[1], segment_bytes=100_000, keys=Wrap())
seq = max((f.seq for f in LogReader(sys.argv[1], Wrap()).frames()), default=0)
while True:
    for _ in range(1 + seq % 7):
        seq += 1
        writer.append(EVENT, seq, seq, (b"13800138000 %d" % seq, b"x" * (seq % 1000)))
    writer.commit()
    print(seq, flush=True)
"""


def test_kill_9_loses_nothing_committed(tmp_path: Path) -> None:
    for round_ in range(3):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        printed = [int(process.stdout.readline()) for _ in range(20 + 37 * round_)]
        process.send_signal(signal.SIGKILL)
        printed += [int(line) for line in process.stdout]
        process.wait()
        process.stdout.close()
        assert verify(tmp_path).ok
        frames = list(LogReader(tmp_path, Wrap()).frames())
        assert [f.seq for f in frames] == list(range(1, len(frames) + 1))
        assert len(frames) >= max(printed)
        assert all(f.sections[0] == CANARY + b" %d" % f.seq for f in frames)
        assert CANARY not in stored(tmp_path)
    assert key_numbers(tmp_path) == [1, 2, 3]


def test_keys_are_wrapped_anew_while_the_log_is_used(directory: Path) -> None:
    old, new = Wrap("old"), Wrap("new")
    with LogWriter.open(directory, keys=old) as writer:
        writer.append(EVENT, 1, 1, (b"a",))
        writer.commit()
        tail = LogTail(directory, old)
        assert [f.sections[0] for f in tail.poll(0)[0]] == [b"a"]

        class Both(Wrap):
            """Opens with either, wraps with the new one, as a ring of keys does."""

            def unwrap(self, wrapped: bytes) -> bytes:
                try:
                    return new.unwrap(wrapped)
                except ValueError:
                    return old.unwrap(wrapped)

        assert Seals(directory, Both("new")).rewrap() == 1
        assert Seals(directory, Both("new")).rewrap() == 1
        position = writer.append(EVENT, 2, 2, (b"b",))
        writer.commit()
        assert [f.sections[0] for f in tail.poll(position)[0]] == [b"b"]
    assert bodies(directory, new) == [b"a", b"b"]
    with pytest.raises(LogSealed, match="another key"):
        bodies(directory, old)
    write(directory, [b"c"], new)
    assert bodies(directory, new) == [b"a", b"b", b"c"]


@pytest.mark.parametrize("beginning", [False, True], ids=["", "a new segment just begun"])
@pytest.mark.parametrize("lost", [(2,), (1, 2)])
def test_the_number_of_a_lost_key_is_not_given_to_another(
    directory: Path, lost: tuple[int, ...], beginning: bool
) -> None:
    write(directory, [b"a"], Wrap())
    (end,) = write(directory, [b"b"], Wrap())
    if beginning:
        os.close(create(Segment(directory, end), 3))
    kept = {n: (directory / "keys" / f"{n:010d}.key").read_bytes() for n in lost}
    for number in lost:
        (directory / "keys" / f"{number:010d}.key").unlink()
    with pytest.raises(LogSealed, match=r"0000000002\.key is missing"):
        LogWriter.open(directory, keys=Wrap())
    for number, content in kept.items():
        (directory / "keys" / f"{number:010d}.key").write_bytes(content)
    write(directory, [b"c"], Wrap())
    assert bodies(directory, Wrap()) == [b"a", b"b", b"c"]
    assert key_numbers(directory) == [1, 2, 3]

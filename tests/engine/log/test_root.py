"""One hash over all that a log says: the same for copies, another for whatever differs."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from guanlan.engine.log import Frame, LogReader, LogSealed, log_root
from tests.engine.log.test_sealing import write
from tests.engine.log.wrapping import Wrap

integers = st.integers(-(2**63), 2**63 - 1)
frames = st.builds(
    Frame,
    position=st.integers(0, 2**63 - 1),
    kind=st.integers(0, 255),
    seq=integers,
    clock=integers,
    commit=st.integers(0, 2**32),
    sections=st.lists(st.binary(max_size=20), max_size=4).map(tuple),
    key=st.integers(0, 9),
)


@given(st.lists(frames, max_size=4), st.lists(frames, max_size=4))
def test_equal_roots_mean_equal_logs(one: list[Frame], other: list[Frame]) -> None:
    def said(log: list[Frame]) -> list[Frame]:  # how it was committed and sealed is aside
        return [structs.replace(frame, commit=0, key=0) for frame in log]

    assert (log_root(one) == log_root(other)) == (said(one) == said(other))
    assert log_root(one) == log_root(said(one))


@given(st.binary(max_size=8), st.integers(0, 8))
def test_where_a_section_ends_is_part_of_it(data: bytes, cut: int) -> None:
    whole = Frame(0, 1, 0, 0, 1, (data, b""))
    parted = Frame(0, 1, 0, 0, 1, (data[:cut], data[cut:]))
    assert (log_root([whole]) == log_root([parted])) == (data[cut:] == b"")


def test_two_logs_sealed_by_other_keys_have_one_root() -> None:
    roots = []
    for name in ("ours", "theirs"):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "log"
            write(place, [b"one", b"two" * 50], Wrap(name))
            roots.append(log_root(LogReader(place, Wrap(name)).frames()))
            with pytest.raises(LogSealed):
                log_root(LogReader(place).frames())
    assert roots[0] == roots[1]

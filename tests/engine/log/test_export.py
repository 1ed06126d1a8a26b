from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from guanlan.engine.log import EVENT, PROGRAM, Frame, LogCorrupt, LogWriter
from guanlan.engine.log.export import BATCH, export


def fill(directory: Path, events: int) -> None:
    with LogWriter.open(directory, segment_bytes=1 << 20) as writer:
        writer.append(PROGRAM, 0, 0, (b"program",))
        for seq in range(1, events + 1):
            event = f'{{"id":"事件-{seq}"}}'.encode()
            writer.append(EVENT, seq, seq * 1_000_001, (b"", b"", event, b'{"a":1}', bytes(16)))


def test_every_event_becomes_a_row(tmp_path: Path) -> None:
    events = BATCH + 10
    fill(tmp_path / "log", events)
    out = tmp_path / "log.parquet"
    assert export(tmp_path / "log", out) == events
    frame = pl.read_parquet(out)
    assert frame["seq"].to_list() == list(range(1, events + 1))
    assert frame["event"][6] == '{"id":"事件-7"}'
    assert frame["decision"].unique().to_list() == ['{"a":1}']
    assert frame["clock"].cast(pl.Int64)[6] == 7_000_007
    assert frame.schema["clock"] == pl.Datetime("us", "UTC")
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".part"] == []


def test_the_caller_may_choose_the_columns(tmp_path: Path) -> None:
    fill(tmp_path / "log", 4)

    def even(frame: Frame) -> dict[str, object] | None:
        return {"n": frame.seq} if frame.seq % 2 == 0 and frame.kind == EVENT else None

    assert export(tmp_path / "log", tmp_path / "o.parquet", even, {"n": pl.Int32}) == 2
    assert pl.read_parquet(tmp_path / "o.parquet")["n"].to_list() == [2, 4]


def test_an_empty_log_gives_an_empty_table(tmp_path: Path) -> None:
    LogWriter.open(tmp_path / "log").close()
    assert export(tmp_path / "log", tmp_path / "o.parquet") == 0
    assert pl.read_parquet(tmp_path / "o.parquet").columns[0] == "seq"


def test_a_damaged_log_leaves_no_file(tmp_path: Path) -> None:
    fill(tmp_path / "log", 4)
    segment = tmp_path / "log" / ("0" * 20 + ".glog")
    data = bytearray(segment.read_bytes())
    data[100] ^= 1
    segment.write_bytes(data)
    with pytest.raises(LogCorrupt, match="offset 91: the frame's checksum"):
        export(tmp_path / "log", tmp_path / "o.parquet")
    assert [p.name for p in tmp_path.iterdir()] == ["log"]
    with pytest.raises(FileNotFoundError):
        export(tmp_path / "log", tmp_path / "no" / "o.parquet")

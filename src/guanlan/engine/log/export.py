"""Writing a log to Parquet, for analysts, without holding it in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final

import polars as pl
from polars.io.plugins import register_io_source

from guanlan.engine.log.frame import EVENT, Frame
from guanlan.engine.log.reader import LogReader
from guanlan.engine.log.sealing import KeyWrap

BATCH: Final = 20_000

Schema = Mapping[str, pl.DataType | type[pl.DataType]]
Row = Mapping[str, object]

EVENT_SCHEMA: Final[Schema] = {
    "seq": pl.Int64,
    "clock": pl.Datetime("us", "UTC"),
    "event": pl.String,
    "decision": pl.String,
    "position": pl.Int64,
}


def event_row(frame: Frame) -> Row | None:
    """An event frame as a row of `EVENT_SCHEMA`; other frames are left out."""
    if frame.kind != EVENT:
        return None
    return {
        "seq": frame.seq,
        "clock": frame.clock,
        "event": frame.sections[2].decode(),
        "decision": frame.sections[3].decode(),
        "position": frame.position,
    }


def export(
    directory: Path | str,
    out: Path | str,
    decode: Callable[[Frame], Row | None] = event_row,
    schema: Schema = EVENT_SCHEMA,
    *,
    keys: KeyWrap | None = None,
) -> int:
    """Write one row per frame for which `decode` gives one; returns the number of rows.

    `decode` gives a mapping with the columns of `schema`. The file appears under its name only
    when it is whole. Raises LogCorrupt for a damaged log, LogSealed where a key is wanting,
    OSError when `out` cannot be written.
    """
    out = Path(out)
    rows = 0

    def batches(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        nonlocal rows
        decoded = (row for frame in LogReader(directory, keys).frames() if (row := decode(frame)))
        while batch := list(islice(decoded, BATCH)):
            rows += len(batch)
            frame = pl.DataFrame(batch, schema=dict(schema), orient="row")
            yield frame if with_columns is None else frame.select(with_columns)

    # Opened before polars takes over, so that a bad path is an OSError here and not in its thread.
    part = out.with_name(out.name + ".part")
    part.touch()
    try:
        register_io_source(io_source=batches, schema=dict(schema)).sink_parquet(part)
        os.replace(part, out)
    finally:
        part.unlink(missing_ok=True)
    return rows

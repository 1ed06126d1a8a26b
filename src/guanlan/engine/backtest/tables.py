"""Rows of Parquet, CSV and NDJSON files, by the columns asked for."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import polars as pl

from guanlan.engine.backtest.record import HistoryError

PARQUET: Final = (".parquet", ".pq")
CSV: Final = (".csv",)
NDJSON: Final = (".ndjson", ".jsonl")
_SLICE: Final = 50_000

Row = Sequence[object]


def rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """(number, cells in the order of `columns`) of every row of a file.

    The number is the line in the file, for Parquet the row, both counting from 1. Cells of CSV
    are text. Raises HistoryError for a missing column or a file that is not what its name says,
    OSError when it cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix in PARQUET:
        return _parquet(path, columns)
    if suffix in CSV:
        return _csv(path, columns)
    if suffix in NDJSON:
        return _ndjson(path, columns)
    raise HistoryError(path, "", "expected a .parquet, .csv, .ndjson or .jsonl file")


def place(path: Path, number: int) -> str:
    """How an error names a row of the file."""
    return f"row {number}" if path.suffix.lower() in PARQUET else f"line {number}"


def parquet_columns(path: Path) -> list[str]:
    """The columns of a Parquet file."""
    with path.open("rb"):
        pass  # a missing file is an OSError, not a fault of its content
    try:
        return pl.scan_parquet(path).collect_schema().names()
    except pl.exceptions.PolarsError:
        raise HistoryError(path, "", "the file is not a readable Parquet file") from None


def _missing(path: Path, place: str, column: str, present: Sequence[str]) -> HistoryError:
    shown = ", ".join(sorted(present)[:20]) or "none"
    return HistoryError(path, place, f"the file has no such column; it has {shown}", column)


def _parquet(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, Row]]:
    present = parquet_columns(path)
    for column in columns:
        if column not in present:
            raise _missing(path, "", column, present)
    try:
        frame = pl.read_parquet(path, columns=list(columns))
    except pl.exceptions.PolarsError:
        raise HistoryError(path, "", "the file is not a readable Parquet file") from None
    frame = frame.select(columns)
    number = 0
    for part in frame.iter_slices(_SLICE):
        for row in part.iter_rows():
            number += 1
            yield number, row


def _csv(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, Row]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = next(reader, [])
            for column in columns:
                if column not in header:
                    raise _missing(path, "line 1", column, header)
            indexes = [header.index(column) for column in columns]
            for cells in reader:
                if len(cells) != len(header):
                    if not cells:
                        continue
                    raise HistoryError(
                        path,
                        f"line {reader.line_num}",
                        f"expected {len(header)} cells, found {len(cells)}",
                    )
                yield reader.line_num, [cells[index] for index in indexes]
        except csv.Error:
            what = "expected a row of comma-separated values"
            raise HistoryError(path, f"line {reader.line_num}", what) from None
        except UnicodeDecodeError:
            what = "expected UTF-8 text"
            raise HistoryError(path, f"after line {reader.line_num}", what) from None


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(line number, line) of every line that is not blank."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            if line:
                yield number, line


def _ndjson(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, Row]]:
    decode = msgspec.json.Decoder(dict[str, object]).decode
    seen: set[str] = set()
    for number, line in lines(path):
        try:
            found = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise HistoryError(path, f"line {number}", "expected a JSON object") from None
        if not seen:
            seen = set(found)
            for column in columns:
                if column not in found:
                    # Objects may leave out what is null, so only a look at all of them can tell.
                    _somewhere(path, column, number)
        yield number, [found.get(column) for column in columns]


def _somewhere(path: Path, column: str, first: int) -> None:
    needle = msgspec.json.encode(column)
    if not any(needle in line for _, line in lines(path)):
        raise HistoryError(path, f"line {first}", "no line has such a member", column)

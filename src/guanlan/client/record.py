"""Writing a load's answers to a file, to compare them with a backtest's decisions."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import polars as pl

SCHEMA: dict[str, Any] = {
    "event_id": pl.String,
    "seq": pl.Int64,
    "status": pl.Int16,
    "outcome": pl.String,
    "score": pl.Int64,
    "rules": pl.List(pl.String),
    "error": pl.String,
}


class AnswerFile:
    """Collects answers; `.parquet` by column (see SCHEMA), anything else as NDJSON.

    Its `add` is an `on_answer` of `send`. Rows are in the order of the source, NDJSON lines
    `{"status", "decision" | "error"}` in the order of the answers.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[tuple[Any, ...]] = []
        self._columns = path.suffix == ".parquet"
        self._file = None if self._columns else path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def add(self, place: int, body: bytes, status: int, text: bytes) -> None:
        """Note one answer."""
        if self._file is not None:
            member = b'"decision":%b' % text if status == 200 else text[1:-1]
            self._file.write(b'{"status":%d,%b}\n' % (status, member))
            return
        row: tuple[Any, ...]
        if status == 200:
            found = _decisions.decode(text)
            rules = [reason.rule for reason in found.reasons]
            row = (
                place,
                found.event_id,
                found.seq,
                status,
                found.outcome,
                found.score,
                rules,
                None,
            )
        else:
            code = str(msgspec.json.decode(text).get("error", {}).get("code", ""))
            row = (place, _identifier(body), None, status, None, None, [], code)
        self._rows.append(row)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            return
        self._rows.sort(key=lambda row: row[0])
        frame = pl.DataFrame([row[1:] for row in self._rows], schema=SCHEMA, orient="row")
        frame.write_parquet(self._path)


class _Reason(msgspec.Struct):
    rule: str


class _Decision(msgspec.Struct):
    event_id: str
    seq: int
    outcome: str
    score: int
    reasons: list[_Reason]


class _Id(msgspec.Struct):
    id: str


_decisions = msgspec.json.Decoder(_Decision)
_ids = msgspec.json.Decoder(_Id)


def _identifier(body: bytes) -> str | None:
    try:
        return _ids.decode(body).id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None

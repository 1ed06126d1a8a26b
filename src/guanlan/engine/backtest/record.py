"""One event of a history, as every reader of history files gives it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


class Record(Struct, frozen=True):
    """An event with its wire form. `time` is microseconds since 1970-01-01 UTC; `body` is what
    `POST /v1/events` takes, so a backtest and a sender read the very same bytes."""

    id: str
    type: str
    time: int
    entities: Mapping[str, str]
    fields: Mapping[str, object]
    body: bytes


class HistoryError(ValueError):
    """A history that cannot be read: file, place in it ("row 7", "line 3"), column, and what
    was expected. Never the value found: it may be personal."""

    def __init__(self, file: Path | str, place: str, what: str, column: str | None = None) -> None:
        self.file = Path(file)
        self.place = place
        self.column = column
        self.what = what
        where = f"{file}: {place}" if place else str(file)
        super().__init__(f"{where}, column {column}: {what}" if column else f"{where}: {what}")


def record(
    id: str, type: str, time: int, entities: Mapping[str, str], fields: Mapping[str, object]
) -> Record:
    """A record with its body written out; empty `entities` and `fields` are left out of it."""
    wire: dict[str, object] = {"id": id, "type": type, "time": rfc3339(time)}
    if entities:
        wire["entities"] = entities
    if fields:
        wire["fields"] = fields
    return Record(id, type, time, entities, fields, msgspec.json.encode(wire))


def rfc3339(time: int) -> str:
    """Microseconds since 1970 as `2026-11-23T09:00:00.000123Z`."""
    moment = _EPOCH + time * _MICROSECOND
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def microseconds(moment: dt.datetime) -> int:
    """Microseconds since 1970 of an aware time, exactly."""
    return (moment - _EPOCH) // _MICROSECOND

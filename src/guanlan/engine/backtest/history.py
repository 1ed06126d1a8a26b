"""A file of past events, read as the events a backend would have posted, in time order.

Labels become events of type `label` at the time they became known, so that a backtest, and a
sender, see them exactly when a live system would have: never before.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
import polars as pl
from msgspec import Struct

from guanlan.engine.backtest.convert import Convert, Unfit, boolean, empty, instant, string, text
from guanlan.engine.backtest.mapping import EventMap
from guanlan.engine.backtest.record import HistoryError, Record, record
from guanlan.engine.backtest.tables import NDJSON, PARQUET, lines, parquet_columns, place, rows
from guanlan.engine.simulate.wire import wire_history

LABEL: Final = "label"
LABEL_PREFIX: Final = "label-"
MAX_ID: Final = 128
_SLICE: Final = 50_000


class Label(Struct, frozen=True):
    """What an event turned out to be; `known_at` is microseconds since 1970."""

    known_at: int
    value: str  # "fraud" or "legit"
    source: str


class History:
    """The events of a file. `total` counts its rows, without label events; iterating again
    reads the file again."""

    def __init__(
        self,
        path: Path,
        total: int,
        records: Callable[[], Iterator[Record]],
    ) -> None:
        self.path = path
        self.total = total
        self._records = records

    def __iter__(self) -> Iterator[Record]:
        return self._records()


def open_history(
    path: Path | str, event_map: EventMap | None = None, labels: Path | str | None = None
) -> History:
    """The history in `path`, in time order; rows of equal time keep their order.

    Without a map the file is NDJSON of wire events, or Parquet written by `guanlan simulate`.
    `labels` names a table with the columns event_id, label (fraud or legit; or true or false),
    known_at and, if it likes, source.

    Raises HistoryError naming file, row or line, and column; OSError. Rows are checked as they
    are read, so iterating raises HistoryError too.
    """
    path = Path(path)
    known = {} if labels is None else read_labels(Path(labels))
    if event_map is not None:
        order = _known_order(path, event_map) or _order(_mapped_times(path, event_map))

        def source() -> Iterator[tuple[Record, Label | None]]:
            return _mapped(path, event_map)

        copied: frozenset[str] | None = None
        if event_map.label is not None:
            copied = frozenset(event_map.label.entities)
        return _ordered(path, order, source, known, copied)
    suffix = path.suffix.lower()
    if suffix in PARQUET:
        return _simulated(path, known)
    if suffix in NDJSON:
        order = _order(item.time for item, _ in _wire(path))
        return _ordered(path, order, lambda: _wire(path), known, None)
    raise HistoryError(path, "", "without a map, expected .ndjson, .jsonl or simulated .parquet")


def _order(times: Iterator[int]) -> tuple[int, bool]:
    """How many there are, and whether none is before its predecessor."""
    total, last, in_order = 0, -(2**63), True
    for time in times:
        total += 1
        in_order = in_order and time >= last
        last = time
    return total, in_order


def _known_order(path: Path, event_map: EventMap) -> tuple[int, bool] | None:
    """The same for Parquet with a time column that needs no reading; None when that is unsure."""
    column = event_map.time.column
    if path.suffix.lower() not in PARQUET or event_map.time.zone != "UTC":
        return None
    next(rows(path, event_map.columns), None)  # finds missing columns
    times = pl.read_parquet(path, columns=[column])[column]
    if not isinstance(times.dtype, pl.Datetime) or times.null_count():
        return None
    return len(times), times.is_sorted()


def _ordered(
    path: Path,
    order: tuple[int, bool],
    source: Callable[[], Iterator[tuple[Record, Label | None]]],
    labels: Mapping[str, list[Label]],
    copied: frozenset[str] | None,
) -> History:
    total, in_order = order

    def records() -> Iterator[Record]:
        found = source()
        if not in_order:
            found = iter(sorted(found, key=lambda pair: pair[0].time))
        return _with_labels(path, found, labels, copied)

    return History(path, total, records)


def _with_labels(
    path: Path,
    found: Iterator[tuple[Record, Label | None]],
    labels: Mapping[str, list[Label]],
    copied: frozenset[str] | None,
) -> Iterator[Record]:
    """The records with a label event where each label became known; a label known at the very
    time of an event comes before it."""
    waiting: list[tuple[int, int, Record]] = []
    made = 0
    for item, own in found:
        while waiting and waiting[0][0] <= item.time:
            yield heapq.heappop(waiting)[2]
        yield item
        own_first = (own,) if own is not None else ()
        for again, label in enumerate((*own_first, *labels.get(item.id, ()))):
            event = _label_event(path, item, label, copied, again)
            made += 1
            heapq.heappush(waiting, (event.time, made, event))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _label_event(
    path: Path, item: Record, label: Label, copied: frozenset[str] | None, again: int
) -> Record:
    id_ = LABEL_PREFIX + item.id + (f"-{again + 1}" if again else "")
    if len(id_) > MAX_ID:
        what = f"an event id with a label has at most {MAX_ID - len(LABEL_PREFIX) - 2} characters"
        raise HistoryError(path, "", what)
    entities = {
        role: key for role, key in item.entities.items() if copied is None or role in copied
    }
    fields = {"target": item.id, "value": label.value, "source": label.source}
    return record(id_, LABEL, max(label.known_at, item.time), entities, fields)


def _mapped_times(path: Path, event_map: EventMap) -> Iterator[int]:
    time = event_map.time
    convert = instant(time.zone, time.unit, time.format)
    # The whole set of columns first, so that a missing one is found before any work is done.
    next(rows(path, event_map.columns), None)
    for number, row in rows(path, (time.column,)):
        yield _required(path, number, time.column, convert, row[0])


def _required(
    path: Path, number: int, column: str, convert: Callable[[object], int | None], cell: object
) -> int:
    try:
        value = convert(cell)
    except Unfit as unfit:
        raise HistoryError(path, place(path, number), unfit.args[0], column) from None
    if value is None:
        raise HistoryError(path, place(path, number), "expected a time, the cell is empty", column)
    return value


def _mapped(path: Path, event_map: EventMap) -> Iterator[tuple[Record, Label | None]]:
    columns = event_map.columns
    at = {column: index for index, column in enumerate(columns)}
    time, label = event_map.time, event_map.label
    convert_time = instant(time.zone, time.unit, time.format)
    time_at = at[time.column]
    fill_id = event_map.id.bind([at[c] for c in event_map.id.columns])
    entities = [
        (role, template.bind([at[c] for c in template.columns]))
        for role, template in event_map.entities.items()
    ]
    fields: list[tuple[str, str, int, Convert]] = [
        (name, field.column, at[field.column], field.converter())
        for name, field in event_map.fields.items()
    ]
    for number, row in rows(path, columns):
        moment = _required(path, number, time.column, convert_time, row[time_at])
        column = event_map.id.source
        try:
            id_ = fill_id(row)
            if not id_:
                raise Unfit("expected an id, a cell is empty")
            keys = {}
            for role, fill in entities:
                key = fill(row)
                if key is not None:
                    keys[role] = key
            values = {}
            for name, source, index, convert in fields:
                column = source
                value = convert(row[index])
                if value is not None:
                    values[name] = value
            column = event_map.event.column or ""
            kind = _type(event_map, row, at)
            given = None
            if label is not None:
                column = label.column
                cell = row[at[column]]
                fraud = not empty(cell) and text(cell) in label.fraud
                if fraud or (label.also_legit and not empty(cell)):
                    value = "fraud" if fraud else "legit"
                    given = Label(moment + label.delay, value, label.source)
        except Unfit as unfit:
            raise HistoryError(path, place(path, number), unfit.args[0], column) from None
        yield record(id_, kind, moment, keys, values), given


def _type(event_map: EventMap, row: object, at: Mapping[str, int]) -> str:
    event = event_map.event
    if event.column is None:
        return event.name or ""
    assert isinstance(row, list | tuple)
    cell = row[at[event.column]]
    name = None if empty(cell) else event.values.get(text(cell))
    if name is None:
        raise Unfit(f"expected one of {', '.join(sorted(event.values))}")
    return name


class _Wire(Struct):
    """As much of a wire event as ordering and judging need; the engine checks the rest."""

    id: str
    type: str
    time: str | int
    entities: dict[str, str] = {}
    fields: dict[str, object] = {}


_decode_wire = msgspec.json.Decoder(_Wire).decode
_wire_moment = instant("UTC", "ms", None)


def wire_record(body: bytes) -> Record:
    """The record of a wire event's JSON. Raises Unfit."""
    try:
        event = _decode_wire(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unfit("expected a JSON event with id, type, time, entities and fields") from None
    moment = _wire_moment(event.time)
    if moment is None:
        raise Unfit("expected a time, `time` is empty")
    return Record(event.id, event.type, moment, event.entities, event.fields, body)


def _wire(path: Path) -> Iterator[tuple[Record, Label | None]]:
    for number, line in lines(path):
        try:
            yield wire_record(line), None
        except Unfit as unfit:
            raise HistoryError(path, f"line {number}", unfit.args[0]) from None


def _simulated(path: Path, labels: Mapping[str, list[Label]]) -> History:
    present = parquet_columns(path)
    for column in ("event_id", "type", "time", "is_fraud", "label_known_at"):
        if column not in present:
            what = "a Parquet file that `guanlan simulate` did not write needs a map (--map)"
            raise HistoryError(path, "", what)
    total = pl.scan_parquet(path).select(pl.len()).collect().item()

    def records() -> Iterator[Record]:
        frames = pl.read_parquet(path).iter_slices(_SLICE)
        found = ((wire_record(body), None) for body in wire_history(frames))
        return _with_labels(path, found, labels, None)

    return History(path, total, records)


def read_labels(path: Path) -> dict[str, list[Label]]:
    """Labels of a table by event id, in the order known. Raises HistoryError, OSError."""
    known: dict[str, list[Label]] = {}
    columns = ["event_id", "label", "known_at"]
    has_source = _has(path, "source")
    moment = instant("UTC", "us", None)
    for number, row in rows(path, [*columns, "source"] if has_source else columns):
        column = "event_id"
        try:
            id_ = string(row[0])
            if id_ is None:
                raise Unfit("expected an event id, the cell is empty")
            column = "label"
            value = _label_value(row[1])
            source = string(row[3]) if has_source else None
        except Unfit as unfit:
            raise HistoryError(path, place(path, number), unfit.args[0], column) from None
        known_at = _required(path, number, "known_at", moment, row[2])
        known.setdefault(id_, []).append(Label(known_at, value, source or path.stem))
    for found in known.values():
        found.sort(key=lambda label: label.known_at)
    return known


def _has(path: Path, column: str) -> bool:
    try:
        next(rows(path, (column,)), None)
    except HistoryError:
        return False
    return True


def _label_value(cell: object) -> str:
    word = string(cell)
    if word in ("fraud", "legit"):
        return word
    try:
        fraud = boolean(cell)
    except Unfit:
        fraud = None
    if fraud is None:
        raise Unfit("expected fraud or legit, or true or false")
    return "fraud" if fraud else "legit"

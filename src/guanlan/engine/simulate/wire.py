"""Simulated rows as the JSON events a backend would post."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping

import polars as pl

from guanlan.engine.simulate import columns as c

# Where the victim acts with their own hand, the report speaks of who was paid, not of the
# victim's device and address, which would otherwise look guilty from then on.
_OWN_HAND = ("first_payee_scam", "mule_fan_in")
_OWN_ROLES = ("user", "device", "ip", "card")
LABEL_ROLES = ("user", "device", "ip", "card", "payee", "phone", "email", "id_number")


def to_wire(row: Mapping[str, object]) -> dict[str, object]:
    """One row of a simulated frame (by column name) as a wire event; nulls are left out."""
    kind = str(row["type"])
    time = row["time"]
    if not isinstance(time, int):
        raise TypeError("the time of a simulated row is an int of microseconds")
    return {
        "id": row["event_id"],
        "type": kind,
        "time": time // 1000,
        "entities": {name: row[name] for name in c.ROLES[kind] if row[name] is not None},
        "fields": {name: row[name] for name in c.FIELDS[kind] if row[name] is not None},
    }


def label_wire(row: Mapping[str, object]) -> dict[str, object]:
    """The label event that tells, at `label_known_at`, what a simulated row was."""
    known = row["label_known_at"]
    if not isinstance(known, int):
        raise TypeError("label_known_at of a simulated row is an int of microseconds")
    victim = row["attack"] in _OWN_HAND and row.get("payee") is not None
    return {
        "id": f"{row['event_id']}-label",
        "type": "label",
        "time": known // 1000,
        "entities": {
            name: row[name]
            for name in LABEL_ROLES
            if row.get(name) is not None and not (victim and name in _OWN_ROLES)
        },
        "fields": {
            "target": row["event_id"],
            "value": "fraud" if row["is_fraud"] else "legit",
            "source": "simulation",
        },
    }


def wire_events(frame: pl.DataFrame) -> Iterator[bytes]:
    """The rows of a simulated frame as wire-event JSON, in order, one bytes object each."""
    yield from (text.encode() for text in _json(frame))


def label_events(frame: pl.DataFrame) -> Iterator[tuple[int, bytes]]:
    """(`label_known_at` in µs, wire label event) of every fraudulent row, by time known."""
    frauds = frame.filter(pl.col("is_fraud")).sort("label_known_at", maintain_order=True)
    known = frauds["label_known_at"].to_list()
    yield from zip(known, (text.encode() for text in _label_json(frauds)), strict=True)


def wire_history(frames: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    """Events of a whole history with each fraud's label event where it became known, those that
    became known after the last event at the end.

    The frames are in time order. A label known at the very time of an event comes before it, and
    labels known at the same time come in the order of their events, however the history is cut
    into frames.
    """
    waiting: list[tuple[int, int, bytes]] = []
    made = 0
    for frame in frames:
        for known, label in label_events(frame):
            heapq.heappush(waiting, (known, made, label))
            made += 1
        for time, body in zip(frame["time"].to_list(), wire_events(frame), strict=True):
            while waiting and waiting[0][0] <= time:
                yield heapq.heappop(waiting)[2]
            yield body
    while waiting:
        yield heapq.heappop(waiting)[2]


def _member(name: str) -> pl.Expr:
    """`"name":value` as text, null where the value is null, with JSON's escapes."""
    column = pl.col(name)
    whole = pl.struct(column).struct.json_encode()
    return pl.when(column.is_not_null()).then(whole.str.head(-1).str.slice(1))


def _members(names: tuple[str, ...], present: list[str]) -> pl.Expr:
    inside = [_member(name) for name in names if name in present]
    return pl.lit("{") + pl.concat_str(inside, separator=",", ignore_nulls=True) + pl.lit("}")


def _json(frame: pl.DataFrame) -> list[str]:
    present = frame.columns
    indexed = frame.with_row_index("_row")
    parts = []
    for kind in c.TYPES:
        rows = indexed.filter(pl.col("type") == kind)
        text = (
            pl.lit("{") + _member("event_id").str.replace("event_id", "id", literal=True)
            + pl.lit(f',"type":"{kind}","time":') + (pl.col("time") // 1000).cast(pl.String)
            + pl.lit(',"entities":') + _members(c.ROLES[kind], present)
            + pl.lit(',"fields":') + _members(c.FIELDS[kind], present) + pl.lit("}")
        )  # fmt: skip
        parts.append(rows.select("_row", text.alias("json")))
    return pl.concat(parts).sort("_row")["json"].to_list()


def _label_json(frame: pl.DataFrame) -> list[str]:
    victim = pl.col("attack").is_in(_OWN_HAND) & pl.col("payee").is_not_null()
    guilty = frame.with_columns(
        pl.when(~victim.fill_null(False)).then(pl.col(role)).alias(role) for role in _OWN_ROLES
    )
    target = _member("event_id").str.replace("event_id", "target", literal=True)
    text = (
        pl.lit('{"id":"') + pl.col("event_id") + pl.lit('-label","type":"label","time":')
        + (pl.col("label_known_at") // 1000).cast(pl.String)
        + pl.lit(',"entities":') + _members(LABEL_ROLES, frame.columns)
        + pl.lit(',"fields":{') + target
        + pl.lit(',"value":"')
        + pl.when("is_fraud").then(pl.lit("fraud")).otherwise(pl.lit("legit"))
        + pl.lit('","source":"simulation"}}')
    )  # fmt: skip
    return guilty.select(text.alias("json"))["json"].to_list()

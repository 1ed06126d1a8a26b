"""From columns of codes to a Polars frame with names people and engines read."""

from __future__ import annotations

import numpy as np
import polars as pl

from guanlan.engine.simulate import columns as c
from guanlan.engine.simulate.columns import Batch

_PREFIX = {
    "user": "u-", "device": "d-", "card": "card-", "payee": "u-", "merchant": "m-",
    "phone": "ph-", "email": "em-", "email_stem": "es-", "id_number": "id-",
}  # fmt: skip
_DIGITS = {"merchant": 5}

SCHEMA: dict[str, pl.DataType] = {
    "event_id": pl.String(),
    "type": pl.String(),
    "time": pl.Int64(),
    **{role: pl.String() for role in c.ROLE_NAMES},
    **{
        name: (
            pl.Boolean() if name in c.BOOLS
            else pl.String() if name in c.WORDS
            else pl.Float64() if name in c.DECIMALS
            else pl.Int64()
        )
        for name in c.FIELD_NAMES
    },
    "is_fraud": pl.Boolean(),
    "attack": pl.String(),
    "episode": pl.Int64(),
    "label_known_at": pl.Int64(),
}  # fmt: skip
"""Columns of a simulated frame in order. Times are int64 µs UTC, `amount` is whole fen."""


def _word(name: str, values: tuple[str, ...]) -> pl.Expr:
    code = pl.col(name)
    known = pl.when(code >= 0).then(code)
    return pl.lit(pl.Series(values)).gather(known.cast(pl.UInt32)).alias(name)


def _code(name: str) -> pl.Expr:
    code = pl.col(name)
    text = code.cast(pl.String).str.zfill(_DIGITS.get(name, 7))
    return pl.when(code >= 0).then(pl.lit(_PREFIX[name]) + text).otherwise(None).alias(name)


def _address(name: str, parts: int, tail: str) -> pl.Expr:
    ip = pl.col("ip")
    octets = [(ip // 256 ** (3 - i) % 256).cast(pl.String) for i in range(parts)]
    text = pl.concat_str(octets, separator=".") + pl.lit(tail)
    return pl.when(ip >= 0).then(text).otherwise(None).alias(name)


def _column(name: str) -> pl.Expr:
    if name == "ip":
        return _address(name, 4, "")
    if name == "subnet":
        return _address(name, 3, ".0/24")
    if name in _PREFIX:
        return _code(name)
    if name in c.WORDS:
        return _word(name, c.WORDS[name])
    column = pl.col(name)
    if name in c.BOOLS:
        return pl.when(column >= 0).then(column == 1).otherwise(None).alias(name)
    if name in c.DECIMALS:
        return column.fill_nan(None)
    return pl.when(column >= 0).then(column).otherwise(None).cast(pl.Int64).alias(name)


def to_frame(batch: Batch, first: int, prefix: str) -> pl.DataFrame:
    """The batch as a frame of `SCHEMA`; event ids are `prefix` and a running number."""
    n = c.rows_of(batch)
    raw = pl.DataFrame({name: batch[name] for name in c.STORAGE})
    number = pl.Series("event_id", np.arange(first, first + n))
    return raw.with_columns(number).select(
        (pl.lit(prefix) + pl.col("event_id").cast(pl.String).str.zfill(9)).alias("event_id"),
        _word("type", c.TYPES),
        pl.col("time"),
        *(_column(role) for role in c.ROLE_NAMES),
        *(_column(name) for name in c.FIELD_NAMES),
        (pl.col("attack") >= 0).alias("is_fraud"),
        _word("attack", c.ATTACKS),
        _column("episode"),
        pl.col("label_known_at"),
    )

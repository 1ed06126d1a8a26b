"""Turning a cell of a history file into a value of the wire event.

A converter takes what the file gives (text, number, bool, date, None) and returns the wire
value, or None when the cell is empty. It raises Unfit with what was expected.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final, Literal
from zoneinfo import ZoneInfo

from guanlan.engine.backtest.record import microseconds, rfc3339

Cell = object
Convert = Callable[[Cell], object]
As = Literal["money", "int", "number", "bool", "string", "time"]
Unit = Literal["s", "ms", "us"]

UNITS: Final[dict[str, int]] = {"s": 1_000_000, "ms": 1000, "us": 1}
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_TRUE: Final = frozenset({"true", "1", "t", "yes", "y"})
_FALSE: Final = frozenset({"false", "0", "f", "no", "n"})
_INT64: Final = 2**63


class Unfit(ValueError):
    """A cell that does not fit; `args[0]` says what was expected."""


def empty(cell: Cell) -> bool:
    return cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell))


def text(cell: Cell) -> str:
    """A cell as text, for identifiers: whole floats lose their `.0`."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, bytes | list | dict):
        raise Unfit("expected text or a number")
    return str(cell)


def string(cell: Cell) -> str | None:
    return None if empty(cell) else text(cell)


def scaled(scale: int) -> Convert:
    """A decimal number times 10**scale as a whole number, half to even.

    A binary float counts as the shortest decimal that names it, which is what the file's author
    wrote: 1.005 with scale 2 is exactly half way and becomes 100, not what its bits would say.
    """
    unit = Decimal(1)
    factor: int = 10**scale

    def convert(cell: Cell) -> int | None:
        if cell.__class__ is float:
            assert isinstance(cell, float)
            product = cell * factor
            # Far from half way, the product's own rounding error cannot change the result.
            if -1e12 < product < 1e12:
                whole = round(product)
                if abs(product - whole) < 0.4:
                    return whole
        if empty(cell):
            return None
        try:
            if isinstance(cell, bool):
                raise Unfit("expected an amount")
            number = Decimal(cell if isinstance(cell, int) else str(cell).strip())
            if not number.is_finite():
                raise Unfit("expected a finite amount")
            minor = int(number.scaleb(scale).quantize(unit, ROUND_HALF_EVEN))
        except InvalidOperation:
            raise Unfit("expected an amount") from None
        if not -_INT64 <= minor < _INT64:
            raise Unfit("expected an amount that fits 64 bits")
        return minor

    return convert


def integer(cell: Cell) -> int | None:
    if empty(cell):
        return None
    try:
        number = Decimal(cell if isinstance(cell, int) else str(cell).strip())
    except InvalidOperation:
        raise Unfit("expected a whole number") from None
    if isinstance(cell, bool) or not number.is_finite() or number != number.to_integral_value():
        raise Unfit("expected a whole number")
    return int(number)


def number(cell: Cell) -> float | None:
    if empty(cell):
        return None
    try:
        value = float(cell) if isinstance(cell, int | float) else float(str(cell).strip())
    except ValueError:
        raise Unfit("expected a number") from None
    if isinstance(cell, bool) or not math.isfinite(value):
        raise Unfit("expected a finite number")
    return value


def boolean(cell: Cell) -> bool | None:
    if empty(cell):
        return None
    word = text(cell).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Unfit("expected true or false, yes or no, 1 or 0")


def instant(zone: str, unit: Unit, format: str | None) -> Callable[[Cell], int | None]:
    """Microseconds since 1970-01-01 UTC.

    Takes dates and times, RFC 3339 or `format` text (`datetime.strptime`), and numbers counted
    in `unit`. What names no zone is local time of `zone`; of an hour that happens twice, the
    first.
    """
    local = ZoneInfo(zone)
    factor = UNITS[unit]

    def convert(cell: Cell) -> int | None:
        if empty(cell):
            return None
        if isinstance(cell, bool):
            raise Unfit("expected a time")
        if isinstance(cell, int):
            return cell * factor
        if isinstance(cell, float):
            return round(Decimal(str(cell)) * factor)
        try:
            if isinstance(cell, dt.datetime):
                moment = cell
            elif isinstance(cell, dt.date):
                moment = dt.datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 - zone below
            elif format is not None:
                moment = dt.datetime.strptime(text(cell).strip(), format)  # noqa: DTZ007
            else:
                word = text(cell).strip()
                if word.isdigit() and len(word) != 8:
                    return int(word) * factor
                moment = dt.datetime.fromisoformat(word)
        except ValueError:
            expected = f"like {format}" if format else "like 2026-11-23T09:00:00Z"
            raise Unfit(f"expected a time {expected}") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=local)
        return microseconds(moment)

    return convert


def wire_time(zone: str, unit: Unit, format: str | None) -> Convert:
    """A time as RFC 3339 text, for fields."""
    convert = instant(zone, unit, format)

    def as_text(cell: Cell) -> str | None:
        time = convert(cell)
        return None if time is None else rfc3339(time)

    return as_text


class Template:
    """Text with `{column}` placeholders; a bare column name is the same as `{name}`."""

    def __init__(self, source: str) -> None:
        self.source = source
        if "{" not in source and "}" not in source:
            source = "{" + source + "}"
        parts = _PLACEHOLDER.split(source)
        self.columns: tuple[str, ...] = tuple(parts[1::2])
        self._literals = parts[0::2]
        if any("{" in literal or "}" in literal for literal in self._literals):
            raise ValueError("a placeholder is written {column}")

    def bind(self, indexes: Sequence[int]) -> Callable[[Sequence[Cell]], str | None]:
        """A function from a row to the text; None when a cell it needs is empty."""
        first, *rest = self._literals
        if len(indexes) == 1:
            return _one(first, indexes[0], rest[0])

        def fill(row: Sequence[Cell]) -> str | None:
            out = [first]
            for index, literal in zip(indexes, rest, strict=True):
                cell = row[index]
                if empty(cell):
                    return None
                out.append(text(cell))
                out.append(literal)
            return "".join(out)

        return fill


def _one(head: str, index: int, tail: str) -> Callable[[Sequence[Cell]], str | None]:
    """`Template.bind` for a single placeholder, the usual case."""

    def fill(row: Sequence[Cell]) -> str | None:
        cell = row[index]
        if cell.__class__ is int:
            return f"{head}{cell}{tail}"
        return None if empty(cell) else f"{head}{text(cell)}{tail}"

    return fill

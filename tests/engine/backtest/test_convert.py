"""Cells become wire values exactly, or are refused with what was expected."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanlan.engine.backtest.convert import (
    Template,
    Unfit,
    boolean,
    instant,
    integer,
    number,
    scaled,
    string,
    wire_time,
)


@pytest.mark.parametrize(
    ("cell", "minor"),
    [
        (12.34, 1234), ("12.34", 1234), (0.1 + 0.2, 30), (1.005, 100), (1.015, 102), (2.675, 268),
        ("0.125", 12), ("0.135", 14), (7, 700), (-0.005, 0), (-0.015, -2), ("1e3", 100_000),
        (Decimal("9.995"), 1000), (None, None), ("", None), (float("nan"), None),
        (92_233_720_368_547_758.07, None),
    ],
)  # fmt: skip
def test_money_is_rounded_half_to_even(cell: object, minor: int | None) -> None:
    if cell == 92_233_720_368_547_758.07:
        with pytest.raises(Unfit, match="64 bits"):
            scaled(2)(cell)
    else:
        assert scaled(2)(cell) == minor


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_money_of_a_float_is_that_of_its_shortest_decimal(cell: float, scale: int) -> None:
    expected = Decimal(repr(cell)) * 10**scale
    assert scaled(scale)(cell) == int(expected.quantize(Decimal(1), ROUND_HALF_EVEN))


@given(st.integers(-(10**12), 10**12))
def test_amounts_with_two_decimals_survive_a_float(minor: int) -> None:
    assert scaled(2)(minor / 100) == minor


@pytest.mark.parametrize(
    ("convert", "cell", "expected"),
    [
        (scaled(2), "12,34", "expected an amount"),
        (scaled(2), float("inf"), "expected a finite amount"),
        (scaled(2), True, "expected an amount"),
        (integer, "1.5", "expected a whole number"),
        (integer, "x", "expected a whole number"),
        (integer, True, "expected a whole number"),
        (number, "x", "expected a number"),
        (number, "inf", "expected a finite number"),
        (boolean, "perhaps", "expected true or false"),
        (string, b"x", "expected text"),
        (instant("UTC", "s", None), "yesterday", "expected a time like 2026"),
        (instant("UTC", "s", "%d.%m.%Y"), "2018-07-04", "expected a time like %d.%m.%Y"),
        (instant("UTC", "s", None), False, "expected a time"),
    ],
)
def test_what_does_not_fit_is_refused_without_echoing_it(
    convert: object, cell: object, expected: str
) -> None:
    assert callable(convert)
    with pytest.raises(Unfit) as caught:
        convert(cell)
    assert expected in str(caught.value)
    assert "perhaps" not in str(caught.value)
    assert "yesterday" not in str(caught.value)


def test_whole_numbers_texts_and_truths() -> None:
    assert [integer(c) for c in ("12", 12, 12.0, "12.0", "", None)] == [12, 12, 12, 12, None, None]
    assert [number(c) for c in ("1.5", 2, "", None)] == [1.5, 2.0, None, None]
    assert [boolean(c) for c in (True, 0, "Yes", "n", 1.0, "")] == [
        True, False, True, False, True, None,
    ]  # fmt: skip
    assert [string(c) for c in (12, 12.0, 1.5, True, "a", "")] == [
        "12", "12", "1.5", "true", "a", None,
    ]  # fmt: skip


UTC = dt.UTC


@pytest.mark.parametrize(
    ("zone", "unit", "format", "cell", "expected"),
    [
        ("UTC", "s", None, dt.datetime(2018, 4, 1, 0, 0, 31), "2018-04-01T00:00:31.000000Z"),
        ("Asia/Shanghai", "s", None, dt.datetime(2018, 4, 1, 8), "2018-04-01T00:00:00.000000Z"),
        ("Asia/Shanghai", "s", None, "2018-04-01 08:00", "2018-04-01T00:00:00.000000Z"),
        ("Asia/Shanghai", "s", None, "2018-04-01T08:00:00Z", "2018-04-01T08:00:00.000000Z"),
        ("UTC", "s", None, dt.date(2018, 4, 1), "2018-04-01T00:00:00.000000Z"),
        ("UTC", "s", None, 1_522_540_831, "2018-04-01T00:00:31.000000Z"),
        ("UTC", "ms", None, "1522540831250", "2018-04-01T00:00:31.250000Z"),
        ("UTC", "us", None, 1_522_540_831_000_001, "2018-04-01T00:00:31.000001Z"),
        ("UTC", "s", None, 0.000001, "1970-01-01T00:00:00.000001Z"),
        ("UTC", "s", "%d.%m.%Y %H:%M", "01.04.2018 00:01", "2018-04-01T00:01:00.000000Z"),
        # 02:30 happens twice when summer time ends: the first is meant.
        ("Europe/Berlin", "s", None, "2018-10-28T02:30", "2018-10-28T00:30:00.000000Z"),
    ],
)
def test_times(zone: str, unit: str, format: str | None, cell: object, expected: str) -> None:
    assert unit in ("s", "ms", "us")
    convert = wire_time(zone, unit, format)  # type: ignore[arg-type]
    assert convert(cell) == expected


def test_templates() -> None:
    assert Template("NAME").columns == ("NAME",)
    assert Template("a-{X}/{Y}").columns == ("X", "Y")
    fill = Template("a-{X}/{Y}!").bind([1, 0])
    assert fill(["y", 7]) == "a-7/y!"
    assert fill(["y", None]) is None
    assert fill(["", 7]) is None
    with pytest.raises(ValueError, match=r"written \{column\}"):
        Template("a-{X")

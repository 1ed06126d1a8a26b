"""The one error of this package: what is wrong, where, and what was expected."""

from __future__ import annotations

import math


class Invalid(ValueError):
    """An input that cannot be used.

    `field` is the parameter (dotted, as a risk file spells it), `expected` the sentence's end.
    No value is repeated: an amount may be somebody's.
    """

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: {expected}")
        self.field = field
        self.expected = expected


def positive(value: float, field: str) -> float:
    """`value` as a finite float above zero. Raises Invalid."""
    if not math.isfinite(value) or value <= 0:
        raise Invalid(field, "expected a finite number above zero")
    return float(value)


def not_negative(value: float, field: str) -> float:
    """`value` as a finite float, zero or above. Raises Invalid."""
    if not math.isfinite(value) or value < 0:
        raise Invalid(field, "expected a finite number, zero or above")
    return float(value)


def within(value: float, low: float, high: float, field: str) -> float:
    """`value` strictly between `low` and `high`. Raises Invalid."""
    if not low < value < high:
        raise Invalid(field, f"expected a number between {low:g} and {high:g}, both excluded")
    return float(value)


def ordered(low: float, high: float, field: str) -> None:
    """Raises Invalid unless `low` < `high`."""
    if not low < high:
        raise Invalid(field, "the interval is upside down or empty; expected low < high")

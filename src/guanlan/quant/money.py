"""Amounts are int64 minor units (fen, cents) of one currency; inside the maths they are floats.

A float holds every whole number to 2^53 exactly, some 90 trillion yuan in fen; a distribution
is not known to that many digits. What leaves the package is rounded to whole minor units.
"""

from __future__ import annotations

import re

from guanlan.quant.invalid import Invalid

INT64 = 2**63 - 1
_CURRENCY = re.compile("[A-Z]{3}")


def amount(value: object, field: str, *, zero: bool = False) -> int:
    """`value` as minor units: a whole number, above zero (or zero when `zero`), within int64.

    Raises Invalid.
    """
    least = 0 if zero else 1
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= INT64:
        what = "zero or above" if zero else "above zero"
        raise Invalid(field, f"expected an amount in whole minor units, {what}, within int64")
    return value


def currency(code: object, field: str = "currency") -> str:
    """`code` as three capital letters (ISO 4217). Raises Invalid."""
    if not isinstance(code, str) or not _CURRENCY.fullmatch(code):
        raise Invalid(field, "expected three capital letters such as CNY")
    return code


def rounded(value: float) -> int:
    """A float as whole minor units, half to even, held within int64."""
    return round(max(-float(INT64), min(value, 9.223372036854774e18)))

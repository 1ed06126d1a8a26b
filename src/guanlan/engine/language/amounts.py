"""Money and durations as people write them."""

from __future__ import annotations

import decimal
import re
from collections.abc import Mapping
from types import MappingProxyType

_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DIGITS = "CLF UYW"
_SIGNS: Mapping[str, str] = MappingProxyType(
    {
        "CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "JP¥", "HKD": "HK$",
        "TWD": "NT$", "SGD": "S$", "MOP": "MOP$", "KRW": "₩", "INR": "₹", "AUD": "A$",
        "CAD": "C$", "NZD": "NZ$", "THB": "฿", "VND": "₫", "PHP": "₱", "MYR": "RM",
    }
)  # fmt: skip

_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]{1,3})?")

UNITS: Mapping[str, int] = MappingProxyType(
    {"days": 86_400_000_000, "hours": 3_600_000_000, "minutes": 60_000_000, "seconds": 1_000_000}
)
"""Microseconds of each unit of duration, longest first."""


def minor_digits(currency: str) -> int:
    """Digits after the point of a currency (ISO 4217): 2 for CNY, 0 for JPY, 3 for KWD."""
    if currency in _NO_DIGITS.split():
        return 0
    if currency in _THREE_DIGITS.split():
        return 3
    return 4 if currency in _FOUR_DIGITS.split() else 2


def to_minor(text: str, currency: str) -> int:
    """Major units as text to whole minor units: "220.50" CNY is 22050.

    Raises `ValueError` with a sentence when the text is no amount of the currency.
    """
    digits = minor_digits(currency)
    if _AMOUNT.fullmatch(text) is None:
        raise ValueError('money needs an amount such as money(220) or money("220.50")')
    amount = decimal.Decimal(text)
    if not -(10**16) < amount < 10**16:
        raise ValueError("this amount of money is too large")
    minor = amount * 10**digits
    if minor != minor.to_integral_value():
        raise ValueError(f"{currency} has {digits} digits after the point, not more")
    return int(minor)


def plain_number(value: float) -> str:
    """12345.5 as 12,345.5; never in powers of ten, at most the digits that identify it."""
    if isinstance(value, int):
        return f"{value:,}"
    exact = decimal.Decimal(repr(value))
    text = f"{exact:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(minor: int, currency: str) -> str:
    """2205000 CNY as ¥22,050; digits after the point only where they are not all 0."""
    digits = minor_digits(currency)
    whole, rest = divmod(abs(minor), 10**digits)
    tail = f".{rest:0{digits}d}" if rest else ""
    sign = _SIGNS.get(currency, f"{currency} ")
    return f"{'−' if minor < 0 else ''}{sign}{whole:,}{tail}"


def duration_parts(microseconds: int) -> list[tuple[float, str]]:
    """A duration as numbers of units, longest first: 90 minutes is 1 hour and 30 minutes.

    Up to 48 hours are told in hours, as windows usually are; an empty duration is 0 seconds.
    """
    rest = abs(microseconds)
    parts: list[tuple[float, str]] = []
    for unit, size in UNITS.items():
        if unit == "days" and rest < 2 * size:
            continue
        if unit == "seconds":
            if rest:
                parts.append((rest // size if rest % size == 0 else rest / size, unit))
            continue
        count, rest = divmod(rest, size)
        if count:
            parts.append((count, unit))
    return parts or [(0, "seconds")]

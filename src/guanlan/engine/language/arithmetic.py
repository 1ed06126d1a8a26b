"""Which types may be computed with each other, and how unknown arises from numbers."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from guanlan.engine.language.env import Type
from guanlan.engine.language.tree import ArithmeticOp, CompareOp

SAFE = 1e300
"""Below this, no single operation on floats can overflow without being seen."""

PYTHON: Mapping[ArithmeticOp, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "%": operator.mod,
    }
)
COMPARE: Mapping[CompareOp, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "==": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)
_PLAIN = (Type.INT, Type.NUMBER)
_UNITS = (Type.MONEY, Type.DURATION)


def compute(op: ArithmeticOp, left: Any, right: Any) -> Any:
    """`left op right`; None (unknown) on division by zero, overflow, infinity or NaN."""
    try:
        result = PYTHON[op](left, right)
    except (ZeroDivisionError, OverflowError):
        return None
    if isinstance(result, float) and not math.isfinite(result):
        return None
    return result


def result_type(op: ArithmeticOp, left: Type, right: Type) -> Type | None:
    """The type of `left op right`, or None where that has no meaning."""
    if left in _PLAIN and right in _PLAIN:
        if op == "/":
            return Type.NUMBER
        return Type.INT if left is right is Type.INT else Type.NUMBER
    if left is right and left in _UNITS:
        return Type.NUMBER if op == "/" else None if op == "*" else left
    if left in _UNITS and right in _PLAIN:
        return left if op in ("*", "/") else None
    if left in _PLAIN and right in _UNITS:
        return right if op == "*" else None
    if left is Type.TIME and right is Type.DURATION:
        return Type.TIME if op in ("+", "-") else None
    if left is Type.DURATION and right is Type.TIME:
        return Type.TIME if op == "+" else None
    if left is right is Type.TIME:
        return Type.DURATION if op == "-" else None
    return None


def common_type(types: list[Type]) -> Type | None:
    """The type that covers all of them: their own, or number for int and number."""
    if len(set(types)) == 1:
        return types[0]
    return Type.NUMBER if set(types) == set(_PLAIN) else None


def result_bound(op: ArithmeticOp, left: float, right: float, divisor: float | None) -> float:
    """Largest magnitude of the result, from those of the operands.

    `divisor` is the least magnitude of the right operand when it is not zero, if known.
    """
    if op in ("+", "-"):
        return left + right
    if op == "*":
        return left * right
    if op == "%":
        return right
    return left / divisor if divisor else math.inf

"""The plain meaning of an expression: a walk over the checked tree, one case per node.

This is the specification in code. The compiler must agree with it on everything; nothing here
is done for speed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from guanlan.engine.language.arithmetic import COMPARE, compute
from guanlan.engine.language.typed import (
    Among,
    Apply,
    Chain,
    Fallback,
    Fixed,
    Junction,
    Known,
    Listed,
    Load,
    Minus,
    Negation,
    Node,
    Operation,
    Typed,
)

InList = Callable[[str, str], bool]


def interpret(typed: Typed, values: Mapping[str, object], in_list: InList) -> object:
    """The value of the expression; None is unknown.

    `values` holds a value (or None) for each of `typed.names`; `in_list(list, key)` answers
    for the lists.
    """
    return _value(typed.root, values, in_list)


def all_of(values: list[Any]) -> bool | None:
    """Kleene's and: false if one is false, else unknown if one is unknown, else true."""
    if False in values:
        return False
    return None if None in values else True


def any_of(values: list[Any]) -> bool | None:
    """Kleene's or: true if one is true, else unknown if one is unknown, else false."""
    if True in values:
        return True
    return None if None in values else False


def _value(node: Node, values: Mapping[str, object], in_list: InList) -> Any:
    def value(inner: Node) -> Any:
        return _value(inner, values, in_list)

    match node:
        case Fixed():
            return node.value
        case Load():
            return values[node.name]
        case Negation():
            operand = value(node.operand)
            return None if operand is None else not operand
        case Minus():
            operand = value(node.operand)
            return None if operand is None else -operand
        case Junction():
            operands = [value(operand) for operand in node.operands]
            return all_of(operands) if node.op == "and" else any_of(operands)
        case Operation():
            left, right = value(node.left), value(node.right)
            return None if left is None or right is None else compute(node.op, left, right)
        case Chain():
            operands = [value(operand) for operand in node.operands]
            pairs = zip(node.ops, operands, operands[1:], strict=False)
            return all_of(
                [None if a is None or b is None else COMPARE[op](a, b) for op, a, b in pairs]
            )
        case Among():
            operand = value(node.operand)
            items = [value(item) for item in node.items]
            found = any_of(
                [None if operand is None or item is None else operand == item for item in items]
            )
            return (not found) if node.negated and found is not None else found
        case Apply():
            arguments = [value(argument) for argument in node.arguments]
            return None if None in arguments else node.run(*arguments)
        case Listed():
            operand = value(node.operand)
            return None if operand is None else in_list(node.list, operand)
        case Known():
            return value(node.operand) is not None
        case Fallback():
            return next((v for v in map(value, node.operands) if v is not None), None)

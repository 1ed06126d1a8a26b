"""An expression after checking: every node knows its type and whether it may be unknown.

The checker turns the canonical tree into this form; interpreter and compiler both start here,
so that constants such as money("220.50") are worked out once, and patterns are compiled once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from guanlan.engine.language.env import Type
from guanlan.engine.language.functions import Function
from guanlan.engine.language.tree import ArithmeticOp, CompareOp, Expr, LogicOp


class TypedNode(Struct, frozen=True, kw_only=True, eq=False):
    """`bound` is the largest magnitude a numeric value can have (inf = not known)."""

    type: Type
    optional: bool
    bound: float = 0.0


class Fixed(TypedNode, frozen=True, eq=False):
    """A constant, worked out: money in minor units, durations in microseconds."""

    value: bool | int | float | str


class Load(TypedNode, frozen=True, eq=False):
    name: str


class Negation(TypedNode, frozen=True, eq=False):
    operand: Node


class Minus(TypedNode, frozen=True, eq=False):
    operand: Node


class Junction(TypedNode, frozen=True, eq=False):
    op: LogicOp
    operands: tuple[Node, ...]


class Operation(TypedNode, frozen=True, eq=False):
    op: ArithmeticOp
    left: Node
    right: Node


class Chain(TypedNode, frozen=True, eq=False):
    ops: tuple[CompareOp, ...]
    operands: tuple[Node, ...]


class Among(TypedNode, frozen=True, eq=False):
    negated: bool
    operand: Node
    items: tuple[Node, ...]


class Apply(TypedNode, frozen=True, eq=False):
    """A call. `run` is what computes it from known arguments, with constants built in."""

    function: Function
    arguments: tuple[Node, ...]
    run: Callable[..., Any]
    pattern: str = ""  # of matches(…), for people


class Listed(TypedNode, frozen=True, eq=False):
    """in_list(role, "name")"""

    operand: Node
    list: str


class Known(TypedNode, frozen=True, eq=False):
    operand: Node


class Fallback(TypedNode, frozen=True, eq=False):
    """coalesce(x, …)"""

    operands: tuple[Node, ...]


Node = (
    Fixed
    | Load
    | Negation
    | Minus
    | Junction
    | Operation
    | Chain
    | Among
    | Apply
    | Listed
    | Known
    | Fallback
)


class Typed(Struct, frozen=True, eq=False):
    """A checked expression: what it is, what it yields, what it speaks of."""

    expr: Expr
    root: Node
    type: Type
    optional: bool  # False: the value is never unknown
    names: tuple[str, ...]  # used names, sorted
    lists: tuple[str, ...]  # used lists, sorted

"""The canonical form of an expression: immutable nodes and their versioned JSON.

Positions (`line`, `column`, both from 1, counted in characters) say where a node stood in the
text it was read from. They are no part of what the expression *is*: two trees are equal when
they say the same, however they were laid out, and the JSON carries no positions.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

LANGUAGE_VERSION = 1

MAX_CHARACTERS = 4_000
MAX_DEPTH = 40
MAX_NODES = 500
MAX_INTEGER = 2**53

LogicOp = Literal["and", "or"]
ArithmeticOp = Literal["+", "-", "*", "/", "%"]
CompareOp = Literal["==", "!=", "<", "<=", ">", ">="]


class Node(Struct, frozen=True, kw_only=True, eq=False, omit_defaults=True, tag_field="node"):
    """What all nodes share: their place in the source text (0 = not read from a text)."""

    line: int = 0
    column: int = 0

    def _identity(self) -> tuple[Any, ...]:
        values = (getattr(self, name) for name in self.__struct_fields__)
        # 1, 1.0 and True are equal in Python and are three different constants here.
        return (
            type(self),
            *(
                (type(value), value)
                for name, value in zip(self.__struct_fields__, values, strict=True)
                if name not in ("line", "column")
            ),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Node):
            return NotImplemented
        return self._identity() == other._identity()

    def __ne__(self, other: object) -> bool:  # msgspec brings its own, by identity
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else not equal

    def __hash__(self) -> int:
        return hash(self._identity())


class Constant(Node, frozen=True, eq=False, tag="constant"):
    value: bool | int | float | str


class Name(Node, frozen=True, eq=False, tag="name"):
    name: str


class Sequence(Node, frozen=True, eq=False, tag="list"):
    """A list written in brackets; it may stand only to the right of `in` or `not in`."""

    items: tuple[Expr, ...]


class Not(Node, frozen=True, eq=False, tag="not"):
    operand: Expr


class Negative(Node, frozen=True, eq=False, tag="negative"):
    operand: Expr


class Logic(Node, frozen=True, eq=False, tag="logic"):
    op: LogicOp
    operands: tuple[Expr, ...]  # two or more


class Arithmetic(Node, frozen=True, eq=False, tag="arithmetic"):
    op: ArithmeticOp
    left: Expr
    right: Expr


class Comparison(Node, frozen=True, eq=False, tag="comparison"):
    """`a < b <= c`: one operand more than operators."""

    operands: tuple[Expr, ...]
    ops: tuple[CompareOp, ...]


class Membership(Node, frozen=True, eq=False, tag="in"):
    operand: Expr
    items: Sequence
    negated: bool = False


class Call(Node, frozen=True, eq=False, tag="call"):
    function: str
    arguments: tuple[Expr, ...]


Expr = (
    Constant
    | Name
    | Sequence
    | Not
    | Negative
    | Logic
    | Arithmetic
    | Comparison
    | Membership
    | Call
)


class Document(Struct, frozen=True):
    """The JSON envelope: the version of the language and the tree."""

    language: int
    expression: Expr


def children(node: Expr) -> tuple[Expr, ...]:
    """The direct parts of a node, left to right."""
    match node:
        case Constant() | Name():
            return ()
        case Sequence(items=items):
            return items
        case Not(operand=operand) | Negative(operand=operand):
            return (operand,)
        case Logic(operands=operands) | Comparison(operands=operands):
            return operands
        case Arithmetic(left=left, right=right):
            return (left, right)
        case Membership(operand=operand, items=items_node):
            return (operand, items_node)
        case Call(arguments=arguments):
            return arguments


def without_positions(node: Expr) -> Expr:
    """The same tree as if it had been built by hand."""
    match node:
        case Constant(value=value):
            return Constant(value=value)
        case Name(name=name):
            return Name(name=name)
        case Sequence():
            return _bare_sequence(node)
        case Not(operand=operand):
            return Not(operand=without_positions(operand))
        case Negative(operand=operand):
            return Negative(operand=without_positions(operand))
        case Logic(op=logic_op, operands=operands):
            return Logic(op=logic_op, operands=_bare(operands))
        case Arithmetic(op=op, left=left, right=right):
            return Arithmetic(op=op, left=without_positions(left), right=without_positions(right))
        case Comparison(operands=operands, ops=ops):
            return Comparison(operands=_bare(operands), ops=ops)
        case Membership(operand=operand, items=items, negated=negated):
            return Membership(
                operand=without_positions(operand), items=_bare_sequence(items), negated=negated
            )
        case Call(function=function, arguments=arguments):
            return Call(function=function, arguments=_bare(arguments))


def _bare(nodes: tuple[Expr, ...]) -> tuple[Expr, ...]:
    return tuple(without_positions(node) for node in nodes)


def _bare_sequence(node: Sequence) -> Sequence:
    return Sequence(items=_bare(node.items))


def to_json(expr: Expr) -> bytes:
    """The expression as canonical JSON (UTF-8): same meaning written alike, same bytes."""
    document = Document(language=LANGUAGE_VERSION, expression=without_positions(expr))
    return msgspec.json.encode(document)

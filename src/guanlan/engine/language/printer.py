"""Tree to text: one canonical way to write each expression, which reads back as the same tree."""

from __future__ import annotations

from guanlan.engine.language.tree import (
    Arithmetic,
    Call,
    Comparison,
    Constant,
    Expr,
    Logic,
    Membership,
    Name,
    Negative,
    Not,
    Sequence,
)

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _ATOM = range(8)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def to_source(expr: Expr) -> str:
    """The expression on one line, with the fewest brackets that keep its meaning."""
    return _print(expr, _OR)


def strength(expr: Expr) -> int:
    """How tightly an expression binds, from 0 (`or`) to 7 (names, constants, calls)."""
    match expr:
        case Logic(op=op):
            return _OR if op == "or" else _AND
        case Not():
            return _NOT
        case Comparison() | Membership():
            return _COMPARE
        case Arithmetic(op=op):
            return _SUM if op in ("+", "-") else _PRODUCT
        case Negative():
            return _SIGN
        case _:
            return _ATOM


def quoted(text: str) -> str:
    """A text as a constant of the language: visible characters as they are, others escaped."""
    return '"' + "".join(_character(character) for character in text) + '"'


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    # Only the first plane can be written \uXXXX; the rest has no control characters that matter.
    if not character.isprintable() and ord(character) < 0x10000:
        return f"\\u{ord(character):04x}"
    return character


def _print(expr: Expr, least: int) -> str:
    own = strength(expr)
    text = _text(expr, own)
    return f"({text})" if own < least else text


def _text(expr: Expr, own: int) -> str:
    match expr:
        case Constant(value=bool() as value):
            return "true" if value else "false"
        case Constant(value=str() as value):
            return quoted(value)
        case Constant(value=value):
            return repr(value)
        case Name(name=name):
            return name
        case Sequence(items=items):
            return "[" + ", ".join(_print(item, _OR) for item in items) + "]"
        case Logic(op=op, operands=operands):
            return f" {op} ".join(_print(operand, own + 1) for operand in operands)
        case Not(operand=operand):
            return f"not {_print(operand, _NOT)}"
        case Negative(operand=operand):
            return f"-{_print(operand, _SIGN)}"
        case Arithmetic(op=op, left=left, right=right):
            return f"{_print(left, own)} {op} {_print(right, own + 1)}"
        case Comparison(operands=operands, ops=ops):
            parts = [_print(operand, _SUM) for operand in operands]
            pairs = zip(ops, parts[1:], strict=True)
            return parts[0] + "".join(f" {op} {part}" for op, part in pairs)
        case Membership(operand=operand, items=items, negated=negated):
            word = "not in" if negated else "in"
            return f"{_print(operand, _SUM)} {word} {_print(items, _OR)}"
        case Call(function=function, arguments=arguments):
            return f"{function}(" + ", ".join(_print(one, _OR) for one in arguments) + ")"

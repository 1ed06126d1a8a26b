"""Text to tree: `ast.parse` for the grammar, a whitelist for what the grammar may say."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from guanlan.engine.language.env import LanguageError, LanguageIssue
from guanlan.engine.language.printer import to_source
from guanlan.engine.language.tokens import check_text
from guanlan.engine.language.tree import (
    LANGUAGE_VERSION,
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_NODES,
    Arithmetic,
    ArithmeticOp,
    Call,
    CompareOp,
    Comparison,
    Constant,
    Document,
    Expr,
    Logic,
    Membership,
    Name,
    Negative,
    Not,
    Sequence,
)

_ARITHMETIC: Mapping[type[ast.operator], ArithmeticOp] = MappingProxyType(
    {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%"}
)
_COMPARE: Mapping[type[ast.cmpop], CompareOp] = MappingProxyType(
    {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
)
_TOO_DEEP = f"more than {MAX_DEPTH} levels of nesting"
# Printing adds blanks and brackets, so a stored tree may be longer in print than it was typed.
_MAX_PRINTED = 10 * MAX_CHARACTERS


def parse(source: str) -> Expr:
    """Read an expression.

    Raises `LanguageError` with the place and one sentence when the text is not an expression
    of the language or is too large (`MAX_CHARACTERS`, `MAX_DEPTH`, `MAX_NODES`).
    """
    return _parse(source, MAX_CHARACTERS)


def from_json(data: bytes | str) -> Expr:
    """The tree that `to_json` wrote; `LanguageError` if it is not one.

    Whatever the JSON holds, the result is something `parse` could have returned: the tree is
    printed and read again, so that no limit and no refusal can be walked around.
    """
    stranger = LanguageError(LanguageIssue(1, 1, "the JSON is not a stored expression"))
    try:
        document = msgspec.json.decode(data, type=Document)
        printed = to_source(document.expression)
    except (ValueError, LookupError, RecursionError) as error:
        raise stranger from error
    if document.language != LANGUAGE_VERSION:
        message = (
            f"the expression is of language version {document.language}, "
            f"version {LANGUAGE_VERSION} was expected"
        )
        raise LanguageError(LanguageIssue(1, 1, message))
    expr = _parse(printed, _MAX_PRINTED)
    if expr != document.expression:
        raise stranger
    return expr


def _parse(source: str, limit: int) -> Expr:
    if len(source) > limit:
        message = f"the condition has {len(source):,} characters, at most {limit:,} are allowed"
        raise LanguageError(LanguageIssue(1, 1, message))
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    check_text(source)
    try:
        # The brackets let a condition run over several lines.
        tree = ast.parse(f"({source}\n)", mode="eval")
    except SyntaxError as error:
        raise LanguageError(_syntax_issue(source, error)) from error
    except (RecursionError, MemoryError, ValueError, OverflowError) as error:
        raise LanguageError(LanguageIssue(1, 1, _TOO_DEEP)) from error
    return _Builder(source).build(tree.body, 1)


def _syntax_issue(source: str, error: SyntaxError) -> LanguageIssue:
    lines = source.split("\n")
    line, column = error.lineno or 1, error.offset or 1
    if line == 1:
        column -= 1
    if line > len(lines):  # Python stumbled over our closing bracket: the text ends too early
        line = len(lines)
        column = len(lines[-1]) + 1
    column = min(max(column, 1), len(lines[line - 1]) + 1)
    found = lines[line - 1][column - 1 : column]
    if column > len(lines[line - 1]) or not found.strip():
        return LanguageIssue(line, column, "something is missing here, such as a name or number")
    return LanguageIssue(
        line, column, "this cannot be read: an operator, comma or operand is missing or too much"
    )


class _Builder:
    """Rebuilds Python's tree as ours; whatever is not listed is refused."""

    def __init__(self, source: str) -> None:
        self._lines = [line.encode() for line in source.split("\n")]
        self._nodes = 0

    def _place(self, node: ast.expr) -> tuple[int, int]:
        offset = node.col_offset - (1 if node.lineno == 1 else 0)
        before = self._lines[node.lineno - 1][: max(offset, 0)]
        return node.lineno, len(before.decode(errors="replace")) + 1

    def _refuse(self, node: ast.expr, message: str) -> LanguageError:
        return LanguageError(LanguageIssue(*self._place(node), message))

    def build(self, node: ast.expr, depth: int) -> Expr:
        self._nodes += 1
        if depth > MAX_DEPTH:
            raise self._refuse(node, _TOO_DEEP)
        if self._nodes > MAX_NODES:
            raise self._refuse(node, f"the condition has more than {MAX_NODES} parts")
        line, column = self._place(node)
        match node:
            case ast.Constant(value=bool() | int() | float() | str() as value):
                return Constant(value=value, line=line, column=column)
            case ast.Name(id="true" | "false" as word):
                return Constant(value=word == "true", line=line, column=column)
            case ast.Name(id=name):
                return Name(name=name, line=line, column=column)
            case ast.BoolOp(op=op, values=values):
                return Logic(
                    op="and" if isinstance(op, ast.And) else "or",
                    operands=self._all(values, depth),
                    line=line,
                    column=column,
                )
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(operand=self.build(operand, depth + 1), line=line, column=column)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Negative(operand=self.build(operand, depth + 1), line=line, column=column)
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _ARITHMETIC:
                return Arithmetic(
                    op=_ARITHMETIC[type(operator)],
                    left=self.build(left, depth + 1),
                    right=self.build(right, depth + 1),
                    line=line,
                    column=column,
                )
            case ast.Compare(left=left, ops=[ast.In() | ast.NotIn() as op], comparators=[items]):
                return Membership(
                    operand=self.build(left, depth + 1),
                    items=self._items(items, depth + 1),
                    negated=isinstance(op, ast.NotIn),
                    line=line,
                    column=column,
                )
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                return self._comparison(node, left, ops, comparators, depth)
            case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
                return Call(
                    function=function,
                    arguments=self._all(arguments, depth),
                    line=line,
                    column=column,
                )
        raise self._refuse(node, _about(node))

    def _all(self, nodes: list[ast.expr], depth: int) -> tuple[Expr, ...]:
        return tuple(self.build(node, depth + 1) for node in nodes)

    def _items(self, node: ast.expr, depth: int) -> Sequence:
        if not isinstance(node, ast.List):
            raise self._refuse(
                node,
                'write a list in [ ] after `in`, or in_list(role, "name") for a list of the '
                "scenario",
            )
        self._nodes += 1
        line, column = self._place(node)
        return Sequence(items=self._all(node.elts, depth), line=line, column=column)

    def _comparison(
        self,
        node: ast.Compare,
        left: ast.expr,
        ops: list[ast.cmpop],
        right: list[ast.expr],
        depth: int,
    ) -> Comparison:
        signs = [_COMPARE[type(op)] for op in ops if type(op) in _COMPARE]
        if len(signs) != len(ops):
            raise self._refuse(
                node, "`in` cannot be part of a chain: write two comparisons joined with `and`"
            )
        line, column = self._place(node)
        return Comparison(
            operands=self._all([left, *right], depth), ops=tuple(signs), line=line, column=column
        )


def _about(node: ast.expr) -> str:
    match node:
        case ast.List():
            return "a list may only stand to the right of `in` or `not in`"
        case ast.Tuple():
            return "there is a comma too much: a list is written in [ ] after `in`"
        case ast.UnaryOp(op=ast.UAdd()):
            return "leave out the + before a value"
        case ast.Subscript():
            return "there is no [ ] after a name: write the name of the field or feature alone"
        case ast.Call():
            return "only functions of the language can be called, as in hour(time)"
        case ast.Starred():
            return "`*` before a value has no meaning: write the values one by one"
        case ast.Constant():
            return "this constant has no meaning here: write a number, a text, true or false"
    return "this is not part of the language: use comparisons, and, or, not, + - * / %"

"""A checked expression as the source of one Python expression, equal to the interpreter.

The source is built only from our own words, `repr` of checked constants, the `load` sources of
the Env and temporary names; no text of a user enters it except as the `repr` of a string. Values
that cannot be unknown are computed bare; the others are held in temporaries (walrus) and asked
`is None` once. Every source made here may be placed anywhere: it is an atom or in brackets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from guanlan.engine.language.arithmetic import SAFE, compute
from guanlan.engine.language.env import Env, Type
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


class Fragment(Struct, frozen=True):
    """Source of a Python expression and the globals it needs.

    Temporaries and globals are the prefix given, `_` and a number, so that fragments with
    different prefixes can live in one function. The source needs no builtins.
    """

    source: str
    globals: dict[str, Any]
    optional: bool  # False: the value is never None


class Part(Struct, frozen=True):
    """A piece of generated source and whether it may yield None."""

    source: str
    optional: bool


def compile_expr(typed: Typed, env: Env, *, prefix: str = "t", in_list: str = "L") -> Fragment:
    """Compile for code in which the names of `env` load as they say.

    `prefix` must be a Python identifier of its own for each fragment of one function;
    `in_list` is the source of a callable (list name, key) -> bool.
    """
    compiler = _Compiler(env, prefix, in_list)
    part = compiler.part(typed.root)
    return Fragment(part.source, compiler.globals, typed.optional)


class _Compiler:
    def __init__(self, env: Env, prefix: str, in_list: str) -> None:
        self._env = env
        self._prefix = prefix
        self._in_list = in_list
        self._temps = 0
        self.globals: dict[str, Any] = {}

    def part(self, node: Node) -> Part:
        return Part(self._source(node), node.optional)

    def _source(self, node: Node) -> str:
        match node:
            case Fixed(value=value):
                source = repr(value)
                return f"({source})" if source.startswith("-") else source
            case Load(name=name):
                return self._env.names[name].load
            case Negation(operand=operand):
                return self._guarded([operand], lambda values: f"not {values[0]}")
            case Minus(operand=operand):
                return self._guarded([operand], lambda values: f"-{values[0]}")
            case Junction(op=op, operands=operands):
                parts = [self.part(operand) for operand in operands]
                return self._all(parts) if op == "and" else self._any(parts)
            case Operation():
                return self._operation(node)
            case Chain():
                return self._chain(node)
            case Among():
                return self._among(node)
            case Apply():
                return self._apply(node)
            case Listed(operand=operand, list=name):
                return self._guarded(
                    [operand], lambda values: f"{self._in_list}({name!r}, {values[0]})"
                )
            case Known(operand=operand):
                return f"({self._source(operand)} is not None)" if operand.optional else "True"
            case Fallback(operands=operands):
                return self._fallback(operands)

    def _temp(self) -> str:
        self._temps += 1
        return f"{self._prefix}_{self._temps}"

    def _global(self, value: Callable[..., Any]) -> str:
        for name, known in self.globals.items():
            if known == value:
                return name
        name = f"{self._prefix}_g{len(self.globals)}"
        self.globals[name] = value
        return name

    def _held(self, source: str) -> tuple[str, str]:
        """The source for the first use of a value and the one for later uses."""
        if source.isidentifier():
            return source, source
        temp = self._temp()
        return f"({temp} := {source})", temp

    def _guarded(self, nodes: Sequence[Node], body: Callable[[list[str]], str]) -> str:
        """`body` of the values, each used once; None when one of them is unknown."""
        tests: list[str] = []
        values: list[str] = []
        for node in nodes:
            source = self._source(node)
            if node.optional:
                first, source = self._held(source)
                tests.append(f"{first} is None")
            values.append(source)
        if not tests:
            return f"({body(values)})"
        return f"(None if {' or '.join(tests)} else {body(values)})"

    def _all(self, parts: Sequence[Part]) -> str:
        """Kleene's and. What cannot be unknown goes first, which changes no result."""
        sure = [part.source for part in parts if not part.optional]
        unsure = [part.source for part in parts if part.optional]
        if len(unsure) <= 1:
            return f"({' and '.join(sure + unsure)})"
        held = [self._held(source) for source in unsure]
        tests = [f"{first} is not False" for first, _ in held]
        # Now each is true or unknown, and Python's `and` yields the unknown one, if any.
        return f"({' and '.join(sure + tests + [later for _, later in held])})"

    def _any(self, parts: Sequence[Part]) -> str:
        """Kleene's or."""
        sure = [part.source for part in parts if not part.optional]
        unsure = [part.source for part in parts if part.optional]
        if len(unsure) <= 1:
            return f"({' or '.join(sure + unsure)})"
        held = [self._held(source) for source in unsure]
        unknown = " or ".join(f"{later} is None" for _, later in held)
        tests = sure + [first for first, _ in held]
        return f"({' or '.join(tests)} or (None if {unknown} else False))"

    def _operation(self, node: Operation) -> str:
        op, left, right = node.op, node.left, node.right
        exact = node.type is Type.INT
        if not exact and max(left.bound, right.bound) >= SAFE:
            call = self._global(compute)
            return self._guarded(
                [left, right], lambda values: f"{call}({op!r}, {values[0]}, {values[1]})"
            )
        risky = not exact and node.bound >= SAFE
        if op in ("/", "%") and not isinstance(right, Fixed):
            return self._division(node, risky)
        return self._guarded(
            [left, right], lambda values: self._finite(f"{values[0]} {op} {values[1]}", risky)
        )

    def _division(self, node: Operation, risky: bool) -> str:
        """Zero and unknown are both falsy: one test for the divisor."""
        first, divisor = self._held(self._source(node.right))
        tests = [f"not {first}"]
        dividend = self._source(node.left)
        if node.left.optional:
            first, dividend = self._held(dividend)
            tests.append(f"{first} is None")
        body = self._finite(f"{dividend} {node.op} {divisor}", risky)
        return f"(None if {' or '.join(tests)} else {body})"

    def _finite(self, source: str, risky: bool) -> str:
        """x - x is 0 for every number but infinity and NaN."""
        if not risky:
            return source
        temp = self._temp()
        return f"{temp} if ({temp} := {source}) - {temp} == 0 else None"

    def _chain(self, node: Chain) -> str:
        operands, ops = node.operands, node.ops

        def whole(values: list[str]) -> str:
            pairs = zip(ops, values[1:], strict=True)
            return values[0] + "".join(f" {op} {value}" for op, value in pairs)

        outer = [operand for index, operand in enumerate(operands) if index != 1]
        if len(operands) <= 3 and (len(operands) == 2 or not any(one.optional for one in outer)):
            return self._guarded(operands, whole)
        if not any(operand.optional for operand in operands):
            return self._guarded(operands, whole)
        first: list[str] = []
        later: list[Part] = []
        for operand in operands:
            source = self._source(operand)
            if not isinstance(operand, Fixed):
                hold, source = self._held(source)
                first.append(hold)
            later.append(Part(source, operand.optional))
        compared = [
            self._compared(later[index], op, later[index + 1]) for index, op in enumerate(ops)
        ]
        # The tuple gives every operand its temporary before the first comparison.
        return f"({', '.join(first)}, {self._all(compared)})[{len(first)}]"

    def _compared(self, left: Part, op: str, right: Part) -> Part:
        tests = [f"{part.source} is None" for part in (left, right) if part.optional]
        source = f"{left.source} {op} {right.source}"
        if not tests:
            return Part(f"({source})", False)
        return Part(f"(None if {' or '.join(tests)} else {source})", True)

    def _among(self, node: Among) -> str:
        constants = [item.value for item in node.items if isinstance(item, Fixed)]
        if len(constants) == len(node.items):
            members = ", ".join(repr(value) for value in dict.fromkeys(constants))
            word = "not in" if node.negated else "in"
            return self._guarded([node.operand], lambda values: f"{values[0]} {word} {{{members}}}")
        first, later = self._held(self._source(node.operand))
        operand = Part(later, node.operand.optional)
        compared = []
        for item in node.items:
            part = self.part(item)
            if part.optional:
                hold, again = self._held(part.source)
                tests = [f"{operand.source} is None"] if operand.optional else []
                tests.append(f"{hold} is None")
                source = f"(None if {' or '.join(tests)} else {operand.source} == {again})"
                compared.append(Part(source, True))
            else:
                compared.append(self._compared(operand, "==", part))
        found = f"({first}, {self._any(compared)})[1]"
        if not node.negated:
            return found
        if not node.optional:
            return f"(not {found})"
        hold, again = self._held(found)
        return f"(None if {hold} is None else not {again})"

    def _apply(self, node: Apply) -> str:
        template = node.function.template
        if template:
            return self._guarded(node.arguments, lambda values: template.format(*values))
        call = self._global(node.run)
        return self._guarded(node.arguments, lambda values: f"{call}({', '.join(values)})")

    def _fallback(self, operands: Sequence[Node]) -> str:
        head = operands[0]
        if not head.optional or len(operands) == 1:
            return self._source(head)
        first, later = self._held(self._source(head))
        return f"({later} if {first} is not None else {self._fallback(operands[1:])})"

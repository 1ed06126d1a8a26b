"""Types: every name known, every operation meaningful, before anything is ever computed."""

from __future__ import annotations

import decimal
import difflib
from collections.abc import Iterable

from guanlan.engine.language import amounts
from guanlan.engine.language.arithmetic import common_type, result_bound, result_type
from guanlan.engine.language.env import NAME_LIMIT, WORDS, Env, LanguageIssue, Type
from guanlan.engine.language.functions import FUNCTIONS, NUMERIC, Function
from guanlan.engine.language.patterns import matcher
from guanlan.engine.language.printer import quoted, to_source
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
from guanlan.engine.language.zone import zone

_UNITS = (Type.MONEY, Type.DURATION)
_ORDERED = frozenset(Type) - {Type.BOOL, Type.STRING}


def check(expr: Expr, env: Env, expect: Type | None = None) -> Typed | list[LanguageIssue]:
    """The expression with its types, or everything that is wrong with it, in reading order.

    `expect` asks for a type of the whole, e.g. `Type.BOOL` for a condition.
    """
    checker = _Checker(env)
    root = checker.node(expr)
    if root is not None and expect is not None and root.type is not expect:
        checker.fault(expr, f"this is {WORDS[root.type]}, but the whole must be {WORDS[expect]}")
    if root is None or checker.issues:
        return sorted(checker.issues, key=lambda issue: (issue.line, issue.column))
    return Typed(
        expr=expr,
        root=root,
        type=root.type,
        optional=root.optional,
        names=tuple(sorted(checker.names)),
        lists=tuple(sorted(checker.lists)),
    )


def closest(word: str, known: Iterable[str]) -> str:
    """ " — did you mean `x`?" or nothing."""
    found = difflib.get_close_matches(word.lower(), sorted(known), n=1)
    return f": did you mean `{found[0]}`?" if found else ""


def _short(expr: Expr) -> str:
    text = to_source(expr)
    return f"`{text}`" if len(text) <= 40 else f"`{text[:39]}…`"


def _optional(nodes: Iterable[Node]) -> bool:
    return any(node.optional for node in nodes)


class _Checker:
    def __init__(self, env: Env) -> None:
        self.env = env
        self.issues: list[LanguageIssue] = []
        self.names: set[str] = set()
        self.lists: set[str] = set()

    def fault(self, expr: Expr, message: str) -> None:
        self.issues.append(LanguageIssue(expr.line, expr.column, message))

    def nodes(self, exprs: Iterable[Expr]) -> list[Node] | None:
        """All of them, or None when one is at fault (each has then been looked at)."""
        found = [self.node(expr) for expr in exprs]
        whole = [node for node in found if node is not None]
        return whole if len(whole) == len(found) else None

    def node(self, expr: Expr) -> Node | None:
        match expr:
            case Constant(value=value):
                return _constant(value)
            case Name():
                return self._name(expr)
            case Not():
                operand = self._yes_no(expr.operand)
                return operand and Negation(
                    type=Type.BOOL, optional=operand.optional, operand=operand
                )
            case Negative():
                return self._negative(expr)
            case Logic():
                found = [self._yes_no(operand) for operand in expr.operands]
                operands = tuple(one for one in found if one is not None)
                if len(operands) < len(found):
                    return None
                return Junction(
                    type=Type.BOOL, optional=_optional(operands), op=expr.op, operands=operands
                )
            case Arithmetic():
                return self._arithmetic(expr)
            case Comparison():
                return self._comparison(expr)
            case Membership():
                return self._membership(expr)
            case Call():
                return self._call(expr)
            case Sequence():
                self.fault(expr, "a list may only stand to the right of `in` or `not in`")
                return None

    def _name(self, expr: Name) -> Node | None:
        name = self.env.names.get(expr.name)
        if name is None:
            if expr.name in FUNCTIONS:
                call = FUNCTIONS[expr.name].call
                self.fault(expr, f"`{expr.name}` is a function: write it as {call}")
            else:
                hint = closest(expr.name, self.env.names)
                self.fault(expr, f"there is no `{expr.name}` here{hint}")
            return None
        self.names.add(expr.name)
        bound = NAME_LIMIT if name.type in _ORDERED else 0.0
        return Load(type=name.type, optional=name.optional, bound=bound, name=expr.name)

    def _yes_no(self, expr: Expr) -> Node | None:
        node = self.node(expr)
        if node is not None and node.type is not Type.BOOL:
            self.fault(
                expr,
                f"{_short(expr)} is {WORDS[node.type]}, but true or false is needed here: "
                "compare it with something",
            )
            return None
        return node

    def _negative(self, expr: Negative) -> Node | None:
        operand = self.node(expr.operand)
        if operand is None:
            return None
        if operand.type not in NUMERIC and operand.type not in _UNITS:
            self.fault(expr, f"{_short(expr.operand)} is {WORDS[operand.type]} and has no sign")
            return None
        if isinstance(operand, Fixed) and not isinstance(operand.value, str):
            return Fixed(
                type=operand.type, optional=False, bound=operand.bound, value=-operand.value
            )
        return Minus(
            type=operand.type, optional=operand.optional, bound=operand.bound, operand=operand
        )

    def _arithmetic(self, expr: Arithmetic) -> Node | None:
        left, right = self.node(expr.left), self.node(expr.right)
        if left is None or right is None:
            return None
        result = result_type(expr.op, left.type, right.type)
        if result is None:
            self.fault(expr, self._mismatch(expr.left, left, expr.right, right, expr.op))
            return None
        divides = expr.op in ("/", "%")
        fixed = right.value if isinstance(right, Fixed) else None
        if divides and isinstance(fixed, (int, float)) and fixed == 0:
            self.fault(expr.right, "a division by 0 is always unknown")
            return None
        least = None
        if isinstance(fixed, (int, float)):
            least = abs(float(fixed))
        elif right.type is Type.INT:
            least = 1.0
        bound = result_bound(expr.op, left.bound, right.bound, least)
        exact = result is Type.INT
        may_fail = (divides and fixed is None) or (
            not exact and max(bound, left.bound, right.bound) >= 1e300
        )
        return Operation(
            type=result,
            optional=left.optional or right.optional or may_fail,
            bound=bound,
            op=expr.op,
            left=left,
            right=right,
        )

    def _comparison(self, expr: Comparison) -> Node | None:
        operands = self.nodes(expr.operands)
        if operands is None:
            return None
        good = True
        for index, op in enumerate(expr.ops):
            left, right = operands[index], operands[index + 1]
            pair = expr.operands[index], expr.operands[index + 1]
            good &= self._comparable(pair[0], left, pair[1], right)
            if good and op not in ("==", "!=") and left.type not in _ORDERED:
                self.fault(
                    pair[0], f"{WORDS[left.type]} can be compared with == and != only, not {op}"
                )
                good = False
        if not good:
            return None
        return Chain(
            type=Type.BOOL, optional=_optional(operands), ops=expr.ops, operands=tuple(operands)
        )

    def _comparable(self, a: Expr, left: Node, b: Expr, right: Node) -> bool:
        if common_type([left.type, right.type]) is None:
            self.fault(a, self._mismatch(a, left, b, right, "compare"))
            return False
        return self._value_exists(left, b, right) and self._value_exists(right, a, left)

    def _value_exists(self, name: Node, expr: Expr, constant: Node) -> bool:
        if not isinstance(name, Load) or not isinstance(constant, Fixed):
            return True
        values = self.env.names[name.name].values
        if not values or constant.value in values:
            return True
        text = str(constant.value)
        hint = closest(text, values) or f": it is one of {', '.join(map(quoted, values))}"
        self.fault(expr, f"{quoted(text)} is never a value of `{name.name}`{hint}")
        return False

    def _membership(self, expr: Membership) -> Node | None:
        operand = self.node(expr.operand)
        items = self.nodes(expr.items.items)
        if operand is None or items is None:
            return None
        if not items:
            self.fault(expr.items, "the list is empty")
            return None
        pairs = zip(expr.items.items, items, strict=True)
        good = [self._comparable(expr.operand, operand, one, item) for one, item in pairs]
        if not all(good):
            return None
        return Among(
            type=Type.BOOL,
            optional=operand.optional or _optional(items),
            negated=expr.negated,
            operand=operand,
            items=tuple(items),
        )

    def _mismatch(self, a: Expr, left: Node, b: Expr, right: Node, op: str) -> str:
        """Why two types do not go together, with the mend where it can be guessed."""
        text = f"{_short(a)} is {WORDS[left.type]} and {_short(b)} is {WORDS[right.type]}"
        sides = ((left, b, right), (right, a, left))
        for one, expr, other in sides:
            shifts = one.type is Type.TIME and op in ("+", "-")
            if other.type not in NUMERIC or (one.type not in _UNITS and not shifts):
                continue
            constant = isinstance(other, Fixed)
            if one.type is Type.MONEY:
                mend = f"write money({to_source(expr)})" if constant else ""
                return f"{text}: {mend or 'did you forget money(…)?'}"
            mend = f"write hours({to_source(expr)}), or another unit" if constant else ""
            return f"{text}: {mend or 'did you forget hours(…) or another unit?'}"
        if op == "compare":
            return f"{text}: they cannot be compared"
        return f"{text}: `{op}` has no meaning between them"

    def _call(self, expr: Call) -> Node | None:
        function = FUNCTIONS.get(expr.function)
        if function is None:
            if expr.function in self.env.names:
                self.fault(expr, f"`{expr.function}` is no function: write it without ( )")
            else:
                hint = closest(expr.function, FUNCTIONS)
                self.fault(expr, f"there is no function `{expr.function}`{hint}")
            self.nodes(expr.arguments)
            return None
        arguments = self.nodes(expr.arguments)
        if arguments is None or not self._fits(expr, function, arguments):
            return None
        match function.special:
            case "money":
                return self._money(expr, arguments[0])
            case "duration":
                return self._duration(expr, arguments[0])
            case "coalesce":
                return self._coalesce(expr, arguments)
            case "known":
                return Known(type=Type.BOOL, optional=False, operand=arguments[0])
            case "in_list":
                return self._in_list(expr, arguments[0])
            case "matches":
                return self._matches(expr, function, arguments[0])
            case "zone":
                return self._zone(expr, function, arguments[0])
        return self._apply(expr, function, arguments)

    def _fits(self, expr: Call, function: Function, arguments: list[Node]) -> bool:
        """Whether number and types of the arguments are those of the function."""
        most = 99 if function.repeats else len(function.parameters)
        if not function.least <= len(arguments) <= most:
            self.fault(expr, f"write it as {function.call}")
            return False
        good = True
        for index, node in enumerate(arguments):
            allowed = function.parameters[min(index, len(function.parameters) - 1)]
            if node.type not in allowed:
                wanted = " or ".join(WORDS[one] for one in Type if one in allowed)
                self.fault(
                    expr.arguments[index],
                    f"{function.name}(…) needs {wanted} here, and this is {WORDS[node.type]}",
                )
                good = False
        return good

    def _common(self, expr: Call, arguments: list[Node]) -> Type | None:
        common = common_type([node.type for node in arguments])
        if common is None:
            first = arguments[0]
            index = next(
                i for i, n in enumerate(arguments) if common_type([first.type, n.type]) is None
            )
            pair = expr.arguments[0], expr.arguments[index]
            self.fault(
                pair[1], self._mismatch(pair[0], first, pair[1], arguments[index], "compare")
            )
        return common

    def _apply(self, expr: Call, function: Function, arguments: list[Node]) -> Node | None:
        result = function.result
        if result is None:
            result = self._common(expr, arguments)
            if result is None:
                return None
            if function.name == "round" and result is Type.NUMBER:
                result = Type.INT
        if function.run is None:
            raise ValueError(f"function {function.name} has no meaning")
        bound = max(node.bound for node in arguments) + 1 if function.result is None else NAME_LIMIT
        return Apply(
            type=result,
            optional=_optional(arguments) or function.may_fail,
            bound=bound,
            function=function,
            arguments=tuple(arguments),
            run=function.run,
        )

    def _money(self, expr: Call, argument: Node) -> Node | None:
        if not isinstance(argument, Fixed):
            self.fault(expr.arguments[0], "money(…) needs a constant: write the amount itself")
            return None
        value = argument.value
        text = value if isinstance(value, str) else repr(value)
        try:
            minor = amounts.to_minor(text, self.env.currency)
        except ValueError as error:
            self.fault(expr.arguments[0], str(error))
            return None
        return Fixed(type=Type.MONEY, optional=False, bound=float(abs(minor)), value=minor)

    def _duration(self, expr: Call, argument: Node) -> Node | None:
        unit = amounts.UNITS[expr.function]
        if isinstance(argument, Fixed):
            exact = decimal.Decimal(repr(argument.value)) * unit
            if abs(exact) > 2**63:
                self.fault(expr.arguments[0], "this duration is too long")
                return None
            value = round(exact)
            return Fixed(type=Type.DURATION, optional=False, bound=float(abs(value)), value=value)
        factor = Fixed(type=Type.DURATION, optional=False, bound=float(unit), value=unit)
        bound = argument.bound * unit
        return Operation(
            type=Type.DURATION,
            optional=argument.optional or bound >= 1e300,
            bound=bound,
            op="*",
            left=argument,
            right=factor,
        )

    def _coalesce(self, expr: Call, arguments: list[Node]) -> Node | None:
        common = self._common(expr, arguments)
        if common is None:
            return None
        return Fallback(
            type=common,
            optional=all(node.optional for node in arguments),
            bound=max(node.bound for node in arguments),
            operands=tuple(arguments),
        )

    def _in_list(self, expr: Call, role: Node) -> Node | None:
        kind = self.env.names[role.name].kind if isinstance(role, Load) else None
        if kind is None:
            self.fault(
                expr.arguments[0], "in_list(…) needs a role of the event first, such as user"
            )
            return None
        listed = expr.arguments[1]
        if not isinstance(listed, Constant) or not isinstance(listed.value, str):
            self.fault(listed, "in_list(…) needs the name of a list in quotes")
            return None
        name = listed.value
        if name not in self.env.lists:
            hint = closest(name, self.env.lists)
            self.fault(listed, f"there is no list {quoted(name)}{hint}")
            return None
        if self.env.lists[name] != kind:
            of = self.env.lists[name]
            self.fault(listed, f"the list {quoted(name)} is of {of}, and this role is of {kind}")
            return None
        self.lists.add(name)
        return Listed(type=Type.BOOL, optional=role.optional, operand=role, list=name)

    def _matches(self, expr: Call, function: Function, text: Node) -> Node | None:
        pattern = expr.arguments[1]
        if not isinstance(pattern, Constant) or not isinstance(pattern.value, str):
            self.fault(pattern, 'matches(…) needs a constant pattern, such as r"^[0-9]+$"')
            return None
        try:
            run = matcher(pattern.value)
        except ValueError as error:
            self.fault(pattern, str(error))
            return None
        return Apply(
            type=Type.BOOL,
            optional=text.optional,
            function=function,
            arguments=(text,),
            run=run,
            pattern=pattern.value,
        )

    def _zone(self, expr: Call, function: Function, time: Node) -> Node | None:
        try:
            where = zone(self.env.timezone)
        except ValueError as error:
            self.fault(expr, str(error))
            return None
        return Apply(
            type=Type.INT,
            optional=time.optional,
            bound=23.0,
            function=function,
            arguments=(time,),
            run=where.hour if function.name == "hour" else where.weekday,
        )


def _constant(value: bool | float | str) -> Fixed:
    match value:
        case bool():
            return Fixed(type=Type.BOOL, optional=False, value=value)
        case int():
            return Fixed(type=Type.INT, optional=False, bound=float(abs(value)), value=value)
        case float():
            return Fixed(type=Type.NUMBER, optional=False, bound=abs(value), value=value)
    return Fixed(type=Type.STRING, optional=False, value=value)

"""An expression as a sentence that a risk reviewer reads, in English and both Chinese scripts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from guanlan.engine.language import amounts, phrases
from guanlan.engine.language.checker import check
from guanlan.engine.language.env import Env, LanguageError, Type
from guanlan.engine.language.functions import FUNCTIONS, Phrase
from guanlan.engine.language.phrases import Comparing, fill, glue
from guanlan.engine.language.tree import CompareOp, Expr
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

_OPPOSITE: Mapping[CompareOp, CompareOp] = MappingProxyType(
    {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
)
_MIRRORED: Mapping[CompareOp, CompareOp] = MappingProxyType(
    {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
)
# English titles that are statements already: "the payee is new", "the device has been rooted".
_STATEMENT = re.compile(
    r"\b(is|are|was|were|has|have|had|does|did|can|will|agrees|differs|matches|exists|belongs|"
    r"comes|uses|contains|shows|fails|failed|succeeded|changed)\b"
)
# Titles that a reader could take for two clauses.
_DOUBLE = re.compile(r"\b(and|or)\b|[且或]")
_DENIABLE = re.compile(r"\b(is|are|was|were|can|will)\b")
_LOOSE, _SUM, _PRODUCT, _TIGHT = range(4)


def sentence(expr: Expr | Typed, env: Env, lang: str) -> str:
    """The sentence in `lang`: "en", "zh-Hans" or "zh-Hant".

    Names appear by their titles, money and durations as people write them; brackets stand
    wherever "and" and "or" meet. Raises `LanguageError` when the expression does not fit `env`.
    """
    typed = expr if isinstance(expr, Typed) else check(expr, env)
    if isinstance(typed, list):
        raise LanguageError(*typed)
    if lang not in phrases.LANGUAGES:
        raise ValueError(f"there are no sentences in {lang!r}: en, zh-Hans or zh-Hant was expected")
    writer = _Writer(env, lang)
    if typed.type is Type.BOOL:
        return writer.clause(typed.root)
    return writer.value(typed.root)


class _Writer:
    def __init__(self, env: Env, lang: str) -> None:
        self._env = env
        self._lang = lang

    def _say(self, phrase: Phrase, *values: str) -> str:
        return fill(phrase.get(self._lang), *values)

    def _title(self, name: str) -> str:
        return self._env.names[name].title.get(self._lang)

    def clause(self, node: Node, around: str = "") -> str:
        """What holds. `around` is the junction the clause stands in: "", "and" or "or"."""
        match node:
            case Fixed(value=value):
                return self._say(phrases.ALWAYS if value else phrases.NEVER)
            case Load(name=name):
                title = self._title(name).removeprefix("是否")
                return self._bracketed(title) if around and _DOUBLE.search(title) else title
            case Negation(operand=operand):
                return self._denied(operand, around)
            case Junction(op=op, operands=operands):
                word = (phrases.AND if op == "and" else phrases.OR).get(self._lang)
                text = self._joined([self.clause(one, op) for one in operands], word)
                return self._bracketed(text) if around not in ("", op) else text
            case Chain():
                return self._chain(node, around)
            case Among(operand=operand, items=items, negated=negated):
                return self._among(operand, items, negated)
        return self._call(node, denied=False) or self.value(node)

    def _denied(self, node: Node, around: str) -> str:
        """What holds when `node` does not."""
        match node:
            case Fixed(value=value):
                return self._say(phrases.NEVER if value else phrases.ALWAYS)
            case Load():
                return self._denied_title(self.clause(node, around="not"))
            case Negation(operand=operand):
                return self.clause(operand, around)
            case Chain(ops=(op,), operands=operands):
                opposite = Chain(
                    type=node.type,
                    optional=node.optional,
                    ops=(_OPPOSITE[op],),
                    operands=operands,
                )
                return self._chain(opposite, around)
            case Among(operand=operand, items=items, negated=negated):
                return self._among(operand, items, not negated)
        return self._call(node, denied=True) or self._say(
            phrases.NOT, self._bracketed(self.clause(node))
        )

    def _denied_title(self, title: str) -> str:
        verbs = _STATEMENT.findall(title) if self._lang == "en" else []
        if len(verbs) == 1 and _DENIABLE.search(title):
            return _DENIABLE.sub(phrases.IS_NOT, title)
        return self._say(phrases.NOT_SO if verbs else phrases.NOT, title)

    def _bracketed(self, text: str) -> str:
        return self._say(phrases.BRACKETS, text)

    def _joined(self, texts: Sequence[str], between: str) -> str:
        text = texts[0]
        for more in texts[1:]:
            text = glue(text, between, more)
        return text

    def _chain(self, node: Chain, around: str) -> str:
        ops, operands = node.ops, node.operands
        if len(ops) == 1:
            return self._pair(operands[0], ops[0], operands[1])
        middle = operands[1]
        ordered = not {"==", "!="}.intersection(ops)
        if len(ops) == 2 and ordered and not isinstance(middle, Fixed):
            comparing = self._comparing(middle, middle)
            first = comparing.predicate(_MIRRORED[ops[0]], self.value(operands[0], like=middle))
            second = comparing.predicate(ops[1], self.value(operands[2], like=middle))
            text = self._say(phrases.WITHIN, self.value(middle), first, second)
        else:
            pairs = [
                self._pair(operands[index], op, operands[index + 1]) for index, op in enumerate(ops)
            ]
            text = self._joined(pairs, phrases.AND.get(self._lang))
        return self._bracketed(text) if around == "or" else text

    def _pair(self, left: Node, op: CompareOp, right: Node) -> str:
        if isinstance(left, Fixed) and not isinstance(right, Fixed):
            left, op, right = right, _MIRRORED[op], left
        if left.type is Type.BOOL and isinstance(right, Fixed):
            holds = bool(right.value) == (op == "==")
            phrase = phrases.IS_TRUE if holds else phrases.IS_FALSE
            return self._say(phrase, self.value(left))
        comparing = self._comparing(left, right)
        return comparing.clause(self.value(left, like=right), op, self.value(right, like=left))

    def _comparing(self, left: Node, right: Node) -> Comparing:
        clock = isinstance(left, Apply) and left.function.special == "zone"
        constant = isinstance(right, Fixed)
        return Comparing(self._lang, left.type, counted=not clock, named=constant)

    def _among(self, operand: Node, items: Sequence[Node], negated: bool) -> str:
        if len(items) == 1:
            return self._pair(operand, "!=" if negated else "==", items[0])
        texts = [self.value(item, like=operand) for item in items]
        listed = self._joined(texts, phrases.COMMA.get(self._lang))
        phrase = phrases.NONE_OF if negated else phrases.ONE_OF
        return self._say(phrase, self.value(operand), listed)

    def value(self, node: Node, least: int = _LOOSE, like: Node | None = None) -> str:
        """A noun phrase; in brackets when it binds less than `least`.

        `like` is what the value is compared with, which may tell how to write a constant.
        """
        match node:
            case Fixed():
                return self._constant(node, like)
            case Load(name=name):
                return self._title(name)
            case Minus(operand=operand):
                text, own = phrases.MINUS + self.value(operand, _TIGHT), _PRODUCT
            case Operation(op=op, left=left, right=right):
                own = _SUM if op in ("+", "-") else _PRODUCT
                text = phrases.computed(self.value(left, own), op, self.value(right, own + 1))
            case Fallback(operands=operands):
                texts = [self.value(operand) for operand in operands]
                rest = self._joined(texts[1:], phrases.COMMA.get(self._lang))
                return self._say(FUNCTIONS["coalesce"].sentence, texts[0], rest)
            case Apply(type=result) if result is not Type.BOOL:
                return self._call(node, denied=False)
            case _:
                return self._bracketed(self.clause(node))
        return self._bracketed(text) if own < least else text

    def _call(self, node: Node, *, denied: bool) -> str:
        """The sentence of a function call, or "" where its words cannot say the opposite."""
        match node:
            case Apply():
                function, values = node.function, [self.value(one) for one in node.arguments]
                if node.pattern:
                    values.append(self._quoted(node.pattern))
                if function.repeats:
                    values = [self._joined(values, phrases.COMMA.get(self._lang))]
            case Listed(operand=operand, list=name):
                title = self._env.list_titles.get(name)
                shown = title.get(self._lang) if title is not None else name
                function = FUNCTIONS["in_list"]
                values = [self.value(operand), self._quoted(shown)]
            case Known(operand=operand):
                function, values = FUNCTIONS["known"], [self.value(operand)]
            case _:
                return ""
        if not denied:
            return self._say(function.sentence, *values)
        return self._say(function.negative, *values) if function.negative is not None else ""

    def _quoted(self, text: str) -> str:
        return self._say(phrases.QUOTES, text)

    def _constant(self, node: Fixed, like: Node | None) -> str:
        value = node.value
        if isinstance(value, str):
            return self._quoted(value)
        if isinstance(value, bool):
            return self._say(phrases.YES if value else phrases.NO)
        if node.type is Type.MONEY and isinstance(value, int):
            return amounts.money(value, self._env.currency)
        if node.type is Type.DURATION and isinstance(value, int):
            return self._duration(value)
        if isinstance(like, Apply) and like.function.name == "weekday" and value in range(7):
            return self._say(phrases.WEEKDAYS[int(value)])
        text = amounts.plain_number(abs(value))
        return phrases.MINUS + text if value < 0 else text

    def _duration(self, microseconds: int) -> str:
        parts = [
            self._say(phrases.UNITS[unit], amounts.plain_number(count))
            for count, unit in amounts.duration_parts(microseconds)
        ]
        return (phrases.MINUS if microseconds < 0 else "") + " ".join(parts)

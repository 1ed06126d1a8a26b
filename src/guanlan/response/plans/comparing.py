"""Conditions of one comparison, as people choose them: a variable, a sign, a value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from guanlan.engine.language.printer import quoted
from guanlan.response.plans.cacao import NAME, Variable

SIGNS: Final = {
    "is": "==", "is_not": "!=", "more": ">", "at_least": ">=", "less": "<", "at_most": "<=",
}  # fmt: skip
_NAME: Final = NAME.pattern
_FACT: Final = re.compile(rf"(?P<no>not )?(?P<name>{_NAME})")
_NUMBER: Final = re.compile(rf"(?P<name>{_NAME}) (?P<sign>[=!]=|[<>]=?) (?P<value>-?[0-9]{{1,15}})")
_TEXT: Final = re.compile(rf'(?P<name>{_NAME}) (?P<sign>[=!]=) "(?P<value>[^"\\]*)"')


class Comparison(NamedTuple):
    """A variable, a sign of SIGNS, and a value as it is typed; of a yes-or-no variable the value
    is empty and the sign `is` or `is_not`."""

    name: str
    sign: str
    value: str = ""


def compared(source: str, variables: Sequence[Variable]) -> Comparison | None:
    """The comparison that a condition is; None where it is more than one, or another thing."""
    types = {one.name: one.type for one in variables}
    by_sign = {written: sign for sign, written in SIGNS.items()}
    for pattern, kind in ((_FACT, "bool"), (_NUMBER, "integer"), (_TEXT, "string")):
        found = pattern.fullmatch(source)
        if found is None or types.get(found["name"]) != kind:
            continue
        if kind == "bool":
            return Comparison(found["name"], "is_not" if found["no"] else "is")
        return Comparison(found["name"], by_sign[found["sign"]], found["value"])
    return None


def written(one: Comparison, kind: str) -> str:
    """The condition in the rule language, for a variable of this type. Raises ValueError where
    the sign or the value does not suit it."""
    if one.sign not in SIGNS or (kind != "integer" and one.sign not in ("is", "is_not")):
        raise ValueError("sign")
    if kind == "bool":
        return one.name if one.sign == "is" else f"not {one.name}"
    if kind == "integer":
        if not re.fullmatch(r"-?[0-9]{1,15}", one.value):
            raise ValueError("value")
        return f"{one.name} {SIGNS[one.sign]} {int(one.value)}"
    return f"{one.name} {SIGNS[one.sign]} {quoted(one.value)}"

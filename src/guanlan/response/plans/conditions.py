"""Conditions of plans: the rule language over the variables of a run. Nothing is evaluated but
what its parser and checker let through; a variable that nobody has recorded is unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from guanlan.engine.language import (
    Env,
    LanguageError,
    LanguageIssue,
    Name,
    Type,
    Typed,
    check,
    interpret,
    parse,
    sentence,
)
from guanlan.response.plans.cacao import Value, Variable

_TYPES: Final = {"bool": Type.BOOL, "integer": Type.INT, "string": Type.STRING}


class Judged(NamedTuple):
    """What a condition came to: True, False, or None where `missing` is not recorded."""

    value: bool | None
    missing: tuple[str, ...]


def environment(variables: Sequence[Variable]) -> Env:
    """What conditions of a plan with these variables may speak of."""
    return Env({one.name: Name(_TYPES[one.type], True, one.text) for one in variables})


def read_condition(source: str, variables: Sequence[Variable]) -> Typed | list[LanguageIssue]:
    """The condition, checked; or everything that is wrong with it."""
    try:
        expression = parse(source)
    except LanguageError as error:
        return list(error.issues)
    return check(expression, environment(variables), expect=Type.BOOL)


def judge(source: str, variables: Sequence[Variable], values: Mapping[str, Value | None]) -> Judged:
    """What the condition says of recorded values. Raises LanguageError where it is none."""
    typed = _typed(source, variables)
    seen = {name: values.get(name) for name in typed.names}
    value = interpret(typed, seen, lambda name, key: False)
    if isinstance(value, bool):
        return Judged(value, ())
    return Judged(None, tuple(name for name in typed.names if seen[name] is None))


def in_words(source: str, variables: Sequence[Variable], lang: str) -> str:
    """The condition as a sentence in `lang` (en, zh-Hans, zh-Hant)."""
    return sentence(_typed(source, variables), environment(variables), lang)


def _typed(source: str, variables: Sequence[Variable]) -> Typed:
    typed = read_condition(source, variables)
    if isinstance(typed, list):
        raise LanguageError(*typed)
    return typed

"""The conditions of a scenario file, checked by the rule language at their place in the file.

Everything this package knows of `guanlan.engine.language` beyond the names in `environment`
is here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Any

import msgspec

from guanlan.engine.language import (
    Env,
    Expr,
    LanguageError,
    LanguageIssue,
    Type,
    check,
    from_json,
    parse,
    to_json,
    to_source,
)
from guanlan.engine.language.env import WORDS
from guanlan.engine.language.tree import Name, children
from guanlan.engine.scenario.document import Scalar
from guanlan.engine.scenario.environment import names, where_names
from guanlan.engine.scenario.model import Scenario
from guanlan.engine.scenario.positions import scalar_offset
from guanlan.engine.scenario.reading import Path, Reader

_WORD = re.compile(r"[a-z][a-z0-9_]*")


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Expr:
    return parse(text)


def plain(text: str) -> str:
    """The expression in its canonical spelling. Raises LanguageError if it is none."""
    return to_source(_parsed(text))


def to_tree(text: str) -> Any:
    """The expression's versioned JSON tree, as plain objects."""
    return json.loads(to_json(_parsed(text)))


def from_tree(tree: Any) -> str:
    """The text of a tree that `to_tree` gave. Raises LanguageError for anything else."""
    return to_source(from_json(json.dumps(tree)))


def check_expressions(
    reader: Reader, scenario: Scenario, rules: Collection[int], faulty: Collection[str]
) -> None:
    """Report the faults of every `where` and `when`.

    `scenario` holds what could be read, `rules` the place in the file of each of its rules,
    `faulty` the features that rules cannot read because something else is wrong with them.
    """
    checker = _Checker(reader, scenario, faulty)
    for feature in scenario.features:
        if feature.where is not None:
            path: Path = ("features", feature.name, "where")
            checker.condition(path, f"where of feature `{feature.name}`", feature.on, True)
    for index, rule in zip(rules, scenario.rules, strict=True):
        checker.condition(("rules", index, "when"), f"when of rule `{rule.id}`", rule.on, False)


class _Checker:
    def __init__(self, reader: Reader, scenario: Scenario, faulty: Collection[str]) -> None:
        self._reader = reader
        self._features = {feature.name for feature in scenario.features}
        self._scenario = msgspec.structs.replace(
            scenario, features=tuple(one for one in scenario.features if one.name not in faulty)
        )
        self._passed_over = reader.unreadable.union(faulty)
        self._types = {event.name for event in scenario.events}
        self._envs: dict[tuple[str, bool], Env] = {}

    def condition(self, path: Path, what: str, on: tuple[str, ...], is_filter: bool) -> None:
        """Check one condition for every event type it is for."""
        node = self._reader.places[path]
        types = [name for name in on if name in self._types]
        if not isinstance(node, Scalar) or not types:
            return
        try:
            expr = _parsed(node.text)
        except LanguageError as error:
            for issue in error.issues:
                self._report(node, what, issue, "")
            return
        if not self._passed_over.isdisjoint(_WORD.findall(node.text)):
            return  # it speaks of something whose declaration is at fault
        if is_filter and self._speaks_of_features(node, what, expr):
            return
        found: dict[LanguageIssue, list[str]] = {}
        for name in types:
            for issue in _faults(expr, self._env(name, is_filter)):
                found.setdefault(issue, []).append(name)
        for issue, where in found.items():
            some = "" if len(where) == len(types) else f" (in event type {', '.join(where)})"
            self._report(node, what, issue, some)

    def _env(self, event_type: str, is_filter: bool) -> Env:
        env = self._envs.get((event_type, is_filter))
        if env is None:
            make: Callable[..., Env] = where_names if is_filter else names
            env = make(self._scenario, event_type, lambda name: name)
            self._envs[(event_type, is_filter)] = env
        return env

    def _speaks_of_features(self, node: Scalar, what: str, expr: Expr) -> bool:
        own = {
            one.name
            for event in self._scenario.events
            for part in (event.roles, event.fields)
            for one in part
        }
        found = False
        for name, line, column in _names_in(expr):
            if name in self._features and name not in own:
                found = True
                message = f"`{name}` is a feature; a filter speaks of the event's own values"
                self._report(node, what, LanguageIssue(line, column, message), "")
        return found

    def _report(self, node: Scalar, what: str, issue: LanguageIssue, more: str) -> None:
        lines = node.text.split("\n")
        before = sum(len(line) + 1 for line in lines[: issue.line - 1])
        index = before + issue.column - 1
        offset = scalar_offset(self._reader.source.text, node.offset, node.style, node.text, index)
        self._reader.report(offset, f"{what}: {issue.message}{more}")


def _names_in(expr: Expr) -> Iterator[tuple[str, int, int]]:
    if isinstance(expr, Name):
        yield expr.name, expr.line, expr.column
    for part in children(expr):
        yield from _names_in(part)


def _faults(expr: Expr, env: Env) -> list[LanguageIssue]:
    typed = check(expr, env)
    if isinstance(typed, list):
        return typed
    if typed.type is not Type.BOOL:
        message = f"a condition must be true or false, and this is {WORDS[typed.type]}"
        return [LanguageIssue(expr.line or 1, expr.column or 1, message)]
    return []

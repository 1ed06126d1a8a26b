"""What an expression may speak of: names with their types, lists, time zone and currency."""

from __future__ import annotations

import enum
import keyword
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from msgspec import Struct

RESERVED_WORDS = frozenset(keyword.kwlist) | {"true", "false", "null", "nil"}
"""Words that can never name a field, role or feature, because an expression cannot say them."""

NAME_LIMIT = 2.0**63
"""No value behind a name is larger than this, whatever its type: events and features are int64
in storage. The compiler leaves out overflow checks that this makes needless."""


class Type(enum.StrEnum):
    """Types of values. Money and durations share the arithmetic of a unit of measure."""

    BOOL = "bool"
    INT = "int"
    NUMBER = "number"  # float, or int where a computation stayed exact
    MONEY = "money"  # minor units: int, or float after an average or a division
    STRING = "string"
    TIME = "time"  # microseconds since 1970-01-01 UTC
    DURATION = "duration"  # microseconds


WORDS: Mapping[Type, str] = MappingProxyType(
    {
        Type.BOOL: "true or false",
        Type.INT: "a whole number",
        Type.NUMBER: "a number",
        Type.MONEY: "money",
        Type.STRING: "a text",
        Type.TIME: "a time",
        Type.DURATION: "a duration",
    }
)
"""How messages speak of each type."""


class Titled(Protocol):
    """A title in the console's languages; `guanlan.engine.scenario.model.Text` is one."""

    def get(self, lang: str, /) -> str: ...


class Name(Struct, frozen=True):
    """One name an expression may use.

    `load` is the Python source that yields the value inside generated code, e.g. `e[3]`;
    it must yield exactly `True`/`False` for bool, and `None` for unknown. With
    `optional=False` the value is never unknown. `values` are the only values a string may
    take (empty = any); `kind` is the kind of entity behind a role.
    """

    type: Type
    optional: bool
    title: Titled
    load: str = ""
    values: tuple[str, ...] = ()
    kind: str | None = None


class Env(Struct, frozen=True):
    """Everything the names of one event type mean. `lists` maps a list to its entity kind."""

    names: Mapping[str, Name]
    lists: Mapping[str, str] = MappingProxyType({})
    timezone: str = "UTC"
    currency: str = "CNY"
    list_titles: Mapping[str, Titled] = MappingProxyType({})


class LanguageIssue(Struct, frozen=True):
    """One fault in an expression; line and column count characters from 1."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.message}"


class LanguageError(ValueError):
    """An expression that cannot be read. `issues` holds every fault found, in order."""

    def __init__(self, *issues: LanguageIssue) -> None:
        super().__init__("; ".join(str(issue) for issue in issues))
        self.issues: tuple[LanguageIssue, ...] = issues

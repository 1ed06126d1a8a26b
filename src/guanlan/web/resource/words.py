"""The typed filter of every list, split into terms: `state:open -tag:x score:>=50 "free words"`.

A term is `name:values` or a free word. Values are separated by commas (any of them fits), may
begin with a comparison, and may be quoted with "…", inside which blanks, commas and colons mean
themselves. A minus before a term turns it round. Nothing else has a meaning.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

LONGEST: Final = 500  # characters
_SIGN: Final = re.compile(r"(>=|<=|>|<|=)")
_NAME: Final = re.compile(r"([A-Za-z_][\w.-]*):")


class Term(NamedTuple):
    """One part of a filter. `name` is empty for free words, `sign` where none was typed."""

    name: str
    sign: str
    values: tuple[str, ...]
    negated: bool = False

    @property
    def value(self) -> str:
        """The first value; a term has at least one."""
        return self.values[0]

    def __str__(self) -> str:
        values = ",".join(quoted(value) for value in self.values)
        head = f"{self.name}:{self.sign}" if self.name else ""
        return f"{'-' if self.negated else ''}{head}{values}"


def quoted(value: str) -> str:
    """`value` as it must be typed to be read as one value."""
    plain = value and not re.search(r'[\s",]', value) and value[0] not in "-<>="
    if plain and not _NAME.match(value):
        return value
    return '"' + value.replace('"', "") + '"'


def read_terms(text: str) -> tuple[list[Term], list[str]]:
    """The terms of a typed filter, and what could not be read, one sentence each.

    >>> terms, problems = read_terms('state:open,held -owner:me score:>=5 "two words"')
    >>> [str(term) for term in terms], problems
    (['state:open,held', '-owner:me', 'score:>=5', '"two words"'], [])
    """
    terms: list[Term] = []
    problems: list[str] = []
    at, end = 0, len(text)
    while at < end:
        if text[at].isspace():
            at += 1
            continue
        negated = text[at] == "-" and at + 1 < end and not text[at + 1].isspace()
        at += negated
        head = _NAME.match(text, at)
        name = head[1] if head else ""
        at = head.end() if head else at
        sign = _SIGN.match(text, at) if name else None
        at = sign.end() if sign else at
        values, at, closed = _values(text, at, split=bool(name))
        if not closed:
            return terms, [_("A quotation mark is not closed.")]
        if not values:
            problems.append(_("“%(name)s:” needs a value.") % {"name": name})
        else:
            terms.append(Term(name, sign[1] if sign else "", tuple(values), negated))
    return terms, problems


def _values(text: str, at: int, *, split: bool) -> tuple[list[str], int, bool]:
    """Values from `at` on to the next blank; where that is; whether quotation marks close."""
    values: list[str] = []
    part: list[str] = []
    inside = was_quoted = False
    while at < len(text):
        mark = text[at]
        if mark == '"':
            inside, was_quoted = not inside, True
        elif not inside and mark.isspace():
            break
        elif not inside and split and mark == ",":
            values, part, was_quoted = _with(values, part, was_quoted), [], False
        else:
            part.append(mark)
        at += 1
    return _with(values, part, was_quoted), at, not inside


def _with(values: list[str], part: list[str], was_quoted: bool) -> list[str]:
    text = "".join(part)
    return [*values, text] if text or was_quoted else values

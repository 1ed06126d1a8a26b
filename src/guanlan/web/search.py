"""Global search: one question asked of every part of the platform, each answering for itself.

    @searcher("core.apikey", _("API keys"))
    def keys(subject: Subject, text: str, limit: int) -> Iterable[Found]: ...

A searcher reads through `for_user`, so that it finds only what the subject may see; what it
finds is written masked. One whose noun the subject may not see is not asked at all.

What looks like a person's number, mail or network address is data of level 3: it is asked in
the body of a request and never in an address, which histories and logs keep (`sensitive`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final, NamedTuple

from django.utils.functional import Promise

from guanlan.core.access import ANYWHERE, Subject, may

LONGEST: Final = 200  # characters of a question
PER_KIND: Final = 6

_MAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{2,}")
_ADDRESS = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7}", re.IGNORECASE)  # fmt: skip  # noqa: E501
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s().·\-]{1,3}(?=\d)")
_NUMBER = re.compile(r"(?<![0-9A-Za-z_])\+?\d{7,}X?(?![0-9A-Za-z_])", re.IGNORECASE)


class Found(NamedTuple):
    """One thing found: how it is called (masked where it must be), and its page."""

    title: str
    url: str
    note: str = ""


class Hits(NamedTuple):
    """What one searcher found; `more` when there was more than is shown."""

    title: str | Promise
    found: list[Found]
    more: bool


Find = Callable[[Subject, str, int], Iterable[Found]]


class Searcher(NamedTuple):
    noun: str
    title: str | Promise
    order: int
    find: Find


_searchers: dict[str, Searcher] = {}


def searcher(noun: str, title: str | Promise, *, order: int = 50) -> Callable[[Find], Find]:
    """Registers the function as the searcher of `noun`. A second one is an error."""

    def register(find: Find) -> Find:
        if noun in _searchers:
            raise ValueError(f"searcher of {noun} is registered twice")
        _searchers[noun] = Searcher(noun, title, order, find)
        return find

    return register


def question(text: str) -> str:
    """What was typed, as it is asked: full-width forms made plain, no control characters."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(c if c.isprintable() else " " for c in plain).strip()[:LONGEST]


def joined(text: str) -> str:
    """The text without what people type between the digits of a number."""
    return _BETWEEN_DIGITS.sub("", text)


def sensitive(text: str) -> bool:
    """Whether the text looks like a phone, card, account or identity number, a mail or network
    address. Rather too often than once too seldom."""
    plain = joined(question(text))
    return any(pattern.search(plain) for pattern in (_MAIL, _ADDRESS, _NUMBER))


def search(subject: Subject, text: str, limit: int = PER_KIND) -> list[Hits]:
    """What each searcher found for `subject`, at most `limit` of a kind."""
    asked = question(text)
    if not asked:
        return []
    hits = []
    for one in sorted(_searchers.values(), key=lambda one: one.order):
        if not may(subject, "see", one.noun, scope=ANYWHERE):
            continue
        found = list(islice(one.find(subject, asked, limit + 1), limit + 1))
        if found:
            hits.append(Hits(one.title, found[:limit], len(found) > limit))
    return hits

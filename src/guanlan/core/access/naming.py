"""Rights in words: what a noun, a verb, a role is called in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guanlan.core.access.nouns import TABLE
from guanlan.core.access.table import PURPOSES, ROLES, VERB_TITLES


def noun_name(code: str) -> str:
    """The name of a noun; the code itself where there is no such noun."""
    noun = TABLE.nouns.get(code)
    return str(noun.title) if noun is not None else code


def verb_name(code: str) -> str:
    """The name of a verb; the code itself where there is no such verb."""
    titles: Mapping[Any, Any] = VERB_TITLES
    return str(titles.get(code, code))


def role_name(code: str) -> str:
    """The name of a role, or of what a key may do; the code itself where there is none."""
    return str(ROLES.get(code, code))


def purpose_name(code: str) -> str:
    """The name of a purpose; the code itself where there is none."""
    return str(PURPOSES.get(code, code))

"""What an alert is called, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from django.utils.translation import gettext

from guanlan.core.outbox.templates import without_tail
from guanlan.response.terms import CATEGORIES, Words

Read = Callable[[str], str]
_titles: Final[dict[str, Read]] = {}
_names: Final[dict[str, Words]] = {}


def _categories(codes: str) -> str:
    return gettext(", ").join(str(CATEGORIES.get(one, one)) for one in codes.split(", "))


_codes: Final[dict[str, Read]] = {"categories": _categories}
_VALUE: Final = re.compile(r"%\(\w+\)[sd]")


class Titled(Protocol):
    """What has a rule, and a text with its values."""

    rule: str
    text: str
    values: Mapping[str, str | int | float]


def rule_titles(prefix: str, read: Read) -> None:
    """Say how rules whose names begin with `prefix` are called: `read(rule)` gives the title in
    the current language, or an empty text. Raises ValueError for a prefix said twice."""
    if prefix in _titles:
        raise ValueError(f"titles of rules {prefix} are registered twice")
    _titles[prefix] = read


def value_words(name: str, read: Read) -> None:
    """Say that values called `name` are codes: `read(code)` gives the words in the current
    language. Raises ValueError for a name said twice."""
    if name in _codes:
        raise ValueError(f"words of the values {name} are registered twice")
    _codes[name] = read


def name_rule(rule: str, name: Words) -> None:
    """Say what a rule is called apart from any one alert, where its alerts name values. Raises
    ValueError for a rule named twice."""
    if rule in _names:
        raise ValueError(f"the rule {rule} is named twice")
    _names[rule] = name


def rule_words(rule: str, text: str) -> str:
    """What a rule is called apart from any one alert; `text` is what it last said, without the
    values that belong to one alert. Its name where nothing is known."""
    if rule in _names:
        return str(_names[rule])
    return rule_title(rule, without_tail(_VALUE.sub("…", gettext(text))) if text else "")


def rule_title(rule: str, fallback: str = "") -> str:
    """What a rule is called; its name where nobody says."""
    for prefix, read in _titles.items():
        if rule.startswith(prefix) and (title := read(rule)):
            return title
    return fallback or rule


def said(text: str, values: Mapping[str, str | int | float]) -> str:
    """A text with its values; as it stands where they do not fit."""
    words = gettext(text)
    if not values:
        return words
    try:
        return words % {
            name: _codes[name](value) if name in _codes and isinstance(value, str) else value
            for name, value in values.items()
        }
    except (KeyError, ValueError, TypeError):
        return words


def title_of(alert: Titled) -> str:
    """What an alert is called."""
    return rule_title(alert.rule, said(alert.text, alert.values))

"""What became of many objects, told in words: how many were done, which were refused and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from guanlan.web.words import number

GROUPS: Final = 12  # different things that are told; what is beyond them is counted together
NAMES: Final = 5  # objects that are named for each


class Said(NamedTuple):
    """What is said of one object: what became of it where that is worth a word, or why not."""

    done: bool
    text: str = ""


class Group(NamedTuple):
    """Objects of which the same is said; the first of them by name."""

    done: bool
    text: str
    rows: int
    names: list[str]

    @property
    def words(self) -> str:
        """The group in one line."""
        text = self.text.rstrip(".。") or _("for other reasons")
        if self.done or not self.names:
            return f"{text} ({number(self.rows)})"
        more = self.rows - len(self.names)
        names = ", ".join(self.names)
        if more > 0:
            names = _("%(names)s and %(n)s more") % {"names": names, "n": number(more)}
        return f"{text} ({number(self.rows)}): {names}"


class Outcome:
    """How an action on many objects went. `words` of an earlier one is gone on with."""

    def __init__(self, words: Iterable[Any] = ()) -> None:
        self.done = 0
        self.refused = 0
        self.groups = [Group(*one) for one in words]

    def add(self, said: Said, name: Callable[[], str] | None = None, count: int = 1) -> None:
        """Count what was said of an object, or of several; `name` gives what it is called."""
        if said.done:
            self.done += count
        else:
            self.refused += count
        if said.done and not said.text:
            return
        at = self._place(said)
        group = self.groups[at]
        names = group.names
        if name is not None and not said.done and len(names) < NAMES:
            names = [*names, name()]
        self.groups[at] = group._replace(rows=group.rows + count, names=names)

    def _place(self, said: Said) -> int:
        """Which group it belongs to; beyond the most there are, that of all other reasons."""
        full = len(self.groups) >= GROUPS
        text = "" if full and all((g.done, g.text) != said for g in self.groups) else said.text
        for at, group in enumerate(self.groups):
            if (group.done, group.text) == (said.done, text):
                return at
        self.groups.append(Group(said.done, text, 0, []))
        return len(self.groups) - 1

    @property
    def became(self) -> list[Group]:
        """What became of those that were done."""
        return [one for one in self.groups if one.done]

    @property
    def reasons(self) -> list[Group]:
        """Why the others were refused."""
        return [one for one in self.groups if not one.done]

    @property
    def words(self) -> list[list[Any]]:
        """The groups as they are stored."""
        return [list(one) for one in self.groups]


def lines(first: str, groups: Iterable[Group]) -> SafeString:
    """A sentence, and a line for each group below it."""
    below = format_html_join("", "<br>{}", ((one.words,) for one in groups))
    return format_html("{}{}", first, below)

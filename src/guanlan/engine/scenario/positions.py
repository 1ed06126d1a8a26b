"""Where things stand in a scenario file, and the problems reported there.

Lines and columns count from 1, columns in characters, as editors show them.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from typing import NamedTuple

MAX_MESSAGE = 400


class Issue(NamedTuple):
    """One problem: what is wrong, where, and what was expected."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ScenarioError(ValueError):
    """A scenario that cannot be used, with every problem found, in file order."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues: tuple[Issue, ...] = tuple(issues)
        super().__init__("\n".join(map(str, self.issues)))


class Source:
    """A text with lookups between offsets and lines."""

    def __init__(self, text: str, filename: str) -> None:
        self.text = text
        self.filename = filename
        self._starts = [0]
        self._starts.extend(match.end() for match in re.finditer("\n", text))

    def offset(self, line: int, column: int) -> int:
        """Offset of a 0-based line and column, as YAML's marks give them."""
        if line >= len(self._starts):
            return len(self.text)
        return min(self._starts[line] + column, len(self.text))

    def issue(self, offset: int, message: str) -> Issue:
        """A problem at an offset; whatever the file put into the message stays on one line."""
        message = "".join(char if char.isprintable() else " " for char in message)
        if len(message) > MAX_MESSAGE:
            message = f"{message[:MAX_MESSAGE]} ..."
        line = bisect.bisect_right(self._starts, offset)
        return Issue(self.filename, line, offset - self._starts[line - 1] + 1, message)


_SIMPLE_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f",
    "r": "\r", "e": "\x1b", " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85",
    "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_HEX_ESCAPES = {"x": 2, "u": 4, "U": 8}
_BLANK = " \t\n"


def _escape(text: str, at: int) -> tuple[str, int]:
    """The character that the escape at `at` stands for ("" for a joined line), its length."""
    letter = text[at + 1 : at + 2]
    digits = _HEX_ESCAPES.get(letter)
    if digits is not None:
        return chr(int(text[at + 2 : at + 2 + digits], 16)), 2 + digits
    return _SIMPLE_ESCAPES.get(letter, ""), 2


def scalar_offset(text: str, start: int, style: str, value: str, index: int) -> int:
    """Offset in `text` of the character `value[index]` of a YAML scalar starting at `start`.

    `style` is YAML's: "" plain, "'" and '"' quoted, "|" and ">" block. Folding and
    indentation only ever change blanks, so the walk matches the other characters one by one
    and lets blanks stretch. An index past the end gives the place after the last character.
    """
    at = start
    if style in ("|", ">"):
        newline = text.find("\n", start)
        at = len(text) if newline < 0 else newline + 1
    elif style:
        at += 1
    found = at
    for number, char in enumerate(value[: index + 1]):
        at, found = _step(text, at, style, char)
        if number == index:
            return found
    return at


def _step(text: str, at: int, style: str, char: str) -> tuple[int, int]:
    """Walk over one character of the value: (where to go on, where the character stands)."""
    while at < len(text):
        here = text[at]
        if style == '"' and here == "\\":
            meant, length = _escape(text, at)
            if meant == char:
                return at + length, at
            if meant:
                break
            at += length
        elif style == "'" and text.startswith("''", at):
            return at + 2, at
        elif here == char:
            return at + 1, at
        elif char in _BLANK:
            return at, at  # a folded line break: the next visible character skips it
        elif here in _BLANK:
            at += 1
        else:
            break
    return at, at

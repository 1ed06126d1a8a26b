"""The bow-tie of a risk, drawn by the server: causes with what prevents them at the left, the
event, and what detects and corrects before the consequence at the right. Lengths are pixels."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

from guanlan.risk.models import Measure, MeasureEffect, Risk

COLUMNS: Final = 22  # of a line in a box; a wide character takes two
LINE: Final = 17
PAD: Final = 10
WIDE: Final = 176
GAP: Final = 34
MOST_LINES: Final = 7


class Box(NamedTuple):
    """A box with its lines; `kind` is cause, barrier, event or consequence."""

    kind: str
    x: int
    y: int
    width: int
    height: int
    lines: Sequence[tuple[int, int, str]]
    label: str
    link: str = ""


class Bow(NamedTuple):
    """The drawing: boxes, and strokes (x1, y1, x2, y2) between them."""

    width: int
    height: int
    boxes: Sequence[Box]
    strokes: Sequence[tuple[int, int, int, int]]


def draw(risk: Risk, effects: Sequence[tuple[MeasureEffect, str]]) -> Bow:
    """The bow-tie of a risk and the effects in force, each with the address of its measure."""
    before = [one for one in effects if one[0].measure.acts == Measure.Acts.PREVENTIVE]
    after = [one for one in effects if one[0].measure.acts != Measure.Acts.PREVENTIVE]
    columns: list[list[tuple[str, str, str]]] = [
        [("cause", risk.cause, "")],
        [("barrier", str(one.measure), link) for one, link in before],
        [("event", risk.event, "")],
        [("barrier", str(one.measure), link) for one, link in after],
        [("consequence", risk.consequence, "")],
    ]
    columns = [one for one in columns if one]
    heights = [
        sum(_height(text) for _kind, text, _link in one) + GAP // 2 * (len(one) - 1)
        for one in columns
    ]
    whole = max(heights) + 2 * PAD
    boxes: list[Box] = []
    strokes: list[tuple[int, int, int, int]] = []
    previous: list[Box] = []
    for at, column in enumerate(columns):
        x, y = 1 + at * (WIDE + GAP), (whole - heights[at]) // 2
        now = []
        for kind, text, link in column:
            height = _height(text)
            lines = [
                (x + PAD, y + PAD + 12 + LINE * n, line) for n, line in enumerate(_wrapped(text))
            ]
            now.append(Box(kind, x, y, WIDE, height, lines, text, link))
            y += height + GAP // 2
        strokes += [
            (one.x + WIDE, one.y + one.height // 2, two.x, two.y + two.height // 2)
            for one in previous
            for two in now
        ]
        boxes += now
        previous = now
    return Bow(2 + len(columns) * (WIDE + GAP) - GAP, whole, boxes, strokes)


def _height(text: str) -> int:
    return 2 * PAD + LINE * len(_wrapped(text))


def _wide(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _wrapped(text: str) -> list[str]:
    lines, line, width = [], "", 0
    for word in _words(text):
        size = sum(map(_wide, word))
        if width + size > COLUMNS and line.strip():
            lines.append(line.strip())
            line, width = "", 0
        line += word
        width += size
    lines.append(line.strip())
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], lines[MOST_LINES - 1][: COLUMNS - 1] + "…"]
    return lines


def _words(text: str) -> list[str]:
    """Where a line may break: after spaces, and around each wide character."""
    found: list[str] = []
    for char in text:
        last = found[-1] if found else " "
        narrow = _wide(char) == 1 and _wide(last[-1]) == 1
        if narrow and not last.endswith(" ") and len(last) < COLUMNS:
            found[-1] += char
            continue
        found.append(char)
    return found

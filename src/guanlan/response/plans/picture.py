"""A plan, or a run of it, as a drawing: boxes with words, lines with arrowheads.

What the template writes are attributes of SVG, no styles and no script; colours come from the
classes, and each state stands there as a word too. Lengths are pixels.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from guanlan.response.plans.cacao import End, Playbook, Start
from guanlan.response.plans.graph import (
    WIDTH,
    Arrow,
    Box,
    Layout,
    Line,
    arrows,
    lay_out,
    shown,
)
from guanlan.response.plans.showing import Document, Item

PER_LINE: Final = 27  # columns of a line in a box; a wide character takes two
HEAD: Final = 31
LINE: Final = 17  # height of a line of words
PAD: Final = 9
SMALL: Final = 28  # height of a start or an end


class Words(NamedTuple):
    """A line of words in a box."""

    x: float
    y: float
    text: str
    kind: str


class Shape(NamedTuple):
    """A box as it is drawn; `outline` is its path, `label` all that it says."""

    id: str
    kind: str
    state: str
    outline: str
    words: list[Words]
    label: str
    link: str
    wrong: bool


class Stroke(NamedTuple):
    """An arrow as it is drawn, with its word."""

    path: str
    head: str
    kind: str
    word: str
    x: float
    y: float


class Picture:
    """The drawing of a plan. `items` are its lines (with what has become of them in a run),
    `link` gives the address that a step leads to, `wrong` are the steps that have a problem."""

    def __init__(
        self,
        plan: Playbook,
        items: Collection[Item] | None = None,
        link: Callable[[str], str] = lambda identity: f"#{identity}",
        wrong: Collection[str] = (),
    ) -> None:
        self.plan = plan
        self.items = {one.id: one for one in items or Document(plan).items}
        self.link = link
        self.wrong = frozenset(wrong)

    @cached_property
    def _texts(self) -> Mapping[str, list[tuple[str, str]]]:
        return {one: self._said(one) for one in shown(self.plan, self._leads)}

    @cached_property
    def _leads(self) -> list[Arrow]:
        return arrows(self.plan)

    @cached_property
    def layout(self) -> Layout:
        """Where everything stands."""
        heights = {
            one: float(SMALL if one not in self.items else 2 * PAD + LINE * len(texts))
            for one, texts in self._texts.items()
        }
        return lay_out([*self._texts], self._leads, heights)

    @property
    def width(self) -> int:
        return round(self.layout.width)

    @property
    def height(self) -> int:
        return round(self.layout.height)

    def _said(self, identity: str) -> list[tuple[str, str]]:
        """(kind, text) of the lines in a box."""
        item = self.items.get(identity)
        if item is None:
            step = self.plan.by_id()[identity]
            start = isinstance(step, Start)
            return [("end", pgettext("of a plan", "Start") if start else _("the end"))]
        head = f"{item.number} · {item.owner}" if item.owner else item.number
        if item.limit not in ("", "—") and item.row is None:
            head = f"{head} · {item.limit}"
        found = [("head", cut(head, HEAD))]
        found += [("name", text) for text in wrapped(item.name or "—", PER_LINE, 2)]
        if item.state is not None:
            found.append(("state", str(item.state.title)))
        if identity in self.wrong:
            found.append(("wrong", _("has a problem")))
        return found

    @property
    def shapes(self) -> list[Shape]:
        """The boxes, in the order in which the plan is read."""
        return [self._shape(box) for box in self.layout.boxes]

    def _shape(self, box: Box) -> Shape:
        item = self.items.get(box.id)
        texts = self._texts[box.id]
        if item is None:
            words = [Words(box.x + box.width / 2, box.y + 19, texts[0][1], "end")]
            step = self.plan.by_id()[box.id]
            kind = "end" if isinstance(step, End) else "start"
            return Shape(
                box.id, kind, "", pill(_narrow(box)), words, texts[0][1], "", box.id in self.wrong
            )
        words = [
            Words(box.x + 14, box.y + PAD + LINE * at + 13, text, kind)
            for at, (kind, text) in enumerate(texts)
        ]
        row = item.row
        parts = [f"{item.number} {item.name}", item.owner]
        parts += [text for kind, text in texts if kind in ("state", "wrong")]
        outline = {"if": hexagon, "automatic": pill}.get(item.kind, square)(box)
        state = "" if row is None else row.state
        return Shape(
            box.id, item.kind, state, outline, words, ", ".join(filter(None, parts)),
            self.link(box.id), box.id in self.wrong,
        )  # fmt: skip

    @property
    def strokes(self) -> list[Stroke]:
        """The arrows."""
        return [self._stroke(line) for line in self.layout.lines]

    def _stroke(self, line: Line) -> Stroke:
        word = {"yes": _("if so"), "no": _("if not"), "failed": _("if it fails")}
        said = word.get(line.arrow.kind, "")
        kind = "back" if line.back else line.arrow.kind or "next"
        if line.back:
            (x1, y1), (x2, y2) = line.points
            out = max(x1, x2) + 60
            path = f"M{x1:.1f} {y1:.1f}C{out:.1f} {y1:.1f} {out:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
            head = f"M{x2 + 8:.1f} {y2 - 4:.1f}L{x2:.1f} {y2:.1f}L{x2 + 8:.1f} {y2 + 4:.1f}Z"
            return Stroke(path, head, kind, said, out - 14, (y1 + y2) / 2)
        x, y = line.points[0]
        path = f"M{x:.1f} {y:.1f}"
        for x2, y2 in line.points[1:]:
            middle = (y + y2) / 2
            if x == x2:
                path += f"V{y2:.1f}"
            else:
                path += f"C{x:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}"
            x, y = x2, y2
        head = f"M{x - 4:.1f} {y - 8:.1f}L{x:.1f} {y:.1f}L{x + 4:.1f} {y - 8:.1f}Z"
        (x1, y1), (x2, y2) = line.points[:2]
        # A third of the way down the first curve.
        return Stroke(path, head, kind, said, x1 + (x2 - x1) * 0.26, y1 + (y2 - y1) * 0.36 + 4)


def columns(text: str) -> int:
    """How many columns a text takes; a wide character takes two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def cut(text: str, most: int) -> str:
    """The text, with … in place of what is too much."""
    if columns(text) <= most:
        return text
    kept = ""
    for one in text:
        if columns(kept + one) > most - 1:
            break
        kept += one
    return kept.rstrip() + "…"


def wrapped(text: str, most: int, lines: int) -> list[str]:
    """The text in so many lines at most: broken at blanks, or between wide characters."""
    pieces: list[str] = []
    for one in text:
        wide = unicodedata.east_asian_width(one) in "WF"
        if pieces and not wide and not pieces[-1][-1].isspace() and not _wide(pieces[-1][-1]):
            pieces[-1] += one
        else:
            pieces.append(one)
    found = [""]
    for at, piece in enumerate(pieces):
        if found[-1] and columns((found[-1] + piece).rstrip()) > most:
            if len(found) == lines:
                found[-1] = cut(found[-1] + "".join(pieces[at:]), most)
                break
            found.append("")
        found[-1] += piece if found[-1] else piece.lstrip()
    return [cut(one.rstrip(), most) for one in found]


def _wide(one: str) -> bool:
    return unicodedata.east_asian_width(one) in "WF"


def _narrow(box: Box) -> Box:
    """A start or an end is as wide as its word."""
    width = 84.0
    return box._replace(x=box.x + (WIDTH - width) / 2, width=width)


def square(box: Box) -> str:
    """The outline of an action."""
    return f"M{box.x:.1f} {box.y:.1f}h{box.width:.1f}v{box.height:.1f}h-{box.width:.1f}Z"


def pill(box: Box) -> str:
    """The outline of what goes by itself: round at both sides."""
    r = min(box.height / 2, 14.0)
    w, h = box.width - 2 * r, box.height - 2 * r
    arc = f"a{r:.1f} {r:.1f} 0 0 1"
    return (
        f"M{box.x + r:.1f} {box.y:.1f}h{w:.1f}{arc} {r:.1f} {r:.1f}v{h:.1f}{arc} -{r:.1f} {r:.1f}"
        f"h-{w:.1f}{arc} -{r:.1f} -{r:.1f}v-{h:.1f}{arc} {r:.1f} -{r:.1f}Z"
    )


def hexagon(box: Box) -> str:
    """The outline of a condition: pointed at both sides."""
    tip, half = 10.0, box.height / 2
    w = box.width - 2 * tip
    return (
        f"M{box.x + tip:.1f} {box.y:.1f}h{w:.1f}l{tip:.1f} {half:.1f}l-{tip:.1f} {half:.1f}"
        f"h-{w:.1f}l-{tip:.1f} -{half:.1f}Z"
    )

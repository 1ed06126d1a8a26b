"""The text in HTML: nothing else of it is kept. Pure.

Strangers send it, so it is read in one go from front to back. The standard library's parser looks
for the end of a tag anew from each `<`, which a letter of nothing but those makes a matter of
minutes; what builds a tree is no better off where nothing is ever closed.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

_TAGS: Final = re.compile(
    r"<\s*+(?:/\s*+)?(?:html|head|body|div|p|br|span|a|img|table|tr|td|ul|ol|li|b|i|u|strong|em|"
    r"font|script|style|iframe|svg|form|input|object|embed|link|meta|h[1-6])\b[^<>]*+>",
    re.IGNORECASE,
)
_SILENT: Final = {
    "script": re.compile(r"</script\b", re.IGNORECASE),
    "style": re.compile(r"</style\b", re.IGNORECASE),
    "head": re.compile(r"</head\b", re.IGNORECASE),
    "title": re.compile(r"</title\b", re.IGNORECASE),
    "template": re.compile(r"</template\b", re.IGNORECASE),
    "noscript": re.compile(r"</noscript\b", re.IGNORECASE),
    "svg": re.compile(r"</svg\b", re.IGNORECASE),
}
_LINES: Final = frozenset(
    {"p", "div", "br", "tr", "li", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"}
)
_START: Final = re.compile(r"<(?:(?P<comment>!--)|/?(?P<name>[A-Za-z][A-Za-z0-9]*+)|[!?])")
# A tag up to its end, where quoted values may hold what ends it; nobody writes longer ones.
_QUOTED: Final = re.compile(r"""(?:[^"'>]|"[^"]*+"|'[^']*+')*+>""")
LONGEST_TAG: Final = 2000
# Of numbers this long no character is known, and the standard library counts up to them.
_BEYOND: Final = re.compile(r"&#(?:[0-9]{8,}+|[xX][0-9a-fA-F]{7,}+);?")


class _Ends:
    """Where the next of something stands: looked for once, however often it is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next: dict[re.Pattern[str], int] = {}

    def after(self, pattern: re.Pattern[str], at: int) -> int:
        """Where the next match at or after `at` begins; -1 where there is none."""
        known = self._next.get(pattern, 0)
        if known != -1 and (pattern not in self._next or known < at):
            found = pattern.search(self._text, at)
            known = self._next[pattern] = found.start() if found else -1
        return known


_CLOSE: Final = re.compile(">")
_COMMENT: Final = re.compile("-->")


def has_markup(text: str) -> bool:
    """Whether tags of HTML stand in a text."""
    return _TAGS.search(text) is not None


def text_of(html: str) -> str:
    """What a reader of the HTML would read, without its markup; lines where blocks end.

    What is opened and never closed is read as text, so that nothing said is lost.

    >>> text_of("<p>Money <b>gone</b></p><script>alert(1)</script><p>Help</p>")
    'Money gone\\n\\nHelp'
    >>> text_of("I paid <b>5 &lt; 6, but 7 < 8")
    'I paid 5 < 6, but 7 < 8'
    """
    parts = []
    ends, done, at = _Ends(html), 0, 0
    while found := _START.search(html, at):
        name = (found["name"] or "").lower()
        end = _end(html, ends, found)
        if end < 0:
            at = found.end()
            continue
        parts.append(_said(html[done : found.start()]))
        if name in _LINES:
            parts.append("\n")
        elif name in _SILENT and html[found.start() + 1] != "/":
            closing = ends.after(_SILENT[name], end)
            end = end if closing < 0 else closing
        done = at = end
    parts.append(_said(html[done:]))
    lines = [" ".join(line.split()) for line in "".join(parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _end(html: str, ends: _Ends, found: re.Match[str]) -> int:
    """Behind the tag or the comment that begins there; -1 where it does not end."""
    if found["comment"]:
        end = ends.after(_COMMENT, found.end())
        return end + 3 if end >= 0 else -1
    end = ends.after(_CLOSE, found.end())
    if end < 0:
        return -1
    quoted = _QUOTED.match(html, found.end(), found.end() + LONGEST_TAG)
    return quoted.end() if quoted else end + 1


def _said(data: str) -> str:
    return unescape(_BEYOND.sub("�", data))

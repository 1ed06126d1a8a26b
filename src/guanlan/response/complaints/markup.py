"""The text in HTML: nothing else of it is kept. Pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_TAGS: Final = re.compile(
    r"<\s*/?\s*(?:html|head|body|div|p|br|span|a|img|table|tr|td|ul|ol|li|b|i|u|strong|em|font|"
    r"script|style|iframe|svg|form|input|object|embed|link|meta|h[1-6])\b[^<>]*>",
    re.IGNORECASE,
)
_SILENT: Final = frozenset({"script", "style", "head", "title", "template", "noscript", "svg"})
_LINES: Final = frozenset(
    {"p", "div", "br", "tr", "li", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"}
)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _LINES:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _LINES:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def has_markup(text: str) -> bool:
    """Whether tags of HTML stand in a text."""
    return _TAGS.search(text) is not None


def text_of(html: str) -> str:
    """What a reader of the HTML would read, without its markup; lines where blocks end.

    >>> text_of("<p>Money <b>gone</b></p><script>alert(1)</script><p>Help</p>")
    'Money gone\\n\\nHelp'
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

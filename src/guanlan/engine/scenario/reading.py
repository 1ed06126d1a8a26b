"""Typed readers over the document tree: each returns the value, or reports and returns None."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from guanlan.engine.scenario.document import Items, Node, Scalar, Table
from guanlan.engine.scenario.model import Text
from guanlan.engine.scenario.positions import Issue, ScenarioError, Source
from guanlan.engine.scenario.vocabulary import (
    MAX_NAME,
    NAME_PATTERN,
    closest,
    is_reserved,
    listing,
    parse_window,
)

Path = tuple[str | int, ...]

MAX_TEXT = 500
MAX_ISSUES = 1_000
INT64 = 2**63 - 1
_WHOLE = re.compile(r"[-+]?[0-9]{1,20}\Z")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,20}(\.[0-9]{1,20})?\Z")
# Plain words that YAML itself reads as something else than text.
_NOT_TEXT = re.compile(
    r"(~|null|true|false|[-+]?[0-9][0-9_]*(\.[0-9]*)?([eE][-+]?[0-9]+)?|[-+]?\.(inf|nan))\Z",
    re.IGNORECASE,
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Reader:
    """Reads nodes and remembers where each path of the scenario stands."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.issues: list[Issue] = []
        self.places: dict[Path, Node] = {}
        self.unreadable: set[str] = set()  # names whose declaration could not be read

    def report(self, offset: int, message: str) -> None:
        """Note a problem. Raises ScenarioError when there are more than anyone would read."""
        self.issues.append(self.source.issue(offset, message))
        if len(self.issues) >= MAX_ISSUES:
            raise ScenarioError(
                [*self.issues, self.source.issue(offset, "too many problems; reading stops here")]
            )

    def wrong(self, node: Node, what: str, expected: str) -> None:
        """Report that `what` is not as `expected`; an empty value is called missing."""
        if isinstance(node, Scalar) and not node.text and not node.style:
            self.report(node.offset, f"{what} is empty; expected {expected}")
        else:
            self.report(node.offset, f"{what} must be {expected}")

    def place(self, path: Path) -> Node | None:
        """The node of a path, or of the nearest thing around it."""
        for end in range(len(path), 0, -1):
            node = self.places.get(path[:end])
            if node is not None:
                return node
        return None

    def table(
        self,
        node: Node,
        path: Path,
        what: str,
        required: Sequence[str] = (),
        optional: Sequence[str] = (),
        at: Node | None = None,
    ) -> dict[str, Node] | None:
        """A mapping with known keys; unknown ones are reported, missing ones at `at`."""
        known = [*required, *optional]
        if not isinstance(node, Table):
            self.wrong(node, what, f"a mapping with {listing(known)}")
            return None
        found: dict[str, Node] = {}
        for key, value in node.entries:
            if key.text not in known:
                expected = closest(key.text, known) or f"; expected {listing(known)}"
                self.report(key.offset, f"{what} has an unknown key `{key.text}`{expected}")
                continue
            found[key.text] = value
            self.places[(*path, key.text)] = value
        for name in required:
            if name not in found:
                self.report((at or node).offset, f"{what} has no `{name}`")
        return found

    def named(self, node: Node | None, path: Path, kind: str) -> list[tuple[str, Scalar, Node]]:
        """A mapping from names to declarations, e.g. of kind `event type`."""
        if node is None:
            return []
        if not isinstance(node, Table):
            self.wrong(node, str(path[-1]), f"a mapping from a name to the {kind}")
            return []
        found = []
        for key, value in node.entries:
            if self.is_name(key, f"the name of the {kind}"):
                self.places[(*path, key.text)] = value
                self.places[(*path, key.text, "name")] = key
                found.append((key.text, key, value))
        return found

    def items(self, node: Node | None, path: Path, what: str) -> list[Node]:
        if node is None:
            return []
        if not isinstance(node, Items):
            self.wrong(node, what, "a list")
            return []
        for index, item in enumerate(node.nodes):
            self.places[(*path, index)] = item
        return list(node.nodes)

    def is_name(self, node: Scalar, what: str) -> bool:
        text = node.text
        if re.match(NAME_PATTERN, text) is None or text.endswith("\n") or len(text) > MAX_NAME:
            self.report(
                node.offset,
                f"{what} must be lower-case letters, digits and `_`, start with a letter "
                f"and have at most {MAX_NAME} characters",
            )
        elif is_reserved(text):
            self.report(node.offset, f"`{text}` is a reserved word and cannot be {what}")
        else:
            return True
        self.unreadable.add(text)
        return False

    def string(self, node: Node | None, what: str, limit: int = MAX_TEXT) -> str | None:
        """Text that says something: not empty, not a bare number or `true`."""
        if node is None:
            return None
        if not isinstance(node, Scalar) or not (node.style or node.text):
            self.wrong(node, what, "text")
        elif not node.style and _NOT_TEXT.match(node.text):
            self.wrong(node, what, "text; put it in quotes if it is meant literally")
        elif _CONTROL.search(node.text):
            self.wrong(node, what, "text without control characters")
        elif not node.text.strip():
            self.wrong(node, what, "text that is not empty")
        elif len(node.text) > limit:
            self.wrong(node, what, f"at most {limit} characters")
        else:
            return node.text.strip()
        return None

    def pattern(self, node: Node | None, what: str, pattern: str, expected: str) -> str | None:
        if node is None:
            return None
        if (
            not isinstance(node, Scalar)
            or re.match(pattern, node.text) is None
            or node.text.endswith("\n")
            or len(node.text) > 2 * MAX_NAME
        ):
            self.wrong(node, what, expected)
            return None
        return node.text

    def choice(self, node: Node | None, what: str, words: Collection[str]) -> str | None:
        if node is None:
            return None
        if isinstance(node, Scalar) and node.text in words:
            return node.text
        hint = closest(node.text, words) if isinstance(node, Scalar) else ""
        self.wrong(node, what, f"one of {listing(words)}{hint}")
        return None

    def integer(self, node: Node | None, what: str, low: int, high: int) -> int | None:
        if node is None:
            return None
        if isinstance(node, Scalar) and not node.style and _WHOLE.match(node.text):
            number = int(node.text)
            if low <= number <= high:
                return number
        if low == high:
            self.wrong(node, what, str(low))
        else:
            self.wrong(node, what, f"a whole number{_span(low, high)}")
        return None

    def scaled(self, node: Node | None, what: str, decimals: int) -> int | None:
        """A decimal number times 10**decimals, exactly."""
        if node is None:
            return None
        if isinstance(node, Scalar) and not node.style and _DECIMAL.match(node.text):
            try:
                number = Decimal(node.text).scaleb(decimals)
            except InvalidOperation:
                number = Decimal("0.5")
            if number == number.to_integral_value() and abs(number) <= INT64:
                return int(number)
        places = f" with at most {decimals} decimals" if decimals else ""
        kind = "a number" if decimals else "a whole number"
        self.wrong(node, what, kind + places)
        return None

    def boolean(self, node: Node | None, what: str) -> bool | None:
        if node is None:
            return None
        if isinstance(node, Scalar) and not node.style and node.text in ("true", "false"):
            return node.text == "true"
        self.wrong(node, what, "true or false")
        return None

    def words(
        self, node: Node | None, path: Path, what: str, read: Callable[[Node, str], str | None]
    ) -> tuple[str, ...] | None:
        """One word or a list of different words, each read by `read` and placed by itself."""
        if node is None:
            return None
        if isinstance(node, Scalar) and node.text:
            nodes: Sequence[Node] = (node,)
        elif isinstance(node, Items) and node.nodes:
            nodes = node.nodes
        else:
            self.wrong(node, what, "a name or a list of names")
            return None
        words: list[str] = []
        complete = True
        for item in nodes:
            word = read(item, what)
            if word is None:
                complete = False
            elif word in words:
                self.report(item.offset, f"{what} names `{word}` twice")
            else:
                words.append(word)
                self.places[(*path, word)] = item
        return tuple(words) if complete else None

    def name(self, node: Node | None, what: str) -> str | None:
        return self.pattern(node, what, NAME_PATTERN, "a name")

    def expression(self, node: Node | None, what: str) -> str | None:
        if node is None:
            return None
        if not isinstance(node, Scalar) or not node.text.strip():
            self.wrong(node, what, "an expression")
            return None
        return node.text

    def window(self, node: Node | None, what: str) -> tuple[int | None] | None:
        """A tuple around the window, since None means `ever`."""
        if node is None:
            return None
        if isinstance(node, Scalar):
            try:
                return (parse_window(node.text),)
            except ValueError:
                pass
        self.wrong(node, what, "like 90s, 5m, 24h or 30d, at most 3660d, or `ever`")
        return None

    def instant(self, node: Node | None, what: str) -> int | None:
        """Microseconds since 1970 of an RFC 3339 time with a zone."""
        if node is None:
            return None
        if isinstance(node, Scalar) and re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]", node.text):
            try:
                moment = datetime.fromisoformat(node.text.upper())
                if moment.tzinfo is not None:
                    return (moment - _EPOCH) // timedelta(microseconds=1)
            except (ValueError, OverflowError):
                pass
        self.wrong(node, what, "a time with its zone, like 2027-01-01T00:00:00Z")
        return None

    def title(self, node: Node | None, path: Path, what: str) -> Text:
        """A text in the console's languages; what cannot be read is left empty."""
        found = None
        if node is not None:
            found = self.table(node, path, what, required=("en", "zh"), optional=("zh-Hant",))
        read = {
            key: self.string(value, f"`{key}` of {what}") for key, value in (found or {}).items()
        }
        return Text(
            en=read.get("en") or "", zh=read.get("zh") or "", zh_hant=read.get("zh-Hant") or ""
        )


def _span(low: int, high: int) -> str:
    return f" of at least {low}" if high == INT64 else f" from {low} to {high}"

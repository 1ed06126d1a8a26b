"""YAML text to a plain tree that remembers where every value stands.

Built from the parser's events, not from PyYAML's own composer: that one recurses on nesting,
keeps the last of duplicate keys, and resolves words such as `on` to booleans. Here every
scalar stays text until a reader says which type is expected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

import yaml

from guanlan.engine.scenario.positions import Issue, ScenarioError, Source

MAX_BYTES = 1 << 20
MAX_DEPTH = 24
MAX_NODES = 100_000  # with aliases counted as often as they are used

# libyaml is some ten times faster; the events are the same.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NOT_TEXT = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd"
                       "\U00010000-\U0010ffff]")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scalar:
    """A word, number or text; `style` is "" when it was written without quotes."""

    offset: int
    text: str
    style: str
    size: int = 1


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    offset: int
    nodes: tuple[Node, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping, in the order written; keys are unique."""

    offset: int
    entries: tuple[tuple[Scalar, Node], ...]
    size: int


Node = Scalar | Items | Table


def read_document(source: Source, noun: str = "scenario file", begin: str = "guanlan") -> Table:
    """The mapping that the whole text is; `noun` and `begin`, its first key, are for messages.

    Raises ScenarioError for text that is too large, too deep, not YAML, or that uses what
    scenario files do without: tags, merge keys, several documents.
    """
    text = source.text
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise _error(source, 0, f"the file is larger than {MAX_BYTES:,} bytes")
    bad = _NOT_TEXT.search(text)
    if bad is not None:
        raise _error(
            source,
            bad.start(),
            f"the character U+{ord(bad[0]):04X} may not stand in a {noun}",
        )
    builder = _Builder(source, noun)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        offset = source.offset(mark.line, mark.column) if mark else 0
        raise _error(source, offset, _syntax_message(source, offset, error)) from None
    except yaml.YAMLError as error:
        raise _error(source, 0, f"this is not YAML: {error}") from None
    if builder.issues:
        raise ScenarioError(builder.issues)
    if not isinstance(builder.root, Table):
        offset = builder.root.offset if builder.root else 0
        raise _error(source, offset, f"a {noun} is a mapping that starts with `{begin}: 1`")
    return builder.root


def _error(source: Source, offset: int, message: str) -> ScenarioError:
    return ScenarioError([source.issue(offset, message)])


def _syntax_message(source: Source, offset: int, error: yaml.MarkedYAMLError) -> str:
    line_start = source.text.rfind("\n", 0, offset) + 1
    indent = source.text[line_start : offset + 1]
    problem = error.problem or error.context or "the text cannot be read"
    if "\t" in indent and not indent.strip():
        return "a tab stands in the indentation, where YAML wants spaces"
    if "<block end>" in problem:
        return "this line is not indented like the lines it belongs to"
    if "mapping values are not allowed" in problem:
        return "a `:` cannot stand here; quote the text if the colon belongs to it"
    if "expected ':'" in problem:
        return "this line is neither `key: value` nor part of the text above it"
    if "undefined alias" in problem:
        return "this alias names an anchor that does not exist above it"
    return f"this is not YAML: {problem}"


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    offset: int
    anchor: str | None
    is_table: bool
    nodes: list[Node]
    keys: dict[str, Scalar]


class _Builder:
    """Takes parser events, one after the other, and grows the tree without recursion."""

    def __init__(self, source: Source, noun: str) -> None:
        self.root: Node | None = None
        self.issues: list[Issue] = []
        self._source = source
        self._noun = noun
        self._open: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}  # None while the anchored value is open
        self._documents = 0
        self._values = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._refuse(event, f"a {self._noun} holds one document, and here starts another")
        elif isinstance(event, yaml.ScalarEvent):
            self._no_tag(event, event.tag)
            style = event.style or ""
            node = Scalar(self._offset(event), event.value, "" if style == ":" else style)
            self._add(node, event.anchor, event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            self._no_tag(event, event.tag)
            self._start(event, isinstance(event, yaml.MappingStartEvent))
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            self._end(event)

    def _start(self, event: yaml.CollectionStartEvent, is_table: bool) -> None:
        if len(self._open) >= MAX_DEPTH:
            self._refuse(event, f"values are nested deeper than {MAX_DEPTH} levels here")
        if event.anchor:
            self._anchors[event.anchor] = None
        self._open.append(_Open(self._offset(event), event.anchor, is_table, [], {}))

    def _end(self, event: yaml.Event) -> None:
        done = self._open.pop()
        size = 1 + sum(node.size for node in done.nodes)
        node: Node
        if done.is_table:
            pairs = zip(done.nodes[::2], done.nodes[1::2], strict=True)
            entries = tuple((key, value) for key, value in pairs if isinstance(key, Scalar))
            node = Table(done.offset, entries, size)
        else:
            node = Items(done.offset, tuple(done.nodes), size)
        self._add(node, done.anchor, event)

    def _alias(self, event: yaml.AliasEvent) -> None:
        name = str(event.anchor)
        if name not in self._anchors:
            self._refuse(event, "this alias names an anchor that does not exist above it")
        node = self._anchors[name]
        if node is None:
            self._refuse(event, "this alias stands inside the value that it repeats")
        self._add(node, None, event)

    def _add(self, node: Node, anchor: str | None, event: yaml.Event) -> None:
        self._values += node.size if isinstance(event, yaml.AliasEvent) else 1
        if self._values > MAX_NODES:
            self._refuse(event, f"the file holds more than {MAX_NODES:,} values")
        if anchor:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if parent.is_table and len(parent.nodes) % 2 == 0:
            self._key(node, parent, event)
        parent.nodes.append(node)

    def _key(self, node: Node, parent: _Open, event: yaml.Event) -> None:
        offset = self._offset(event)
        if not isinstance(node, Scalar):
            self._report(node.offset, "a key must be a plain word, not a list or a mapping")
            raise ScenarioError(self.issues)
        if node.text == "<<" and not node.style:
            self._refuse(event, f"merge keys (`<<`) are not used in {self._noun}s")
        if node.text in parent.keys:
            first = self._source.issue(parent.keys[node.text].offset, "")
            self._report(offset, f"the key `{node.text}` stands twice, first on line {first.line}")
        parent.keys.setdefault(node.text, node)

    def _no_tag(self, event: yaml.NodeEvent, tag: str | None) -> None:
        if tag is not None and tag != "!":
            self._refuse(event, f"tags such as `{tag}` are not used in {self._noun}s")

    def _offset(self, event: yaml.Event) -> int:
        mark = event.start_mark
        return self._source.offset(mark.line, mark.column) if mark else 0

    def _report(self, offset: int, message: str) -> None:
        self.issues.append(self._source.issue(offset, message))

    def _refuse(self, event: yaml.Event, message: str) -> NoReturn:
        self._report(self._offset(event), message)
        raise ScenarioError(self.issues)

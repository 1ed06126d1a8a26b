"""Map files: how the columns of a table become events, and which of them are labels.

    guanlan_map: 1
    event: payment                    # or {column: KIND, values: {P: payment, R: refund}}
    id: "tx-{TRANSACTION_ID}"         # {column} stands for the cell
    time: {column: TX_DATETIME, zone: UTC}      # optional: format (strptime), unit s | ms | us
    entities:
      card: "card-{CUSTOMER_ID}"
    fields:
      amount: {column: TX_AMOUNT, as: money, scale: 2}    # 12.34 becomes 1234, half to even
      channel: CHANNEL                # the same as {column: CHANNEL, as: string}
    label:
      column: TX_FRAUD
      fraud: [1]
      delay: 7d                       # when the label becomes known
      source: chargeback
      entities: [card]                # copied to the label event
      also_legit: false
    evaluate: {entity: card, top: 100, alerts_per_day: 100, start: 2018-07-04, ...}

Columns that the map does not name are never read. Every problem is reported at once, with
file, line and column.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from guanlan.engine.backtest.convert import (
    UNITS,
    As,
    Convert,
    Template,
    Unit,
    boolean,
    integer,
    number,
    scaled,
    string,
    wire_time,
)
from guanlan.engine.backtest.evaluation import Evaluation, read_evaluation
from guanlan.engine.scenario.document import Node, Scalar, Table, read_document
from guanlan.engine.scenario.positions import ScenarioError, Source
from guanlan.engine.scenario.reading import Reader

MAP_VERSION: Final = 1
KINDS: Final[tuple[As, ...]] = ("money", "int", "number", "bool", "string", "time")


class MapError(ScenarioError):
    """A map file that cannot be used, with every problem found."""


class TimeColumn(Struct, frozen=True):
    column: str
    zone: str = "UTC"
    unit: Unit = "s"
    format: str | None = None


class FieldColumn(Struct, frozen=True):
    """A column that becomes a field. `scale` is of money: cell × 10**scale = minor units."""

    column: str
    type: As = "string"
    scale: int = 0
    zone: str = "UTC"
    unit: Unit = "s"
    format: str | None = None

    def converter(self) -> Convert:
        if self.type == "money":
            return scaled(self.scale)
        if self.type == "time":
            return wire_time(self.zone, self.unit, self.format)
        table: dict[str, Convert] = {
            "int": integer,
            "number": number,
            "bool": boolean,
            "string": string,
        }
        return table[self.type]


class TypeColumn(Struct, frozen=True):
    """The event type: one for all rows, or by the text of a cell."""

    name: str | None = None
    column: str | None = None
    values: dict[str, str] = {}


class LabelColumn(Struct, frozen=True):
    """A column that says what an event turned out to be. `delay` is microseconds."""

    column: str
    fraud: frozenset[str]
    delay: int
    source: str = "history"
    entities: tuple[str, ...] = ()
    also_legit: bool = False


class EventMap(Struct, frozen=True):
    event: TypeColumn
    id: Template
    time: TimeColumn
    entities: dict[str, Template]
    fields: dict[str, FieldColumn]
    label: LabelColumn | None = None
    evaluation: Evaluation = Evaluation()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file that the map reads."""
        names = [*self.id.columns, self.time.column]
        if self.event.column is not None:
            names.append(self.event.column)
        for template in self.entities.values():
            names.extend(template.columns)
        names.extend(field.column for field in self.fields.values())
        if self.label is not None:
            names.append(self.label.column)
        return tuple(dict.fromkeys(names))


def load_map(path: Path | str) -> EventMap:
    """Read a map file. Raises MapError, or OSError when the file cannot be read."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        source = Source("", str(path))
        raise MapError([source.issue(0, "the file is not UTF-8 text")]) from None
    return parse_map(text, str(path))


def parse_map(text: str, filename: str) -> EventMap:
    """The map that `text` describes. Raises MapError with every problem found."""
    reader = Reader(Source(text, filename))
    found = None
    try:
        root = read_document(reader.source)
        found = _map(reader, root)
    except ScenarioError as error:
        raise MapError(error.issues) from None
    if reader.issues or found is None:
        raise MapError(sorted(reader.issues, key=lambda issue: (issue.line, issue.column)))
    return found


def _map(reader: Reader, root: Table) -> EventMap | None:
    keys = reader.table(
        root,
        (),
        "the map",
        required=("guanlan_map", "event", "id", "time"),
        optional=("entities", "fields", "label", "evaluate"),
    )
    if keys is None:
        return None
    version = reader.integer(keys.get("guanlan_map"), "guanlan_map", 1, 1_000_000)
    if version is not None and version != MAP_VERSION:
        reader.wrong(keys["guanlan_map"], "guanlan_map", f"{MAP_VERSION}, the known format")
    event = _type(reader, keys.get("event"))
    id_ = _template(reader, keys.get("id"), "id")
    time = _time(reader, keys.get("time"))
    entities = {
        name: template
        for name, _, node in reader.named(keys.get("entities"), ("entities",), "entity")
        if (template := _template(reader, node, f"entity `{name}`")) is not None
    }
    fields = {
        name: field
        for name, _, node in reader.named(keys.get("fields"), ("fields",), "field")
        if (field := _field(reader, node, name)) is not None
    }
    label = _label(reader, keys.get("label"), entities)
    evaluation = read_evaluation(reader, keys.get("evaluate"))
    if event is None or id_ is None or time is None:
        return None
    return EventMap(event, id_, time, entities, fields, label, evaluation)


def _template(reader: Reader, node: Node | None, what: str) -> Template | None:
    source = reader.string(node, what)
    if source is None or node is None:
        return None
    try:
        return Template(source)
    except ValueError:
        reader.wrong(node, what, "a column's name, or text with {column} in it")
        return None


def _type(reader: Reader, node: Node | None) -> TypeColumn | None:
    if node is None:
        return None
    if isinstance(node, Scalar):
        name = reader.name(node, "event")
        return None if name is None else TypeColumn(name=name)
    keys = reader.table(node, ("event",), "event", required=("column", "values"))
    if keys is None or len(keys) < 2:
        return None
    column = reader.string(keys["column"], "`column` of event")
    values = keys["values"]
    if not isinstance(values, Table):
        reader.wrong(values, "`values` of event", "a mapping from a cell's text to an event type")
        return None
    names = {
        key.text: name
        for key, value in values.entries
        if (name := reader.name(value, "an event type")) is not None
    }
    return None if column is None else TypeColumn(column=column, values=names)


def _zone(reader: Reader, node: Node | None, what: str) -> str:
    name = reader.string(node, f"`zone` of {what}")
    if name is None or node is None:
        return "UTC"
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # an unknown zone is a KeyError
        reader.wrong(node, f"`zone` of {what}", "an IANA time zone such as Asia/Shanghai")
        return "UTC"
    return name


def _time(reader: Reader, node: Node | None) -> TimeColumn | None:
    if node is None:
        return None
    if isinstance(node, Scalar):
        name = reader.string(node, "time")
        return None if name is None else TimeColumn(name)
    keys = reader.table(
        node, ("time",), "time", required=("column",), optional=("zone", "unit", "format")
    )
    if keys is None or "column" not in keys:
        return None
    column = reader.string(keys["column"], "`column` of time")
    unit = reader.choice(keys.get("unit"), "`unit` of time", UNITS)
    return TimeColumn(
        column or "",
        zone=_zone(reader, keys.get("zone"), "time"),
        unit=_unit(unit),
        format=reader.string(keys.get("format"), "`format` of time"),
    )


def _unit(name: str | None) -> Unit:
    return "ms" if name == "ms" else "us" if name == "us" else "s"


def _field(reader: Reader, node: Node, name: str) -> FieldColumn | None:
    what = f"field `{name}`"
    if isinstance(node, Scalar):
        column = reader.string(node, what)
        return None if column is None else FieldColumn(column)
    keys = reader.table(
        node,
        ("fields", name),
        what,
        required=("column",),
        optional=("as", "scale", "zone", "unit", "format"),
    )
    if keys is None or "column" not in keys:
        return None
    column = reader.string(keys["column"], f"`column` of {what}")
    kind = reader.choice(keys.get("as"), f"`as` of {what}", KINDS)
    scale = reader.integer(keys.get("scale"), f"`scale` of {what}", 0, 9)
    if "scale" in keys and kind != "money":
        reader.report(keys["scale"].offset, f"`scale` of {what} belongs to `as: money`")
    unit = reader.choice(keys.get("unit"), f"`unit` of {what}", UNITS)
    return FieldColumn(
        column or "",
        type=next((known for known in KINDS if known == kind), "string"),
        scale=scale or 0,
        zone=_zone(reader, keys.get("zone"), what),
        unit=_unit(unit),
        format=reader.string(keys.get("format"), f"`format` of {what}"),
    )


def _label(reader: Reader, node: Node | None, entities: dict[str, Template]) -> LabelColumn | None:
    if node is None:
        return None
    keys = reader.table(
        node,
        ("label",),
        "label",
        required=("column", "fraud", "delay"),
        optional=("source", "entities", "also_legit"),
    )
    if keys is None or not {"column", "fraud", "delay"} <= set(keys):
        return None
    column = reader.string(keys["column"], "`column` of label")
    fraud = reader.words(keys["fraud"], ("label", "fraud"), "`fraud` of label", _word)
    delay = reader.window(keys["delay"], "`delay` of label")
    if delay == (None,):
        reader.wrong(keys["delay"], "`delay` of label", "like 90s, 5m, 24h or 7d")

    def role(item: Node, what: str) -> str | None:
        return reader.choice(item, what, tuple(entities))

    copied = reader.words(keys.get("entities"), ("label", "entities"), "`entities` of label", role)
    also = reader.boolean(keys.get("also_legit"), "`also_legit` of label")
    source = reader.string(keys.get("source"), "`source` of label")
    if column is None or fraud is None or delay is None or delay[0] is None:
        return None
    return LabelColumn(
        column=column,
        fraud=frozenset(fraud),
        delay=delay[0],
        source=source or "history",
        entities=tuple(entities) if copied is None else copied,
        also_legit=bool(also),
    )


def _word(node: Node, what: str) -> str | None:
    return node.text if isinstance(node, Scalar) else None

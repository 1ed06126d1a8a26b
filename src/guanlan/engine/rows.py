"""From a typed event to the values its rules see and the int64 row the kernel sees.

One function is generated per event type. Its source holds only integers, identifiers that
the scenario loader has checked, and fragments compiled from type-checked expressions.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import structs

from guanlan.engine.event import microseconds
from guanlan.engine.kernel import Series, Shape
from guanlan.engine.keys import Hasher, identifier
from guanlan.engine.language import Env, check, compile_expr, parse
from guanlan.engine.scenario.environment import names, where_names
from guanlan.engine.scenario.model import EventType, Field, Scenario

Fill = Callable[[Any, int, int], tuple[tuple[Any, ...], tuple[int, ...]]]
"""(event, event time, clock) -> (values, row). `values` holds the roles, then the fields in
the scenario's order, then event time and clock; the row is as `Shape` plans it."""


class Keys:
    """The hash functions of one deployment: ids, each kind of entity, field values."""

    def __init__(self, secret: bytes) -> None:
        self.identifier = identifier(secret)
        self._secret = secret
        self._by_kind: dict[str, Hasher] = {}

    def of(self, kind: str) -> Hasher:
        """The key function of an entity kind, or of a field's values as `field:<name>`."""
        if kind not in self._by_kind:
            self._by_kind[kind] = Hasher(self._secret, kind)
        return self._by_kind[kind]


def value_index(event: EventType) -> dict[str, int]:
    """Where each name of an event type stands in the tuple of values."""
    declared = [role.name for role in event.roles] + [field.name for field in event.fields]
    return {name: i for i, name in enumerate([*declared, "time", "clock"])}


def load_of(event: EventType, variable: str) -> dict[str, str]:
    """Python source that yields each event name from the tuple of values `variable`."""
    load = {name: f"{variable}[{i}]" for name, i in value_index(event).items()}
    load["lateness"] = f"({load['clock']} - {load['time']})"
    load["event_type"] = repr(event.name)
    return load


def row_struct(shape: Shape) -> struct.Struct:
    """Packs one row of `shape` into bytes."""
    return struct.Struct(f"<{shape.row_width}q")


def build_fill(scenario: Scenario, shape: Shape, event: EventType, keys: Keys) -> Fill:
    """The fill function of an event type.

    `shape` may stem from another version of the scenario with the same event types (while
    new features are warming the old state goes on).
    """
    index = value_index(event)
    names_used: dict[str, Any] = {"I": keys.identifier, "M": shape.mix, "T": microseconds}
    lines = ["def fill(ev, t, c):", "    x = ev.entities", "    f = ev.fields"]
    lines += [f"    a{index[role.name]} = x.{role.name}" for role in event.roles]
    for field in event.fields:
        lines += _field_lines(field, index[field.name])
    type_index = shape.type_index[event.name]
    cells = ["0"] * shape.row_width
    cells[0], cells[1], cells[2] = "I(ev.id)", "c", str(type_index)
    lines += _key_lines(shape, event, type_index, index, keys, cells, names_used)
    _value_cells(shape, event, type_index, index, keys, cells, names_used)
    lines += _match_lines(scenario, shape, event, type_index, index, cells, names_used)
    everything = ", ".join(f"a{i}" for i in range(len(index) - 2))
    values = f"({everything}, t, c)" if everything else "(t, c)"
    lines.append(f"    return {values}, ({', '.join(cells)},)")
    space: dict[str, Any] = {"__builtins__": {"round": round, "type": type, "int": int}}
    space.update(names_used)
    source = "\n".join(lines) + "\n"
    exec(compile(source, f"<fill {event.name}>", "exec"), space)  # noqa: S102 - see the module's head
    fill: Fill = space["fill"]
    return fill


def _field_lines(field: Field, at: int) -> list[str]:
    """Loads a field as rules see it (`a`) and, where that differs, as stored (`s`)."""
    read = [f"    a{at} = f.{field.name}"]
    guard = "" if field.required else f"if a{at} is not None: "
    if field.type == "money":
        some = f"a{at} is not None and " if not field.required else ""
        read.append(f"    if {some}type(a{at}) is not int: a{at} = a{at}.value")
    elif field.type == "number":
        scale = 10**field.decimals
        if not field.required:
            read.append(f"    s{at} = 0")
        read.append(f"    {guard}s{at} = round(a{at} * {scale}); a{at} = s{at} / {scale}")
    elif field.type == "time":
        read.append(f"    {guard}a{at} = T(a{at})")
    return read


def _key_lines(
    shape: Shape,
    event: EventType,
    type_index: int,
    index: Mapping[str, int],
    keys: Keys,
    cells: list[str],
    names_used: dict[str, Any],
) -> list[str]:
    roles = {role.name: role for role in event.roles}
    lines = []
    parts = dict.fromkeys(role for key in shape.type_keys[type_index] for role in key.roles)
    parts.update(
        dict.fromkeys(v.name for v in shape.type_values[type_index] if v.hashed and v.name in roles)
    )
    for name in parts:
        role, at = roles[name], index[name]
        names_used[f"K{at}"] = keys.of(role.kind)
        names_used[f"G{at}"] = keys.of(role.kind).known
        source = f"G{at}(a{at}) or K{at}(a{at})"
        lines.append(
            f"    k{at} = {source}"
            if role.required
            else f"    k{at} = ({source}) if a{at} is not None else 0"
        )
    for key in shape.type_keys[type_index]:
        source = f"k{index[key.roles[0]]}"
        for name in key.roles[1:]:
            source = f"M({source}, k{index[name]})"
        optional = [f"k{index[name]}" for name in key.roles if not roles[name].required]
        if optional and len(key.roles) > 1:
            source = f"({source} if {' and '.join(optional)} else 0)"
        cells[key.column] = source
    return lines


def _value_cells(
    shape: Shape,
    event: EventType,
    type_index: int,
    index: Mapping[str, int],
    keys: Keys,
    cells: list[str],
    names_used: dict[str, Any],
) -> None:
    roles = {role.name for role in event.roles}
    fields = {field.name: field for field in event.fields}
    for value in shape.type_values[type_index]:
        at = index[value.name]
        if value.name in roles:
            cells[value.column] = f"k{at}"
            continue
        field = fields[value.name]
        stored = f"s{at}" if field.type == "number" else f"a{at}"
        if value.hashed:
            names_used[f"H{at}"] = _text_key(keys.of(f"field:{value.name}"))
            source = f"H{at}({stored})"
        else:
            source = f"int({stored})" if field.type == "bool" else stored
        optional = "" if field.required else f" if a{at} is not None else 0"
        cells[value.column] = f"({source}{optional})"


def _text_key(key: Callable[[str], int]) -> Callable[[object], int]:
    def of(value: object) -> int:
        return key(value if isinstance(value, str) else str(value))

    return of


def _match_lines(
    scenario: Scenario,
    shape: Shape,
    event: EventType,
    type_index: int,
    index: Mapping[str, int],
    cells: list[str],
    names_used: dict[str, Any],
) -> list[str]:
    required = {r.name for r in event.roles if r.required}
    required |= {f.name for f in event.fields if f.required}
    load = {name: f"a{i}" for name, i in index.items()}
    load.update(time="t", clock="c", lateness="(c - t)", event_type=repr(event.name))
    env = where_names(scenario, event.name, load.__getitem__)
    words: dict[int, list[str]] = {}
    lines = []
    wheres: dict[str, str] = {}
    for series in shape.type_series[type_index]:
        if series.where is not None and series.where not in wheres:
            local = f"w{len(wheres)}"
            wheres[series.where] = local
            typed = check(parse(series.where), env)
            if isinstance(typed, list):
                raise ValueError(f"filter {series.where!r}: {typed[0].message}")
            fragment = compile_expr(typed, env, prefix=f"{local}_")
            names_used.update(fragment.globals)
            lines += [
                "    try:",
                f"        {local} = {fragment.source}",
                f"    except OverflowError: {local} = None",
            ]
        condition = _condition(series, required, index, wheres)
        bit = str(1 << series.bit)
        words.setdefault(series.word, []).append(
            f"({bit} if {condition} else 0)" if condition else bit
        )
    if wheres:
        names_used["OverflowError"] = OverflowError
    for word, bits in words.items():
        cells[word] = " | ".join(bits)
    return lines


def _condition(
    series: Series, required: set[str], index: Mapping[str, int], wheres: Mapping[str, str]
) -> str:
    needed = [*series.by, *([series.of] if series.of else [])]
    conditions = [f"a{index[n]} is not None" for n in dict.fromkeys(needed) if n not in required]
    if series.where is not None:
        conditions.append(wheres[series.where])
    return " and ".join(conditions)


def env_of(scenario: Scenario, shape: Shape, event: EventType, warming: frozenset[str]) -> Env:
    """The names a rule on `event` may use, loading from `e` (values) and `o` (slots).

    Features in `warming` are unknown.
    """
    load = load_of(event, "e")
    type_index = shape.type_index[event.name]

    def source(name: str) -> str:
        if name in load:
            return load[name]
        return "None" if name in warming else shape.load_source(type_index, name, "o")

    env = names(scenario, event.name, source)
    if not warming:
        return env
    known = {
        name: structs.replace(known, optional=True) if name in warming else known
        for name, known in env.names.items()
    }
    return structs.replace(env, names=known)


def absent_row(shape: Shape, type_index: int, column: int, key: int, clock: int) -> Sequence[int]:
    """A row that enters nothing and looks up `key` in one key column, for peeking."""
    row = [0] * shape.row_width
    row[1], row[2], row[column] = clock, type_index, key
    return row

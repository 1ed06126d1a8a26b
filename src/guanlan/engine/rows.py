"""From a typed event to the values its rules see and the int64 row the kernel sees.

One function is generated per event type. Its source holds only integers, identifiers that
the scenario loader has checked, and fragments compiled from type-checked expressions.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
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
    return _Writer(scenario, shape, event, keys).function()


class _Writer:
    """Writes the source of one fill function and collects the names it uses.

    In the source `a<i>` is the value number i as rules see it, `s<i>` a number as stored,
    `k<i>` the key of a role, `w<i>` the truth of a filter.
    """

    def __init__(self, scenario: Scenario, shape: Shape, event: EventType, keys: Keys) -> None:
        self._scenario, self._shape, self._event, self._keys = scenario, shape, event, keys
        self._type = shape.type_index[event.name]
        self._index = value_index(event)
        self._roles = {role.name: role for role in event.roles}
        self._fields = {field.name: field for field in event.fields}
        self._cells = ["0"] * shape.row_width
        self._cells[0], self._cells[1], self._cells[2] = "I(ev.id)", "c", str(self._type)
        self._lines: list[str] = []
        self._names: dict[str, Any] = {
            "I": keys.identifier,
            "M": shape.mix,
            "T": microseconds,
            "OverflowError": OverflowError,
            "__builtins__": {"round": round, "type": type, "int": int},
        }

    def function(self) -> Fill:
        index = self._index
        self._lines += ["def fill(ev, t, c):", "    x = ev.entities", "    f = ev.fields"]
        self._lines += [f"    a{index[name]} = x.{name}" for name in self._roles]
        for field in self._event.fields:
            self._load(field, index[field.name])
        self._key_roles()
        self._key_columns()
        self._value_columns()
        self._match_words()
        everything = ", ".join(f"a{i}" for i in range(len(index) - 2))
        values = f"({everything}, t, c)" if everything else "(t, c)"
        self._lines.append(f"    return {values}, ({', '.join(self._cells)},)")
        source = "\n".join(self._lines) + "\n"
        code = compile(source, f"<fill {self._event.name}>", "exec")
        exec(code, self._names)  # noqa: S102 - generated, see the module's head
        fill: Fill = self._names["fill"]
        return fill

    def _load(self, field: Field, at: int) -> None:
        """Loads a field as rules see it and, where that differs, as stored."""
        self._lines.append(f"    a{at} = f.{field.name}")
        guard = "" if field.required else f"if a{at} is not None: "
        if field.type == "money":
            some = "" if field.required else f"a{at} is not None and "
            self._lines.append(f"    if {some}type(a{at}) is not int: a{at} = a{at}.value")
        elif field.type == "number":
            scale = 10**field.decimals
            if not field.required:
                self._lines.append(f"    s{at} = 0")
            self._lines.append(
                f"    {guard}s{at} = round(a{at} * {scale}); a{at} = s{at} / {scale}"
            )
        elif field.type == "time":
            self._lines.append(f"    {guard}a{at} = T(a{at})")

    def _key_roles(self) -> None:
        """One key per role that is written, looked up or counted as distinct."""
        needed = [name for key in self._shape.type_keys[self._type] for name in key.roles]
        needed += [
            value.name
            for value in self._shape.type_values[self._type]
            if value.hashed and value.name in self._roles
        ]
        for name in dict.fromkeys(needed):
            role, at = self._roles[name], self._index[name]
            key = self._keys.of(role.kind)
            self._names[f"K{at}"], self._names[f"G{at}"] = key, key.known
            source = f"G{at}(a{at}) or K{at}(a{at})"
            self._lines.append(
                f"    k{at} = {source}"
                if role.required
                else f"    k{at} = ({source}) if a{at} is not None else 0"
            )

    def _key_columns(self) -> None:
        for key in self._shape.type_keys[self._type]:
            parts = [f"k{self._index[name]}" for name in key.roles]
            source = parts[0]
            for part in parts[1:]:
                source = f"M({source}, {part})"
            optional = [
                part
                for part, name in zip(parts, key.roles, strict=True)
                if not self._roles[name].required
            ]
            if optional and len(parts) > 1:
                source = f"({source} if {' and '.join(optional)} else 0)"
            self._cells[key.column] = source

    def _value_columns(self) -> None:
        for value in self._shape.type_values[self._type]:
            at = self._index[value.name]
            if value.name in self._roles:
                self._cells[value.column] = f"k{at}"
                continue
            field = self._fields[value.name]
            stored = f"s{at}" if field.type == "number" else f"a{at}"
            if value.hashed:
                self._names[f"H{at}"] = _text_key(self._keys.of(f"field:{value.name}"))
                source = f"H{at}({stored})"
            else:
                source = f"int({stored})" if field.type == "bool" else stored
            optional = "" if field.required else f" if a{at} is not None else 0"
            self._cells[value.column] = f"({source}{optional})"

    def _match_words(self) -> None:
        """The bits that say which series the event enters."""
        filters: dict[str, str] = {}
        words: dict[int, list[str]] = {}
        for series in self._shape.type_series[self._type]:
            if series.where is not None and series.where not in filters:
                filters[series.where] = self._filter(series.where, f"w{len(filters)}")
            condition = self._condition(series, filters)
            bit = str(1 << series.bit)
            words.setdefault(series.word, []).append(
                f"({bit} if {condition} else 0)" if condition else bit
            )
        for word, bits in words.items():
            self._cells[word] = " | ".join(bits)

    def _filter(self, where: str, local: str) -> str:
        load = {name: f"a{i}" for name, i in self._index.items()}
        load.update(time="t", clock="c", lateness="(c - t)", event_type=repr(self._event.name))
        env = where_names(self._scenario, self._event.name, load.__getitem__)
        typed = check(parse(where), env)
        if isinstance(typed, list):
            raise ValueError(f"filter {where!r}: {typed[0].message}")
        fragment = compile_expr(typed, env, prefix=f"{local}_")
        self._names.update(fragment.globals)
        self._lines += [
            "    try:",
            f"        {local} = {fragment.source}",
            f"    except OverflowError: {local} = None",
        ]
        return local

    def _condition(self, series: Series, filters: Mapping[str, str]) -> str:
        needed = [*series.by, *([series.of] if series.of else [])]
        conditions = [
            f"a{self._index[name]} is not None"
            for name in dict.fromkeys(needed)
            if not self._required(name)
        ]
        if series.where is not None:
            conditions.append(filters[series.where])
        return " and ".join(conditions)

    def _required(self, name: str) -> bool:
        return (self._roles.get(name) or self._fields[name]).required


def _text_key(key: Callable[[str], int]) -> Callable[[object], int]:
    def of(value: object) -> int:
        return key(value if isinstance(value, str) else str(value))

    return of


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

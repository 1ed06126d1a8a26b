"""What the engine knows about one entity right now."""

from __future__ import annotations

from msgspec import Struct

from guanlan.engine.kernel import Kernel
from guanlan.engine.lists import Lists
from guanlan.engine.program import Program
from guanlan.engine.restrictions import Restriction
from guanlan.engine.rows import Keys
from guanlan.engine.scenario.model import ListEntry


class Listed(Struct, frozen=True):
    """A list the entity is in, and the entry that put it there."""

    list: str
    kind: str
    entry: ListEntry


class EntityView(Struct, frozen=True):
    """Features keyed by this entity alone, as an event at `clock` (µs) would read them, and
    the lists it is in and what restricts it. None = unknown; money in minor units, durations
    in microseconds."""

    kind: str
    key: str
    clock: int
    features: dict[str, int | float | bool | None]
    lists: tuple[Listed, ...]
    restrictions: tuple[Restriction, ...] = ()


def look_up(
    program: Program, kernel: Kernel, lists: Lists, keys: Keys, kind: str, key: str, clock: int
) -> EntityView | None:
    """The view of an entity; None when `kind` is not declared."""
    scenario = program.scenario
    if all(entity.name != kind for entity in scenario.entities):
        return None
    shape = kernel.shape
    hashed = keys.of(kind)(key)
    values: dict[str, int | float | bool | None] = {}
    for event in program.state.events:
        index = shape.type_index[event.name]
        columns = {
            shape.key_column[(role.name,)]
            for role in event.roles
            if role.kind == kind and (role.name,) in shape.key_column
        }
        wanted = [
            name
            for name in shape.slots[index]
            if shape.feature(name).column in columns and name not in values
        ]
        if not wanted:
            continue
        row = memoryview(bytearray(8 * shape.row_width)).cast("q")
        out = memoryview(bytearray(8 * shape.out_width)).cast("q")
        row[1], row[2] = clock, index
        for column in columns:
            row[column] = hashed
        kernel.peek(row, out)
        read = shape.decode(index, out.tolist())
        values.update((name, read[name]) for name in wanted)
    declared = {feature.name for feature in scenario.features} - program.warming
    return EntityView(
        kind,
        key,
        clock,
        {name: value for name, value in values.items() if name in declared},
        tuple(
            Listed(spec.name, spec.kind, lists.entries[spec.name][key])
            for spec in scenario.lists
            if spec.entity == kind and lists.in_force(spec.name, key, clock)
        ),
    )

"""A plain normaliser for the kernel's tests: event dicts to int64 rows, and slots back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from guanlan.engine.kernel import Kernel, Shape
from guanlan.engine.scenario.model import Scenario
from tests.engine.kernel.oracle import Event, Where, simple_where


def hash64(*parts: object) -> int:
    """A non-zero int64 from the parts."""
    text = "\0".join(f"{type(p).__name__}:{p}" for p in parts)
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True) or 1


def row(scenario: Scenario, shape: Shape, event: Event, where: Where = simple_where) -> list[int]:
    """The row of an event."""
    index = shape.type_index[event["type"]]
    type_ = scenario.events[index]
    kinds = {r.name: r.kind for r in type_.roles}
    entities = {k: v for k, v in event.get("entities", {}).items() if v is not None}
    fields = {k: v for k, v in event.get("fields", {}).items() if v is not None}
    out = [0] * shape.row_width
    out[0] = hash64("id", event["id"]) if event.get("id") is not None else 0
    out[1], out[2] = event["clock"], index
    keys = {role: hash64(kinds[role], value) for role, value in entities.items()}
    for k in shape.type_keys[index]:
        out[k.column] = shape.key(keys.get(role, 0) for role in k.roles)
    for v in shape.type_values[index]:
        if v.name in entities:
            out[v.column] = keys[v.name]
        elif v.name in fields and v.hashed:
            out[v.column] = hash64("value", _stored(type_, v.name, fields[v.name]))
        elif v.name in fields:
            out[v.column] = int(_stored(type_, v.name, fields[v.name]))
    for s in shape.type_series[index]:
        present = all(role in entities for role in s.by)
        needed = s.of is None or s.of in entities or s.of in fields
        if present and needed and (s.where is None or where(s.where, event) is True):
            out[s.word] |= 1 << s.bit
    return out


def _stored(type_: Any, name: str, value: Any) -> Any:
    field = next(f for f in type_.fields if f.name == name)
    return round(value * 10**field.decimals) if field.type == "number" else value


def buffer(words: int) -> memoryview:
    return memoryview(bytearray(8 * words)).cast("q")


def rows(scenario: Scenario, shape: Shape, events: Sequence[Event]) -> memoryview:
    """All rows, flat."""
    flat = buffer(max(1, len(events) * shape.row_width))
    for i, event in enumerate(events):
        for j, word in enumerate(row(scenario, shape, event)):
            flat[i * shape.row_width + j] = word
    return flat


def features(kernel: Kernel, scenario: Scenario, events: Sequence[Event]) -> list[dict[str, Any]]:
    """What the kernel says of each event, in one batch; of a duplicate what the first got."""
    shape = kernel.shape
    outs = buffer(max(1, len(events) * shape.out_width))
    assert kernel.run(rows(scenario, shape, events), outs, len(events)) == len(events)
    by_seq: list[dict[str, Any]] = []
    answers = []
    for i, event in enumerate(events):
        slots = outs[i * shape.out_width : (i + 1) * shape.out_width]
        if slots[0] == -1:
            by_seq.append(shape.decode(shape.type_index[event["type"]], slots.tolist()))
            answers.append(by_seq[-1])
        else:
            answers.append(by_seq[slots[0]])
    return answers

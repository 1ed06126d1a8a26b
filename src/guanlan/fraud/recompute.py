"""A recorded decision made again, from what the log holds of it.

The event as received is decoded and normalised anew under the program that was in force, its
row compared with the recorded one; rules, lists as they stood, and policy are applied to the
recorded feature values, what restrictions asked for is added as recorded; the resulting bytes are
compared with those that were answered.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from guanlan.core.sealing import Unopened
from guanlan.engine.event import microseconds, rfc3339
from guanlan.engine.explain import META
from guanlan.engine.history import Epoch
from guanlan.engine.judge import RestrictionEffect
from guanlan.engine.lists import ListChange, Lists
from guanlan.engine.log import Frame
from guanlan.engine.program import Program
from guanlan.engine.restrictions import restricted
from guanlan.engine.rows import Keys, row_struct
from guanlan.engine.scenario.model import Outcome
from guanlan.fraud.frames import RestrictedBy


class _Asked(Struct):
    restrictions: list[RestrictedBy] = []


def _effect(one: RestrictedBy) -> RestrictionEffect:
    return RestrictionEffect(one.id, one.effect, one.role, Outcome[one.outcome], one.reached)


class Recomputed(Struct, frozen=True):
    """`equal` is about the decision's bytes, `same_row` about the normalised event."""

    equal: bool
    same_row: bool
    recorded: bytes
    again: bytes


def recompute(
    frame: Frame, epoch: Epoch, changes: Iterable[ListChange], secret: bytes
) -> Recomputed:
    """Decide the event in `frame` again.

    `epoch` is the program that decided it, `changes` the list changes before it, oldest
    first. Raises guanlan.engine.refusal.Refused when the event no longer decodes.
    """
    row, slots, body, recorded, meta = frame.sections
    program = Program(epoch.scenario, Keys(secret), state=epoch.state)
    event = program.codec.decode(body)
    arrival = META.unpack(meta)[0]
    time = arrival if event.time is None else microseconds(event.time)
    kind = program.by_wire[type(event)]
    values, cells = kind.fill(event, time, frame.clock)
    lists = Lists(epoch.scenario)
    for change in changes:
        lists.apply(change)
    lists.clock = frame.clock
    verdict = kind.judge(values, struct.unpack(f"<{len(slots) // 8}q", slots), lists)
    asked = msgspec.json.decode(recorded, type=_Asked).restrictions
    if asked:
        verdict = restricted(verdict, [_effect(one) for one in asked])
    again = kind.encode(event.id, frame.seq, rfc3339(frame.clock).encode(), verdict)
    same_row = row_struct(program.shape).pack(*cells) == row
    return Recomputed(again == recorded, same_row, recorded, again)


def decode_changes(rows: Iterable[bytes]) -> list[ListChange]:
    """List changes from their JSON. Raises Unopened where one does not open."""
    rows = list(rows)
    if not all(rows):
        raise Unopened("a change of a list does not open")
    return [msgspec.json.decode(row, type=ListChange) for row in rows]

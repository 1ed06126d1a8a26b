"""Making every recorded decision again, and comparing byte for byte.

Each event is read from the bytes the caller posted, under the program that decided it then,
on a state built anew from all events before it. Nothing recorded is trusted but the clock,
the posted bytes and the control frames.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from guanlan.engine.building import CHUNK, Reader, remember, row_of
from guanlan.engine.event import microseconds, rfc3339
from guanlan.engine.explain import META
from guanlan.engine.history import Epoch, History
from guanlan.engine.kernel import Kernel
from guanlan.engine.lenient import Lenient
from guanlan.engine.lists import ListChange, Lists
from guanlan.engine.log import EVENT, LIST_CHANGE, PROGRAM, RESTRICTION, WARMED, Frame
from guanlan.engine.program import Program
from guanlan.engine.restrictions import RestrictionChange, Restrictions
from guanlan.engine.rows import Keys, row_struct

MOST_DIFFERENCES = 100


class Difference(Struct, frozen=True):
    """A decision that came out otherwise: event number, event id, and which parts differ
    (`row`, `features`, `decision`)."""

    seq: int
    event_id: str
    parts: tuple[str, ...]


class ReplayReport(Struct):
    """`events` replayed, `equal` of them to the byte; the first hundred that were not."""

    events: int = 0
    equal: int = 0
    differences: list[Difference] = []

    @property
    def ok(self) -> bool:
        return self.events == self.equal


class _Runner:
    """Replays the epochs whose state has one shape."""

    def __init__(self, digest: str, first: Epoch, keys: Keys, cache: Path, compiled: bool) -> None:
        self.digest = digest
        self._keys = keys
        self._base = Program(first.state, keys)
        self._kernel = Kernel(self._base.shape, cache)
        if compiled:
            self._kernel.compile_now()
        self._program = self._base
        self._lenient = Lenient(first.state, self._base.shape, keys)
        self._lists = Lists(first.scenario)
        self._restrictions = Restrictions(first.scenario)
        self._mine = False
        self._packer = row_struct(self._base.shape)
        self._row_bytes = bytearray(self._packer.size)
        self._row = memoryview(self._row_bytes).cast("q")
        self._out = memoryview(bytearray(8 * self._base.shape.out_width)).cast("q")

    def enter(self, epoch: Epoch) -> None:
        self._mine = epoch.shape.digest == self.digest
        self._lists.load(epoch.scenario)
        self._restrictions.load(epoch.scenario)
        if self._mine:
            self._program = Program(epoch.scenario, self._keys, state=epoch.state)

    def change(self, change: ListChange) -> None:
        self._lists.apply(change)

    def restrict(self, change: RestrictionChange) -> None:
        self._restrictions.apply(change)

    def event(self, frame: Frame, report: ReplayReport) -> None:
        if not self._mine:
            row = row_of(frame, self._base, self._lenient, self._keys)
            self._packer.pack_into(self._row_bytes, 0, *row)
            self._kernel.run(self._row, self._out, 1)
            if self._restrictions.held:
                remember(self._restrictions, frame)
            return
        posted = frame.sections[2]
        event = self._program.codec.decode(posted)
        kind = self._program.by_wire[type(event)]
        arrival = META.unpack(frame.sections[4])[0]
        time = arrival if event.time is None else microseconds(event.time)
        values, row = kind.fill(event, time, frame.clock)
        self._packer.pack_into(self._row_bytes, 0, *row)
        self._kernel.run(self._row, self._out, 1)
        slots = self._out[: kind.width].tolist()
        self._lists.clock = frame.clock
        verdict = kind.judge(values, slots, self._lists)
        if self._restrictions.held:
            name = kind.event.name
            verdict = self._restrictions.judge(name, values, frame.clock, verdict)
        decision = kind.encode(event.id, frame.seq, rfc3339(frame.clock).encode(), verdict)
        made = (bytes(self._row_bytes), self._out[: kind.width].tobytes(), decision)
        recorded = (frame.sections[0], frame.sections[1], frame.sections[3])
        report.events += 1
        parts = tuple(
            name
            for name, mine, theirs in zip(
                ("row", "features", "decision"), made, recorded, strict=True
            )
            if mine != theirs
        )
        if not parts:
            report.equal += 1
        elif len(report.differences) < MOST_DIFFERENCES:
            report.differences.append(Difference(frame.seq, event.id, parts))


def replay(
    reader: Reader,
    *,
    secret: bytes,
    cache: Path,
    progress: Callable[[int], None] | None = None,
    compiled: bool = False,
) -> ReplayReport:
    """Decide everything in the log again. `progress` is told how many frames were read.

    A log whose features changed is read once per shape of state. `compiled` pays ten
    seconds for machine code, worth it from some 50,000 events on.
    """
    history = History()
    for frame in reader.frames():
        if frame.kind in (PROGRAM, WARMED):
            history.read(frame)
    keys = Keys(secret)
    firsts: dict[str, Epoch] = {}
    for epoch in history.epochs:
        firsts.setdefault(epoch.shape.digest, epoch)
    report = ReplayReport(differences=[])
    read = 0
    for digest, first in firsts.items():
        runner = _Runner(digest, first, keys, cache, compiled)
        epochs = iter(history.epochs)
        for frame in reader.frames():
            if frame.kind == EVENT:
                runner.event(frame, report)
            elif frame.kind == LIST_CHANGE:
                runner.change(msgspec.json.decode(frame.sections[0], type=ListChange))
            elif frame.kind == RESTRICTION:
                change = msgspec.json.decode(frame.sections[0], type=RestrictionChange)
                runner.restrict(change)
            elif frame.kind in (PROGRAM, WARMED):
                runner.enter(next(epochs))
            read += 1
            if progress is not None and read % CHUNK == 0:
                progress(read)
    return report

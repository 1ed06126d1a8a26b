"""Building the state from the event log: at start, and beside a running engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, Self

import msgspec
from msgspec import Struct

from guanlan.engine.event import microseconds
from guanlan.engine.explain import META
from guanlan.engine.history import History
from guanlan.engine.kernel import Kernel
from guanlan.engine.lenient import Lenient
from guanlan.engine.lists import ListChange, Lists
from guanlan.engine.log import EVENT, LIST_CHANGE, PROGRAM, RESTRICTION, Frame
from guanlan.engine.program import Program, read_activation
from guanlan.engine.refusal import Refused
from guanlan.engine.restrictions import RestrictionChange, Restrictions
from guanlan.engine.rows import Keys, row_struct
from guanlan.engine.scenario.model import Scenario

CHUNK = 2048


class Reader(Protocol):
    """A source of committed frames."""

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]: ...


class Past(Struct):
    """What a log says besides the state of the kernel."""

    history: History
    lists: Lists
    restrictions: Restrictions
    clock: int = 0
    positions: list[int] = []


def row_of(frame: Frame, program: Program, lenient: Lenient, keys: Keys) -> tuple[int, ...]:
    """The row of a recorded event under `program`, whatever scenario it was posted under.

    An event of a type that is gone keeps its id and its number and enters nothing.
    """
    body = frame.sections[2]
    try:
        event: Any = program.codec.decode(body)
    except Refused:
        row = lenient.row(body, frame.clock)
        if row is None:
            identifier = keys.identifier(msgspec.json.decode(body)["id"])
            row = (identifier, frame.clock, *([0] * (program.shape.row_width - 2)))
        return row
    time = META.unpack(frame.sections[4])[0] if event.time is None else microseconds(event.time)
    return program.by_wire[type(event)].fill(event, time, frame.clock)[1]


class Feeder:
    """Hands recorded events to a kernel in chunks, as rows of its shape."""

    def __init__(self, kernel: Kernel, program: Program, keys: Keys) -> None:
        self._kernel, self._program, self._keys = kernel, program, keys
        self._packer = row_struct(program.shape)
        self._bytes = bytearray(CHUNK * self._packer.size)
        self._rows = memoryview(self._bytes).cast("q")
        self._outs = memoryview(bytearray(8 * CHUNK * program.shape.out_width)).cast("q")
        self._n = 0
        self._lenient = Lenient(program.scenario, program.shape, keys)

    def add(self, frame: Frame, same_shape: bool) -> None:
        """Take one event frame; its recorded row serves when it has this very shape."""
        size = self._packer.size
        at = self._n * size
        if same_shape:
            self._bytes[at : at + size] = frame.sections[0]
        else:
            self._packer.pack_into(
                self._bytes, at, *row_of(frame, self._program, self._lenient, self._keys)
            )
        self._n += 1
        if self._n == CHUNK:
            self.flush()

    def flush(self) -> None:
        """Run what has been collected."""
        if self._n and self._kernel.run(self._rows, self._outs, self._n) != self._n:
            raise MemoryError("the memory set aside for features cannot hold the recorded past")
        self._n = 0


def feed(kernel: Kernel, program: Program, keys: Keys, frames: Iterable[Frame]) -> None:
    """Hand the events among `frames` to `kernel`, as rows of `program`."""
    feeder = Feeder(kernel, program, keys)
    for frame in frames:
        if frame.kind == EVENT:
            feeder.add(frame, same_shape=False)
    feeder.flush()


class _Outcome(Struct):
    outcome: str


def remember(restrictions: Restrictions, frame: Frame) -> None:
    """Count a recorded event in the windows of what restricts its entities."""
    outcome = msgspec.json.decode(frame.sections[3], type=_Outcome).outcome
    restrictions.remember(msgspec.json.decode(frame.sections[2]), frame.clock, outcome)


class StateBuilder:
    """Rebuilds everything from a log, for a target program."""

    def __init__(self, reader: Reader, program: Program, keys: Keys, recorded: int) -> None:
        self._reader, self._keys = reader, keys
        self.program = program
        self.recorded_events = recorded

    @classmethod
    def target(cls, reader: Reader, scenario: Scenario | None, keys: Keys) -> Self:
        """Decide which program the state is built for.

        The log's last program goes on with the state it had; another scenario gets a state
        of its own. Raises ValueError when there is neither.
        """
        last: Frame | None = None
        recorded = 0
        for frame in reader.frames():
            if frame.kind == EVENT:
                recorded += 1
            elif frame.kind == PROGRAM:
                last = frame
        if last is not None:
            head, recorded_scenario, state = read_activation(last.sections)
            if scenario is None or scenario.digest == recorded_scenario.digest:
                goes_on = Program(recorded_scenario, keys, state=None if head.warming else state)
                return cls(reader, goes_on, keys, recorded)
        if scenario is None:
            raise ValueError("the log is empty and no scenario was given")
        return cls(reader, Program(scenario, keys), keys, recorded)

    def build(self, kernel: Kernel) -> Past:
        """Fill `kernel` and return the rest of the past."""
        history = History()
        lists = Lists(self.program.scenario)
        restrictions = Restrictions(self.program.scenario)
        past = Past(history, lists, restrictions, positions=[])
        feeder = Feeder(kernel, self.program, self._keys)
        digest = self.program.shape.digest
        same = False
        for frame in self._reader.frames():
            if frame.kind == EVENT:
                feeder.add(frame, same)
                past.positions.append(frame.position)
                past.clock = frame.clock
                if restrictions.held:
                    remember(restrictions, frame)
            elif frame.kind == LIST_CHANGE:
                lists.apply(msgspec.json.decode(frame.sections[0], type=ListChange))
            elif frame.kind == RESTRICTION:
                change = msgspec.json.decode(frame.sections[0], type=RestrictionChange)
                restrictions.apply(change)
            elif (epoch := history.read(frame)) is not None:
                same = epoch.shape.digest == digest
                restrictions.load(epoch.scenario)
        feeder.flush()
        restrictions.load(self.program.scenario)
        return past

    def changes_program(self, history: History) -> bool:
        """Whether the program built for differs from how the log ended."""
        if not history.epochs:
            return True
        last = history.epochs[-1]
        ended = (last.scenario.digest, last.state.digest, last.warming)
        wanted = (self.program.digest, self.program.state.digest, self.program.warming)
        return ended != wanted

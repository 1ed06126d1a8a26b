"""Which program decided which events, as the control frames of a log tell it."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from msgspec import Struct

from guanlan.engine.kernel import Shape
from guanlan.engine.log import PROGRAM, WARMED, Frame
from guanlan.engine.program import NOTHING_WARMING, read_activation
from guanlan.engine.scenario.model import Scenario


class Epoch(Struct, dict=True, frozen=True):
    """From event number `seq` on, `scenario` decides on a state shaped by `state`."""

    seq: int
    scenario: Scenario
    state: Scenario
    warming: frozenset[str]

    @cached_property
    def shape(self) -> Shape:
        """The plan of the rows and slots recorded in this epoch."""
        return Shape(self.state)


class History:
    """The epochs of a log, oldest first."""

    def __init__(self) -> None:
        self.epochs: list[Epoch] = []

    def read(self, frame: Frame) -> Epoch | None:
        """Take in a control frame; the epoch it begins, or None if it begins none."""
        if frame.kind == PROGRAM:
            head, scenario, state = read_activation(frame.sections)
            return self.begin(Epoch(frame.seq, scenario, state, frozenset(head.warming)))
        if frame.kind == WARMED:
            scenario = self.epochs[-1].scenario
            return self.begin(Epoch(frame.seq, scenario, scenario, NOTHING_WARMING))
        return None

    def begin(self, epoch: Epoch) -> Epoch:
        """Take in an epoch that begins now."""
        if self.epochs and self.epochs[-1].state.digest == epoch.state.digest:
            # Shapes are the costly part and seldom change: share them.
            epoch.__dict__["shape"] = self.epochs[-1].shape
        self.epochs.append(epoch)
        return epoch

    def at(self, seq: int) -> Epoch:
        """The epoch in which event number `seq` was decided. LookupError if there is none."""
        index = bisect_right(self.epochs, seq, key=lambda epoch: epoch.seq) - 1
        if index < 0:
            raise LookupError(f"the log holds no program for event {seq}")
        return self.epochs[index]

"""Why a value moved: from one stored value to another, a cause at a time, computed exactly."""

from __future__ import annotations

from typing import Final, NamedTuple

from guanlan.quant import Grid, Invalid
from guanlan.risk.models import RiskValue
from guanlan.risk.value.building import sets_of
from guanlan.risk.value.causes import Cause, Step, steps
from guanlan.risk.value.computing import Kept
from guanlan.risk.value.inputs import Inputs, read_inputs

MOST: Final = 120  # steps that are computed one by one; beyond, those of a kind are one


class Move(NamedTuple):
    """A cause and what it moved the residual year by, minor units; cause None: the grids of the two
    values differ, and this is what that makes."""

    cause: Cause | None
    expected: int
    var95: int
    var99: int


class Waterfall(NamedTuple):
    """From `before` to `after` by `moves`, which add up to the difference exactly."""

    before: RiskValue
    after: RiskValue
    moves: list[Move]


def waterfall(before: RiskValue, after: RiskValue) -> Waterfall:
    """What moved between two stored values. Raises Invalid for two currencies."""
    if before.currency != after.currency:
        raise Invalid("currency", "expected two values of one currency")
    first, last = (read_inputs(one.inputs["made_of"]) for one in (before, after))
    kept = Kept(_grid(before, after))
    at = _numbers(first, kept)
    moves = []
    for step in _few(list(steps(first, last))):
        now = _numbers(step.inputs, kept)
        moves.append(Move(step.cause, *(b - a for a, b in zip(at, now, strict=True))))
        at = now
    wanted = (after.expected - before.expected, after.var95 - before.var95,
              after.var99 - before.var99)  # fmt: skip
    told = [
        sum(one.expected for one in moves),
        sum(one.var95 for one in moves),
        sum(one.var99 for one in moves),
    ]
    rest = [a - b for a, b in zip(wanted, told, strict=True)]
    if any(rest):
        moves.append(Move(None, *rest))
    return Waterfall(before, after, moves)


def _few(found: list[Step]) -> list[Step]:
    """The steps; where there are too many, those of a kind as one."""
    if len(found) <= MOST:
        return found
    kinds: dict[str, Step] = {}
    for step in found:
        kinds[step.cause.kind] = Step(Cause(step.cause.kind, "", ""), step.inputs)
    return list(kinds.values())


def _grid(before: RiskValue, after: RiskValue) -> dict[str, Grid]:
    """The wider of the two grids; of equal spans the finer."""
    grids = [Grid(one.step, one.size) for one in (before, after)]
    return {"residual": max(grids, key=lambda grid: (grid.span, grid.size))}


def _numbers(inputs: Inputs, kept: Kept) -> tuple[int, int, int]:
    if not inputs.risks:
        return 0, 0, 0
    said = kept.take("residual", sets_of(inputs)["residual"]).measures(levels=(0.95, 0.99))
    return said.expected, said.tails[0].var, said.tails[1].var

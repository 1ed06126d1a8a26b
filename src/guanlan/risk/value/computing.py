"""Inputs → the figures of the three stages. Nothing here reads a table or a clock.

Portfolios are kept from one time to the next: when only frequencies have moved, and that is what
indicators move, nothing is transformed again. A stage without measures that differ from another's
is still a portfolio of its own, on a grid of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from msgspec import Struct

from guanlan.quant import (
    LEVELS,
    MODEL,
    Contribution,
    Grid,
    Group,
    Portfolio,
    Risk,
    RiskSet,
    parameter_interval,
)
from guanlan.quant.money import rounded
from guanlan.risk.value.building import Sets, sets_of, stated
from guanlan.risk.value.effects import STAGES, Stage
from guanlan.risk.value.inputs import JSON, VERSION, Inputs, digest_of, written

SEED: Final = 20_261_128
DRAWS: Final = 60
FEW_DRAWS: Final = 20
MANY: Final = 200  # risks; with more, intervals rest on fewer draws
POINTS: Final = 48  # of a curve
# Levels that the band of the curve is drawn at, after those that are reported.
BAND: Final = (0.5, 0.8, 0.9, 0.98)
MODELS: Final = f"{MODEL} {VERSION}"


class Part(Struct, frozen=True, kw_only=True):
    """One risk's numbers: see RiskFigure."""

    code: str
    rate: float
    multiplier: float
    frequency_left: float
    severity_left: float
    inherent: int
    expected: int
    target: int
    tail: float
    likelihood: int
    impact: int
    level: str


class Computed(Struct, frozen=True, kw_only=True):
    """A value's numbers; `grids` by stage as step (exact) and size."""

    figures: JSON
    curve: JSON
    grids: JSON
    parts: tuple[Part, ...]


class Kept:
    """Portfolios of the three stages, kept while only frequencies move."""

    def __init__(self, grids: Mapping[str, Grid] | None = None) -> None:
        self._grids = grids or {}
        self._held: dict[Stage, Portfolio] = {}
        self._alone: dict[Risk, tuple[int, int]] = {}

    def take(self, stage: Stage, risks: RiskSet) -> Portfolio:
        """The portfolio of a stage, moved to this set where that is enough."""
        held = self._held.get(stage)
        if held is not None and _same(held.risks, risks):
            pairs = zip(held.risks.risks, risks.risks, strict=True)
            moved = {b.name: b.frequency for a, b in pairs if a.frequency != b.frequency}
            if moved:
                held.move(moved)
            return held
        made = Portfolio(risks, self._grids.get(stage))
        self._held[stage] = made
        return made

    def alone(self, risk: Risk, currency: str, variance: float) -> tuple[int, int]:
        """Value at risk 95 and 99 of one risk's year by itself, with the clock of its group."""
        if risk not in self._alone:
            if len(self._alone) > 4 * MANY:
                self._alone.clear()
            groups = (Group(risk.group, variance),) if risk.group is not None else ()
            year = Portfolio(RiskSet(currency, (risk,), groups=groups)).year
            self._alone[risk] = (rounded(year.quantile(0.95)), rounded(year.quantile(0.99)))
        return self._alone[risk]


def _same(one: RiskSet, other: RiskSet) -> bool:
    """Whether two sets differ in frequencies only."""
    return (
        one.currency == other.currency
        and one.frailty == other.frailty
        and one.groups == other.groups
        and one.shocks == other.shocks
        and len(one.risks) == len(other.risks)
        and all(
            a.name == b.name
            and a.severity == b.severity
            and a.group == b.group
            and a.year == b.year
            for a, b in zip(one.risks, other.risks, strict=True)
        )
    )


def compute(inputs: Inputs, kept: Kept) -> Computed:
    """Everything of a value. Raises Invalid."""
    sets = sets_of(inputs)
    portfolios = {stage: kept.take(stage, risks) for stage, risks in sets.items()}
    figures: JSON = {
        "stages": {s: _stage(inputs, s, sets.get(s), portfolios.get(s)) for s in STAGES},
        "left_out": dict(inputs.left_out),
        "unknown": [
            [one.code, driver.indicator]
            for one in inputs.risks
            for driver in one.drivers
            if driver.beta != 0.0 and not driver.known
        ],
    }
    curve: JSON = {
        stage: [[point.loss, point.probability] for point in portfolio.curve(POINTS)]
        for stage, portfolio in portfolios.items()
    }
    grids: JSON = {
        stage: [portfolio.grid.step, portfolio.grid.size] for stage, portfolio in portfolios.items()
    }
    parts = _parts(inputs, sets, portfolios)
    figures["parts"] = {part.code: [part.expected, round(part.tail)] for part in parts}
    return Computed(figures=figures, curve=curve, grids=grids, parts=parts)


def digest(inputs: Inputs, grids: JSON) -> str:
    """A name for what a value was made of."""
    return digest_of(written(inputs), grids, MODELS)


def _stage(inputs: Inputs, stage: Stage, risks: RiskSet | None, held: Portfolio | None) -> JSON:
    if risks is None or held is None:
        return {
            "expected": 0, "deviation": 0, "no_loss": 1.0, "beyond": None, "lost": 0.0,
            "tails": [[level, 0, 0] for level in LEVELS], "points": [], "interval": None,
        }  # fmt: skip
    said = held.measures(inputs.tolerance)
    found: JSON = {
        "expected": said.expected,
        "deviation": said.deviation,
        "no_loss": said.no_loss,
        "beyond": said.beyond_tolerance,
        "lost": said.fit.lost,
        "tails": [[tail.level, tail.var, tail.tvar] for tail in said.tails],
    }
    points = [held.cumulants.mean, *held.quantiles((*LEVELS, *BAND))]
    found["points"] = points
    found["interval"] = (
        _interval(risks, held.grid)
        if inputs.carried is None
        else _carried(inputs.carried[stage], points)
    )
    return found


def _interval(risks: RiskSet, grid: Grid) -> JSON:
    """What is not known of the parameters: [low, high] of the expectancy and of each quantile."""
    draws = DRAWS if len(risks.risks) <= MANY else FEW_DRAWS
    rng = np.random.default_rng(SEED)
    levels = (*LEVELS, *BAND)
    found = parameter_interval(risks, grid, rng, draws=draws, var_levels=levels)
    return {
        "expected": list(found.expected),
        "levels": list(levels),
        "var": [list(one) for one in found.var],
        "carried": False,
    }


def _carried(shares: list[tuple[float, float]], points: list[float]) -> JSON:
    ends = [
        [rounded(low * point), rounded(high * point)]
        for (low, high), point in zip(shares, points, strict=True)
    ]
    levels = [*LEVELS, *BAND]
    return {"expected": ends[0], "levels": levels, "var": ends[1:], "carried": True}


def shares_of(figures: JSON) -> dict[Stage, list[tuple[float, float]]] | None:
    """The ends of a value's intervals as shares of what they are of, to be carried on; None where
    it has none."""
    found: dict[Stage, list[tuple[float, float]]] = {}
    for stage in STAGES:
        said = figures["stages"][stage]
        if said["interval"] is None:
            return None
        ends = [said["interval"]["expected"], *said["interval"]["var"]]
        found[stage] = [
            (low / point, high / point) if point > 0.0 else (1.0, 1.0)
            for (low, high), point in zip(ends, said["points"], strict=True)
        ]
    return found


def _parts(inputs: Inputs, sets: Sets, portfolios: Mapping[Stage, Portfolio]) -> tuple[Part, ...]:
    if not inputs.risks:
        return ()
    tails: dict[str, Contribution] = {
        one.name: one for one in portfolios["residual"].contributions(0.99)
    }
    extra = _struck(sets["residual"])
    costs = {stage: _means(sets[stage]) for stage in STAGES}
    found = []
    for at, one in enumerate(inputs.risks):
        said = stated(one)
        risk = sets["residual"].risks[at]
        rate = risk.frequency.rate + extra.get(one.code, 0.0)
        place = (
            band(inputs.matrix.frequencies, rate),
            band(inputs.matrix.losses, risk.severity.mean),
        )
        found.append(
            Part(
                code=one.code,
                rate=rate,
                multiplier=said.multiplier,
                frequency_left=one.left["residual"][0],
                severity_left=one.left["residual"][1],
                inherent=costs["inherent"][at],
                expected=rounded(tails[one.code].expected),
                target=costs["target"][at],
                tail=tails[one.code].tvar,
                likelihood=place[0],
                impact=place[1],
                level=inputs.matrix.levels[place[0] - 1][place[1] - 1],
            )
        )
    return tuple(found)


def _struck(risks: RiskSet) -> dict[str, float]:
    """Events a year that shocks bring to each risk."""
    found: dict[str, float] = {}
    for shock in risks.shocks:
        for name, probability in shock.hits.items():
            found[name] = found.get(name, 0.0) + shock.rate * probability
    return found


def _means(risks: RiskSet) -> list[int]:
    """What each risk is expected to cost a year, shocks included."""
    extra = _struck(risks)
    found = []
    for risk in risks.risks:
        if risk.year is not None:
            alone = Portfolio(RiskSet(risks.currency, (risk,)))
            found.append(rounded(alone.cumulants.mean))
        else:
            rate = risk.frequency.rate + extra.get(risk.name, 0.0)
            found.append(rounded(rate * risk.severity.mean))
    return found


def band(bounds: tuple[float, ...] | tuple[int, ...], value: float) -> int:
    """In which of five bands a value lies, 1 to 5; a bound belongs to the band above it."""
    return 1 + sum(value >= bound for bound in bounds)

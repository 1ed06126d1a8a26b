"""Every severity of a set, transformed once; and the year's transform, kept up to date.

Losses beyond the grid's end would come back at its beginning (aliasing). The masses are therefore
tilted by exp(-theta k) before the transform and tilted back after it, theta·size = 14: what
would come back is a million times less, at the price of as much rounding at the grid's far end,
where there is next to nothing (Grübel and Hermesmeier, ASTIN Bulletin 29, 1999).
"""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, rfft

from guanlan.quant.dependence import clocked, shock_exponent
from guanlan.quant.discretise import masses
from guanlan.quant.frequency import Complexes, Frequency
from guanlan.quant.grid import Grid
from guanlan.quant.riskset import RiskSet, Shock
from guanlan.quant.severity import Floats, Severity
from guanlan.quant.sumtree import SumTree
from guanlan.quant.year_layer import InsuredYear, insured_year

_TILT = 14.0
_KEPT = 512  # risks; with more, exponents are computed again instead of kept


class Block:
    """Risks that share a clock: a group, or those that are in none (variance zero)."""

    def __init__(self, spectra: Spectra, members: tuple[int, ...], variance: float) -> None:
        self.members = members
        self.variance = variance
        self._place = {risk: place for place, risk in enumerate(members)}
        self._tree = SumTree(len(members), lambda place: spectra.exponent(members[place]))
        self.outer = clocked(self._tree.total, variance)

    @property
    def inner(self) -> Complexes:
        """Sum of the members' exponents, before the clock."""
        return self._tree.total

    def refresh(self, risks: list[int]) -> None:
        self._tree.refresh(self._place[risk] for risk in risks)
        self.outer = clocked(self._tree.total, self.variance)


class Spectra:
    """The transforms of a set on a grid.

    `less_one[i]` is phi - 1 of risk i, `size/2 + 1` entries; equal severities share one.
    """

    def __init__(self, risks: RiskSet, grid: Grid) -> None:
        self.frequencies = [risk.frequency for risk in risks.risks]
        self.frailty = risks.frailty
        self.grid = grid
        self.amounts: Floats = np.arange(grid.size, dtype=np.float64) * grid.step
        along = np.arange(grid.size) * (_TILT / grid.size)
        self.tilt: Floats = np.exp(-along)
        self.back: Floats = np.exp(along)
        done: dict[Severity, Complexes] = {}
        self.less_one: list[Complexes] = []
        for risk in risks.risks:
            if risk.severity not in done:
                done[risk.severity] = self._transformed(risk.severity)
            self.less_one.append(done[risk.severity])
        self._layers = {at: r.year for at, r in enumerate(risks.risks) if r.year is not None}
        self._insured: dict[int, InsuredYear] = {}
        self._kept: dict[int, Complexes] = {}
        self.block_of: dict[int, int] = {}
        self.blocks = [
            Block(self, members, variance) for members, variance in members_of(risks) if members
        ]
        for at, block in enumerate(self.blocks):
            self.block_of.update(dict.fromkeys(block.members, at))
        # Shocks depend on severities only, which do not move.
        self._shocks = [self._shock(risks, shock) for shock in risks.shocks]

    def exponent(self, risk: int) -> Complexes:
        """Logarithm of the generating function of one risk's year."""
        if risk in self._layers:
            return self.insured(risk).exponent
        frequency = self.frequencies[risk]
        if len(self.frequencies) > _KEPT:
            return frequency.exponent(self.less_one[risk])
        if risk not in self._kept:
            self._kept[risk] = frequency.exponent(self.less_one[risk])
        return self._kept[risk]

    def insured(self, risk: int) -> InsuredYear:
        """The year of a risk whose sum is insured. Raises KeyError for another."""
        if risk not in self._insured:
            gross = np.exp(self.frequencies[risk].exponent(self.less_one[risk]))
            layer = self._layers[risk]
            self._insured[risk] = insured_year(gross, layer, self.amounts, self.tilt)
        return self._insured[risk]

    def move(self, moved: dict[int, Frequency]) -> None:
        """New frequencies, by position."""
        touched: dict[int, list[int]] = {}
        for at, frequency in moved.items():
            self.frequencies[at] = frequency
            self._kept.pop(at, None)
            self._insured.pop(at, None)
            touched.setdefault(self.block_of[at], []).append(at)
        for block, members in touched.items():
            self.blocks[block].refresh(members)

    def before_clock(self) -> Complexes:
        """The set's exponent before its common clock."""
        total = self.blocks[0].outer
        for block in self.blocks[1:]:
            total = total + block.outer
        for shock in self._shocks:
            total = total + shock
        return total

    def total(self) -> Complexes:
        """Logarithm of the year's generating function."""
        return clocked(self.before_clock(), self.frailty)

    def weighted(self, risk: int) -> Complexes:
        """Transform of amount times mass of one severity: z d/dz of phi."""
        severity = irfft(self.less_one[risk] + 1.0, self.grid.size)
        found: Complexes = rfft(severity * self.amounts)
        return found

    def _transformed(self, severity: Severity) -> Complexes:
        found: Complexes = rfft(masses(severity, self.grid.step, self.grid.size) * self.tilt)
        found -= 1.0
        return found

    def _shock(self, risks: RiskSet, shock: Shock) -> Complexes:
        hits = [(p, self.less_one[risks.position(name)]) for name, p in shock.hits.items()]
        return np.asarray(shock_exponent(shock.rate, hits), dtype=np.complex128)


def members_of(risks: RiskSet) -> list[tuple[tuple[int, ...], float]]:
    """(positions, variance of the clock) of those in no group, then of each group."""
    by_group: dict[str | None, list[int]] = {None: []}
    by_group.update({group.name: [] for group in risks.groups})
    for at, risk in enumerate(risks.risks):
        by_group[risk.group].append(at)
    variances = {group.name: group.variance for group in risks.groups}
    return [
        (tuple(members), 0.0 if name is None else variances[name])
        for name, members in by_group.items()
    ]

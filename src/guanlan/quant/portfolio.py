"""A set of risks as one year's loss; a moved frequency gives new numbers at once.

    portfolio = Portfolio(risks)
    portfolio.measures().tail(0.99).var
    portfolio.move({"phishing": portfolio.frequency("phishing").scaled(1.4)})
    portfolio.quantiles()

After `move` every number is, bit for bit, what `Portfolio(the moved set, portfolio.grid)` gives on
the same machine and library versions: sums are taken in the same order. Only severities, groups,
shocks and the currency are fixed; for others make another portfolio.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from guanlan.quant.cumulants import Cumulants, added, compound, struck, subordinated
from guanlan.quant.dependence import shock_exponent
from guanlan.quant.digest import MODEL, digest
from guanlan.quant.frequency import Frequency
from guanlan.quant.grid import LARGEST, Grid
from guanlan.quant.invalid import Invalid
from guanlan.quant.measures import LEVELS, Contribution, Measures, Point, Tail
from guanlan.quant.money import amount, rounded
from guanlan.quant.riskset import RiskSet
from guanlan.quant.spectra import Spectra, members_of
from guanlan.quant.year import Year
from guanlan.quant.year_layer import borne_cumulants

_SIZE, _SIZE_OF_MANY, _MANY = 2**14, 2**13, 512
_ENTRIES = 2**26  # of all spectra together: half a gigabyte
_LOST = 1e-4  # ten times below what is tolerated, so that VaR 99.9 lies well inside
_CUT = 5e-4  # share of the expectancy that single losses beyond the grid may carry
_RARE = 1e-5  # losses a year beyond the grid, where tails are too heavy for the line above
_FINE = 400.0  # steps from zero to VaR 99


class Portfolio:
    """Spectra of a set on a grid that fits it; see the module.

    risks: the set. grid: chosen when not given, and widened until it holds what it should; a
    given one is kept as it is, so that a stored value can be computed again.
    """

    def __init__(self, risks: RiskSet, grid: Grid | None = None) -> None:
        self._risks: RiskSet | None = risks
        self._last = risks
        self._fixed = grid is not None
        self._moments = [[r.severity.moment(k) for k in (1, 2, 3)] for r in risks.risks]
        self._atoms = [-float(r.severity.survival(np.zeros(1))[0]) for r in risks.risks]
        self._blocks = members_of(risks)
        self._parts = [self._part(risk.frequency, at) for at, risk in enumerate(risks.risks)]
        self._year: Year | None = None
        self._heavy = False
        self._spectra = Spectra(risks, grid or self._first(risks))
        self._insure()

    # --- inputs ---------------------------------------------------------------------

    @property
    def risks(self) -> RiskSet:
        """The set as it is now."""
        if self._risks is None:
            pairs = zip(self._last.risks, self._spectra.frequencies, strict=True)
            moved = tuple(replace(risk, frequency=frequency) for risk, frequency in pairs)
            self._risks = self._last = replace(self._last, risks=moved)
        return self._risks

    @property
    def grid(self) -> Grid:
        """The grid that numbers stand on; widened by now where it had to be."""
        return self.year.grid

    @property
    def digest(self) -> str:
        """Of the set, the grid and the model."""
        return digest(self.risks, self.grid)

    def frequency(self, name: str) -> Frequency:
        """Of one risk. Raises Invalid."""
        return self._spectra.frequencies[self._last.position(name)]

    def move(self, frequencies: Mapping[str, Frequency]) -> None:
        """New frequencies of some risks, by name. Raises Invalid; then nothing has moved."""
        moved = {self._last.position(name): new for name, new in frequencies.items()}
        self._spectra.move(moved)
        for at, frequency in moved.items():
            self._parts[at] = self._part(frequency, at)
        self._insure()
        self._risks = self._year = None

    # --- numbers --------------------------------------------------------------------

    @property
    def cumulants(self) -> Cumulants:
        """Mean, variance, third central moment, in closed form."""
        blocks = [
            subordinated(added(self._parts[at][0] for at in members), variance)
            for members, variance in self._blocks
            if members
        ]
        for shock in self._last.shocks:
            hits = [(p, self._moments[self._last.position(n)]) for n, p in shock.hits.items()]
            blocks.append(struck(shock.rate, hits))
        return subordinated(added(blocks), self._last.frailty)

    @property
    def no_loss(self) -> float:
        """P(S = 0), in closed form."""
        total = [
            _clocked(math.fsum(self._parts[at][1] for at in members), variance)
            for members, variance in self._blocks
            if members
        ]
        for shock in self._last.shocks:
            product = 1.0
            for name, probability in shock.hits.items():
                product *= 1.0 + probability * self._atoms[self._last.position(name)]
            total.append(shock.rate * (product - 1.0))
        return math.exp(_clocked(math.fsum(total), self._last.frailty))

    @property
    def year(self) -> Year:
        """The distribution of the year's loss."""
        if self._year is None:
            self._year = self._measured()
        return self._year

    def quantiles(self, levels: Sequence[float] = LEVELS) -> tuple[float, ...]:
        """Value at risk at each level, minor units, not rounded. Raises Invalid."""
        year = self.year
        return tuple(year.quantile(level) for level in levels)

    def measures(self, tolerance: int | None = None, levels: Sequence[float] = LEVELS) -> Measures:
        """Everything that is reported. tolerance: minor units. Raises Invalid."""
        if tolerance is not None:
            amount(tolerance, "tolerance", zero=True)
        year, cumulants = self.year, self.cumulants
        tails = tuple(
            Tail(level, rounded(year.quantile(level)), rounded(year.tail_mean(level)))
            for level in levels
        )
        finite = math.isfinite(cumulants.variance)
        return Measures(
            currency=self.risks.currency,
            expected=rounded(cumulants.mean),
            deviation=rounded(cumulants.deviation) if finite else None,
            no_loss=year.no_loss,
            tails=tails,
            tolerance=tolerance,
            beyond_tolerance=None if tolerance is None else year.exceedance(tolerance),
            fit=year.fit,
            digest=self.digest,
            model=MODEL,
        )

    def curve(self, points: int = 60) -> tuple[Point, ...]:
        """The loss-exceedance curve: `points` losses, evenly spaced by their logarithm, from where
        it falls below P(any loss) to one year in a thousand (or where it is not to be had, to the
        grid's end). Empty when there is no loss to speak of. Raises Invalid for fewer than two.
        """
        if points < 2:
            raise Invalid("points", "expected two at least")
        year = self.year
        top = 1.0 - 1e-3
        if year.no_loss >= top:
            return ()
        last = year.quantile(top)
        first = max(year.quantile(year.no_loss + 0.02 * (top - year.no_loss)), last * 1e-4)
        losses = np.geomspace(max(first, 1.0), max(last, 2.0), points)
        return tuple(Point(rounded(x), year.exceedance(float(rounded(x)))) for x in losses)

    def contributions(self, level: float = 0.99) -> tuple[Contribution, ...]:
        """Each risk's part of the expectancy and of TVaR at `level`; they add up to both.

        Euler: E[S_i | S in its worst 1 - level], from d log(transform)/d(rate of risk i)
        (Tasche, 2000). What a shock makes of a risk counts as that risk's. Raises Invalid.
        """
        year, spectra, risks = self.year, self._spectra, self.risks
        weight = np.fft.rfft(year.below(level) * spectra.back).conj() * year.transform
        weight *= 2.0 / self.grid.size
        weight[0] *= 0.5
        weight[-1] *= 0.5
        if risks.frailty:
            weight = weight / (1.0 - risks.frailty * spectra.before_clock())
        inside = [weight / (1.0 - block.variance * block.inner) for block in spectra.blocks]
        shocks = [
            (shock, {risks.position(name): p for name, p in shock.hits.items()})
            for shock in risks.shocks
        ]
        found = []
        for at, risk in enumerate(risks.risks):
            mean = self._moments[at][0]
            less_one = spectra.less_one[at]
            if risk.year is not None:
                # Independent of the rest: its own factor is taken out, and put in again weighted.
                total = weight * np.exp(-spectra.exponent(at))
                smaller = float((total * spectra.insured(at).weighted).real.sum())
                expected = self._parts[at][0].mean
                tvar = (expected - smaller) / (1.0 - level)
                found.append(Contribution(risk.name, expected, tvar))
                continue
            total = inside[spectra.block_of[at]] * risk.frequency.slope(less_one)
            expected = risk.frequency.rate * mean
            for shock, hits in shocks:
                if at in hits:
                    others = [(p, spectra.less_one[k]) for k, p in hits.items() if k != at]
                    # The product of the others, from the exponent at rate one.
                    rest = 1.0 + shock_exponent(1.0, others)
                    total = total + weight * (shock.rate * hits[at] * rest)
                    expected += shock.rate * hits[at] * mean
            smaller = float((total * spectra.weighted(at)).real.sum())
            found.append(Contribution(risk.name, expected, (expected - smaller) / (1.0 - level)))
        return tuple(found)

    # --- inside ---------------------------------------------------------------------

    def _part(self, frequency: Frequency, at: int) -> tuple[Cumulants, float]:
        """Cumulants of one risk's year, and the logarithm of its probability of no loss."""
        return compound(frequency, self._moments[at]), _log_no_loss(frequency, self._atoms[at])

    def _insure(self) -> None:
        """Parts of the risks whose year is insured; they are had from the grid."""
        for at, risk in enumerate(self._last.risks):
            if risk.year is None:
                continue
            frequency = self._spectra.frequencies[at]
            gross, nothing = self._part(frequency, at)
            year, amounts = self._spectra.insured(at), self._spectra.amounts
            borne = borne_cumulants(gross, year, risk.year, amounts)
            if risk.year.deductible == 0 and risk.year.share == 1.0:
                # All of it is paid up to the limit; none is borne.
                free = float(year.borne[0]) if risk.year.limit is not None else 1.0
                nothing = max(nothing, math.log(free))
            self._parts[at] = borne, nothing

    def _evaluated(self) -> Year:
        return Year(self._spectra, self.cumulants.mean, self.no_loss)

    def _measured(self) -> Year:
        """The year, on a grid that is made larger until it fits."""
        year = self._evaluated()
        largest = 1 << ((_ENTRIES // len(self._parts)).bit_length() - 1)
        largest = max(_SIZE, min(LARGEST, largest))
        while not self._fixed:
            grid, fit = year.grid, year.fit
            if fit.lost > _LOST or (not self._heavy and not fit.complete):
                span = max(grid.span * 2.0, self._least_span())
                grid = Grid(span / grid.size, grid.size)
            elif grid.size < largest and not _fine(year):
                grid = Grid(grid.step / 2.0, grid.size * 2)
            else:
                break
            self._spectra = Spectra(self.risks, grid)
            self._insure()
            year = self._evaluated()
        return year

    def _least_span(self) -> float:
        """A power of two beyond the mean by six deviations, where there is a deviation."""
        cumulants = self.cumulants
        spread = 6.0 * cumulants.deviation if math.isfinite(cumulants.variance) else 0.0
        return float(2.0 ** math.ceil(math.log2(max(cumulants.mean + spread, 1.0))))

    def _first(self, risks: RiskSet) -> Grid:
        """A grid to begin with, from limited means: no transform is needed to see most of it."""
        spans = np.exp2(np.arange(4, 84, dtype=np.float64))
        rates = [risk.frequency.rate for risk in risks.risks]
        for shock in risks.shocks:
            for name, probability in shock.hits.items():
                rates[risks.position(name)] += shock.rate * probability
        cut, beyond, expected = np.zeros(spans.size), np.zeros(spans.size), 0.0
        for rate, risk in zip(rates, risks.risks, strict=True):
            mean = risk.severity.mean
            expected += rate * mean
            cut += rate * np.maximum(mean - risk.severity.limited(spans), 0.0)
            beyond += rate * risk.severity.survival(spans)
        size = _SIZE if len(risks.risks) <= _MANY else _SIZE_OF_MANY
        if expected == 0.0:
            return Grid(1.0, size)
        small = cut <= _CUT * expected
        enough = (small | (beyond <= _RARE)) & (spans >= self._least_span())
        at = int(np.argmax(enough)) if enough.any() else spans.size - 1
        self._heavy = not bool(small[at])
        return Grid(float(spans[at]) / size, size)


def _fine(year: Year) -> bool:
    """Whether the steps are small beside the quantiles reported."""
    for level in (0.99, 0.999):
        quantile = year.quantile(level)
        if quantile > 0.0:
            return year.grid.step * _FINE <= quantile
    return True


def _log_no_loss(frequency: Frequency, atom: float) -> float:
    if frequency.shape is None:
        return frequency.rate * atom
    return -frequency.shape * math.log1p(-frequency.rate / frequency.shape * atom)


def _clocked(exponent: float, variance: float) -> float:
    return -math.log1p(-variance * exponent) / variance if variance else exponent

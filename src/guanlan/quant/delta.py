"""What a change of the set is worth: both years on one grid, so that no noise stands between them.

Monte Carlo hides a small benefit in the difference of two samples; here the only error is that of
the grid, and it is the same on both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from guanlan.quant.invalid import Invalid
from guanlan.quant.measures import LEVELS, Measures
from guanlan.quant.portfolio import Portfolio
from guanlan.quant.riskset import RiskSet


@dataclass(frozen=True, slots=True)
class Delta:
    """`without` a measure and `with_it`, on the same grid; amounts in minor units."""

    without: Measures
    with_it: Measures

    @property
    def expected(self) -> int:
        """What the expectancy falls by; negative when it rises."""
        return self.without.expected - self.with_it.expected

    def var(self, level: float) -> int:
        """What the value at risk falls by. Raises KeyError for a level not reported."""
        return self.without.tail(level).var - self.with_it.tail(level).var

    def tvar(self, level: float) -> int:
        """What the tail mean falls by. Raises KeyError for a level not reported."""
        return self.without.tail(level).tvar - self.with_it.tail(level).tvar


def delta(
    without: RiskSet,
    with_it: RiskSet,
    *,
    tolerance: int | None = None,
    levels: Sequence[float] = LEVELS,
) -> Delta:
    """Measures of both sets on a grid that holds both. Raises Invalid for two currencies."""
    if without.currency != with_it.currency:
        raise Invalid("currency", "expected the same on both sides")
    before, after = Portfolio(without), Portfolio(with_it)
    # The wider of both; of equal spans the finer.
    grid = max(before.grid, after.grid, key=lambda grid: (grid.span, grid.size))
    if before.grid != grid:
        before = Portfolio(without, grid)
    if after.grid != grid:
        after = Portfolio(with_it, grid)
    return Delta(before.measures(tolerance, levels), after.measures(tolerance, levels))

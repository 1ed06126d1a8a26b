"""The lattice of amounts that losses are laid on, and how much of them it does not hold."""

from __future__ import annotations

from dataclasses import dataclass

from guanlan.quant.invalid import Invalid, positive

TOLERATED = 1e-3  # of the mass and of the mean
LARGEST = 2**20


@dataclass(frozen=True, slots=True)
class Grid:
    """Amounts 0, step, 2·step … (size - 1)·step, in minor units.

    step: a power of two, so that nearby inputs are laid on the same grid. size: a power of two.
    """

    step: float
    size: int

    def __post_init__(self) -> None:
        positive(self.step, "grid.step")
        if self.size < 16 or self.size & (self.size - 1) or self.size > LARGEST:
            raise Invalid("grid.size", f"expected a power of two from 16 to {LARGEST}")

    @property
    def span(self) -> float:
        return self.step * self.size


@dataclass(frozen=True, slots=True)
class Fit:
    """What a grid does not hold.

    lost: probability that the year's loss lies beyond the grid.
    mean_error: share of the annual loss expectancy that lies beyond it. Quantiles below the end,
    the expectancy and the tail means do not suffer: the latter are taken from closed forms.
    """

    grid: Grid
    lost: float
    mean_error: float

    @property
    def complete(self) -> bool:
        """Whether both are below 0.1 %."""
        return self.lost <= TOLERATED and abs(self.mean_error) <= TOLERATED

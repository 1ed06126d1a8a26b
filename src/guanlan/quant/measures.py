"""What is reported of a year: management information, not regulatory capital."""

from __future__ import annotations

from dataclasses import dataclass

from guanlan.quant.grid import Fit

LEVELS = (0.95, 0.99, 0.999)


@dataclass(frozen=True, slots=True)
class Tail:
    """var: exceeded with probability 1 - level. tvar: mean of those years. Minor units."""

    level: float
    var: int
    tvar: int


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the loss-exceedance curve: P(S > loss), loss in minor units."""

    loss: int
    probability: float


@dataclass(frozen=True, slots=True)
class Measures:
    """Of one year's loss, amounts in minor units of `currency`.

    expected: annual loss expectancy. deviation: None where the variance is infinite.
    no_loss: P(S = 0). beyond_tolerance: P(S > tolerance), None when no tolerance was given.
    fit: what the grid does not hold. digest, model: what it was computed from, and by.
    """

    currency: str
    expected: int
    deviation: int | None
    no_loss: float
    tails: tuple[Tail, ...]
    tolerance: int | None
    beyond_tolerance: float | None
    fit: Fit
    digest: str
    model: str

    def tail(self, level: float) -> Tail:
        """The tail at one of the levels reported. Raises KeyError."""
        for tail in self.tails:
            if tail.level == level:
                return tail
        raise KeyError(level)


@dataclass(frozen=True, slots=True)
class Contribution:
    """One risk's part: of the expectancy, and of TVaR at a level (Euler); minor units, exact."""

    name: str
    expected: float
    tvar: float

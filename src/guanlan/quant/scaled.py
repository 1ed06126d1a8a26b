"""A severity made larger or smaller by a factor: what a measure leaves of the cost of an event."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from guanlan.quant.invalid import positive
from guanlan.quant.layer import Retained
from guanlan.quant.severity import Floats, Severity


@dataclass(frozen=True, slots=True)
class Scaled:
    """`factor` · X, where X is the loss that `of` says. factor: above zero, without unit."""

    of: Severity
    factor: float

    def __post_init__(self) -> None:
        positive(self.factor, "severity.factor")

    @property
    def mean(self) -> float:
        return self.moment(1)

    def moment(self, order: int) -> float:
        return float(self.factor**order * self.of.moment(order))

    def survival(self, amounts: Floats) -> Floats:
        return self.of.survival(amounts / self.factor)

    def limited(self, amounts: Floats) -> Floats:
        return self.of.limited(amounts / self.factor) * self.factor

    def sample(self, rng: np.random.Generator, count: int) -> Floats:
        return self.of.sample(rng, count) * self.factor

    def redrawn(self, rng: np.random.Generator) -> Scaled:
        drawn = self.of.redrawn(rng)
        return self if drawn is self.of else replace(self, of=drawn)


def scaled(severity: Severity, factor: float) -> Severity:
    """`severity` with the loss of each event times `factor`; what an insurer pays is worked out on
    the scaled loss, by the same terms. Raises Invalid for a factor that is not above zero."""
    if positive(factor, "severity.factor") == 1.0:
        return severity
    if isinstance(severity, Retained):
        return replace(severity, gross=scaled(severity.gross, factor))
    return Scaled(severity, factor)

"""What every severity can say: enough to lay it on a grid, layer it, and draw from it."""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Severity(Protocol):
    """The loss of one event, in minor units of the set's currency; never negative."""

    @property
    def mean(self) -> float:
        """Expected loss of one event."""
        ...

    def moment(self, order: int) -> float:
        """E[X^order] for order 1, 2, 3; infinite where the tail is too heavy."""
        ...

    def survival(self, amounts: Floats) -> Floats:
        """P(X > amount), entry by entry, for amounts of zero and above."""
        ...

    def limited(self, amounts: Floats) -> Floats:
        """E[min(X, amount)], entry by entry, for amounts of zero and above."""
        ...

    def sample(self, rng: np.random.Generator, count: int) -> Floats:
        """`count` independent losses; for cross-checks only."""
        ...

    def redrawn(self, rng: np.random.Generator) -> Self:
        """This severity as it may also be, given how little it rests on; itself when not said."""
        ...

"""A severity on a grid, its mean kept: local moment matching, order one.

The mass at k·step is that of the hat function around it, so that a loss between two points is
shared between them and its mean does not move (Gerber 1982; Embrechts and Frei, 2009). In limited
means: f(0) = 1 - L(h)/h, f(k) = (2L(kh) - L(kh - h) - L(kh + h))/h. What lies beyond the grid is
left out: the masses then sum to less than one, and what is missing is told.
"""

from __future__ import annotations

import numpy as np

from guanlan.quant.severity import Floats, Severity


def masses(severity: Severity, step: float, size: int) -> Floats:
    """Probabilities at 0, step, … (size - 1)·step; their sum falls short by what lies beyond."""
    limited = severity.limited(np.arange(size + 1, dtype=np.float64) * step)
    # P(X > x) averaged over each cell; from zero up it cannot rise.
    beyond = np.diff(limited)
    beyond /= step
    found = np.empty(size)
    found[0] = 1.0 - beyond[0]
    np.subtract(beyond[:-1], beyond[1:], out=found[1:])
    # Differences of near equals may be -1e-17; a mass is not negative.
    return np.maximum(found, 0.0, out=found)

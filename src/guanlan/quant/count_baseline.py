"""What the past of a count, or of a share, says of the counts to come.

Counts of windows that do not overlap give a mean and, as the shape of a Gamma, how far the rate may
lie from it: what so few windows leave open (Jeffreys' prior), and how much the rate itself wanders
from window to window, where the counts scatter more than Poisson's would (index of dispersion,
Fisher 1922; moments of the negative binomial).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from guanlan.quant.invalid import Invalid
from guanlan.quant.share_limit import Share

LEAST = 8  # windows
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class CountBaseline:
    """mean: events a window. shape: of the Gamma that the rate of a window to come is drawn from.
    windows: how many that rests on. wanders: whether they scatter more than by chance."""

    mean: float
    shape: float
    windows: int
    wanders: bool


def count_baseline(counts: Sequence[int]) -> CountBaseline:
    """Raises Invalid for fewer than eight windows, or one that is negative.

    >>> count_baseline([3, 5, 4, 2, 6, 4, 3, 5]).wanders
    False
    """
    series = np.asarray(counts, dtype=np.float64)
    if series.size < LEAST or not np.all(np.isfinite(series)) or np.any(series < 0):
        raise Invalid("counts", f"expected {LEAST} windows at least, none of them negative")
    total, size = float(series.sum()), series.size
    mean = (total + 0.5) / size
    open_part = 1.0 / (total + 0.5)
    if total == 0.0:
        return CountBaseline(mean, 1.0 / open_part, size, False)
    variance = float(series.var(ddof=1))
    wanders = float(chdtrc(size - 1, (size - 1) * variance * size / total)) < SIGNIFICANT
    own_part = max(0.0, variance - total / size) / (total / size) ** 2 if wanders else 0.0
    return CountBaseline(mean, 1.0 / (open_part + own_part), size, wanders)


def share_baseline(hits: Sequence[int], trials: Sequence[int]) -> Share:
    """What is known of the share of a window to come, from windows that do not overlap.

    Where shares scatter more than the binomial's would (Pearson's chi-square over its degrees) the
    Beta is that of their own wandering, by moments. Raises Invalid for fewer than eight windows
    with trials, or hits that are no part of them.
    """
    k, n = np.asarray(hits, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    if k.size != n.size or np.any(k < 0) or np.any(k > n):
        raise Invalid("hits", "expected for each window a count from zero to its trials")
    k, n = k[n > 0], n[n > 0]
    if n.size < LEAST:
        raise Invalid("trials", f"expected {LEAST} windows with trials at least")
    whole = float(n.sum())
    mean = (float(k.sum()) + 0.5) / (whole + 1.0)
    apart = 1.0 / (whole + 2.0)
    pearson = float(((k - n * mean) ** 2 / (n * mean * (1.0 - mean))).sum())
    if float(chdtrc(n.size - 1, pearson)) < SIGNIFICANT:
        usual = (whole - float((n**2).sum()) / whole) / (n.size - 1)
        excess = pearson / (n.size - 1) - 1.0
        apart += min(0.99, excess / max(usual - 1.0, excess)) if usual > 1.0 else 0.0
    size = 1.0 / min(apart, 0.99) - 1.0  # of a Beta whose variance is mean (1 - mean) apart
    return Share(mean * size, (1.0 - mean) * size)

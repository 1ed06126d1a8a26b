"""Limits of a sliding window at a named number of false alarms a year.

A count over the last day that is looked at each minute may cross its limit at any minute: a limit
for single days promises too much. The count N of a sliding window rises above c when an event comes
while it is c; events find it there as often as it is there (Wolff: PASTA, Operations Research 30,
1982), so that in W windows' time it does so

    W mean P(N = c) = W (c + 1) P(N = c + 1)

times, the latter also where the rate is drawn from a Gamma (negative binomial). It falls below c
W c P(N = c) times. Of a share the last n trials slide: a crossing is a new hit that drives out a
miss while the others hold c hits.
"""

from __future__ import annotations

import math

from scipy.special import betaln, gammaln

from guanlan.quant.invalid import Invalid, not_negative, positive
from guanlan.quant.share_limit import Share


def upper_crossing_limit(
    mean: float, shape: float | None, windows: float, false_alarms: float
) -> int:
    """The smallest c, not below the mean, that a sliding count rises above no more than
    `false_alarms` times in the time of `windows` windows.

    mean: events a window. shape: of the Gamma of its rate, None where the mean is known. Raises
    Invalid.

    >>> upper_crossing_limit(3.0, None, 365.25, 1.0)
    10
    """
    _checked(mean, shape, windows, false_alarms)
    most = math.log(false_alarms / windows)

    def often(c: int) -> bool:
        return math.log(c + 1.0) + _mass(c + 1, mean, shape) > most

    c = max(0, math.ceil(mean))
    span = 1
    while often(c + span):
        span *= 2
    low, high = (c - 1, c) if span == 1 and not often(c) else (c + span // 2 - 1, c + span)
    while high - low > 1:
        middle = (low + high) // 2
        if often(middle):
            low = middle
        else:
            high = middle
    return high


def lower_crossing_limit(
    mean: float, shape: float | None, windows: float, false_alarms: float
) -> int:
    """The largest c, below the mean, down to which a sliding count falls no more than
    `false_alarms` times; -1 where even silence is no surprise. Raises Invalid."""
    _checked(mean, shape, windows, false_alarms)
    most = math.log(false_alarms / windows)
    c = min(math.ceil(mean) - 1, _MOST)
    while c >= 0 and math.log(c + 1.0) + _mass(c + 1, mean, shape) > most:
        c -= 1
    return c


def share_crossing_limit(share: Share, trials: int, windows: float, false_alarms: float) -> int:
    """The smallest c, not below the mean, that the hits among the last `trials` rise above no more
    than `false_alarms` times while `windows` times as many slide by; `trials` itself where even all
    of them are no surprise. Raises Invalid."""
    if trials < 0:
        raise Invalid("trials", "expected a whole number, zero or above")
    positive(windows, "windows")
    positive(false_alarms, "false_alarms")
    if trials == 0:
        return 0
    most = math.log(false_alarms / windows) - math.log(trials)
    whole = float(betaln(share.yes, share.no))

    def often(c: int) -> bool:
        """A new hit, an old miss, and c hits among the other trials - 1."""
        ways = float(gammaln(trials) - gammaln(c + 1.0) - gammaln(trials - c))
        return ways + float(betaln(c + 1.0 + share.yes, trials - c + share.no)) - whole > most

    low = min(math.ceil(trials * share.mean), trials)
    high = trials
    if low == high or not often(low):
        return low
    if often(trials - 1):
        return trials
    high = trials - 1
    while high - low > 1:
        middle = (low + high) // 2
        if often(middle):
            low = middle
        else:
            high = middle
    return high


_MOST = 10**9


def _checked(mean: float, shape: float | None, windows: float, false_alarms: float) -> None:
    not_negative(mean, "mean")
    if shape is not None:
        positive(shape, "shape")
    positive(windows, "windows")
    positive(false_alarms, "false_alarms")


def _mass(count: int, mean: float, shape: float | None) -> float:
    """Logarithm of P(N = count)."""
    if mean == 0.0:
        return -math.inf if count else 0.0
    if shape is None:
        return count * math.log(mean) - mean - math.lgamma(count + 1.0)
    return (
        math.lgamma(count + shape) - math.lgamma(shape) - math.lgamma(count + 1.0)
        - shape * math.log1p(mean / shape) - count * math.log1p(shape / mean)
    )  # fmt: skip

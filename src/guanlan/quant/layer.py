"""Insurance by event: what is borne and what is recovered of each loss.

Of a loss x the insurer pays share · min(max(x - deductible, 0), limit): the limit is the height of
the layer, the share is applied to it afterwards. We bear the rest. Both are again severities; the
limited mean of each is put together from limited means of x, so nothing is approximated
(Klugman, Panjer, Willmot: Loss Models, ch. 8). Payments stand in the year of the loss; premium,
reinstatement and an insurer that fails are not in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from guanlan.quant.invalid import Invalid
from guanlan.quant.money import amount
from guanlan.quant.severity import Floats, Severity


@dataclass(frozen=True, slots=True)
class Layer:
    """deductible, limit: minor units by event; no limit is None. share: above 0, at most 1."""

    deductible: int
    limit: int | None = None
    share: float = 1.0

    def __post_init__(self) -> None:
        amount(self.deductible, "insurance.deductible", zero=True)
        if self.limit is not None:
            amount(self.limit, "insurance.limit")
        if not 0.0 < self.share <= 1.0:
            raise Invalid("insurance.share", "expected a share above 0, at most 1")

    @property
    def top(self) -> float:
        """Where the layer ends; infinite without a limit."""
        return math.inf if self.limit is None else float(self.deductible + self.limit)

    def paid(self, losses: Floats) -> Floats:
        """What the insurer pays of each loss."""
        height = math.inf if self.limit is None else float(self.limit)
        return self.share * np.clip(losses - self.deductible, 0.0, height)


@dataclass(frozen=True, slots=True)
class Retained:
    """What we bear of each loss of `gross` that `layer` insures."""

    gross: Severity
    layer: Layer

    @property
    def mean(self) -> float:
        return self.gross.mean - Recovered(self.gross, self.layer).mean

    def moment(self, order: int) -> float:
        return _moment(self, order, self.gross)

    def survival(self, amounts: Floats) -> Floats:
        return self.gross.survival(self._gross_of(amounts))

    def limited(self, amounts: Floats) -> Floats:
        layer = self.layer
        start, rest = float(layer.deductible), 1.0 - layer.share
        ends = np.array([start, layer.top if math.isfinite(layer.top) else start])
        at_start, at_top = self.gross.limited(ends)
        found = self.gross.limited(np.minimum(amounts, start))
        if rest > 0.0:
            inside = np.minimum(start + np.maximum(amounts - start, 0.0) / rest, layer.top)
            found = found + rest * (self.gross.limited(inside) - at_start)
        if math.isfinite(layer.top):
            paid = layer.share * (layer.top - start)
            over = np.maximum(amounts + paid, layer.top)
            found = found + (self.gross.limited(over) - at_top)
        return found

    def sample(self, rng: np.random.Generator, count: int) -> Floats:
        losses = self.gross.sample(rng, count)
        return losses - self.layer.paid(losses)

    def redrawn(self, rng: np.random.Generator) -> Retained:
        gross = self.gross.redrawn(rng)
        return self if gross is self.gross else Retained(gross, self.layer)

    def _gross_of(self, amounts: Floats) -> Floats:
        """The largest gross loss of which no more than each amount is borne."""
        layer = self.layer
        start, rest = float(layer.deductible), 1.0 - layer.share
        beyond = np.maximum(amounts - start, 0.0)
        through = start + beyond / rest if rest > 0.0 else np.full(amounts.shape, layer.top)
        if math.isfinite(layer.top):
            paid = layer.share * (layer.top - start)
            through = np.where(amounts + paid >= layer.top, amounts + paid, through)
        return np.where(amounts < start, amounts, through)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What the insurer pays of each loss of `gross`."""

    gross: Severity
    layer: Layer

    @property
    def mean(self) -> float:
        ends = np.array([self.layer.deductible, min(self.layer.top, 1e300)], dtype=np.float64)
        below, through = self.gross.limited(ends)
        whole = through if math.isfinite(self.layer.top) else self.gross.mean
        return self.layer.share * float(whole - below)

    def moment(self, order: int) -> float:
        return _moment(self, order, self.gross)

    def survival(self, amounts: Floats) -> Floats:
        layer = self.layer
        loss = layer.deductible + amounts / layer.share
        return np.where(loss < layer.top, self.gross.survival(loss), 0.0)

    def limited(self, amounts: Floats) -> Floats:
        layer = self.layer
        start = self.gross.limited(np.array([layer.deductible], dtype=np.float64))
        through = np.minimum(layer.deductible + amounts / layer.share, layer.top)
        return layer.share * (self.gross.limited(through) - start)

    def sample(self, rng: np.random.Generator, count: int) -> Floats:
        return self.layer.paid(self.gross.sample(rng, count))

    def redrawn(self, rng: np.random.Generator) -> Recovered:
        gross = self.gross.redrawn(rng)
        return self if gross is self.gross else Recovered(gross, self.layer)


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_PIECES = 600  # of a logarithmic axis over 36 powers of ten


def _moment(severity: Retained | Recovered, order: int, gross: Severity) -> float:
    """E[X^order] = order ∫ x^(order-1) P(X > x) dx, by Gauss-Legendre on a logarithmic axis.

    To some 1e-4 where the survival has steps (counted losses); only the deviation rests on it.
    """
    if order == 1:
        return severity.mean
    unbounded = isinstance(severity, Retained) or not math.isfinite(severity.layer.top)
    if unbounded and not math.isfinite(gross.moment(order)):
        # An infinite moment stays one, unless the whole tail is insured away.
        if isinstance(severity, Recovered) or math.isfinite(severity.layer.top):
            return math.inf
        if severity.layer.share < 1.0:
            return math.inf
    layer = severity.layer
    marks = [float(layer.deductible), layer.top, layer.share * (layer.top - layer.deductible)]
    middle = math.log(max(gross.mean, 1.0))
    edges = np.linspace(middle - 24.0, middle + 60.0, _PIECES + 1)
    kinks = [math.log(mark) for mark in marks if 0.0 < mark < math.inf]
    edges = np.unique(np.concatenate((edges, kinks)))
    half = np.diff(edges) / 2.0
    points = np.exp((edges[:-1] + half)[:, None] + half[:, None] * _NODES)
    heights = severity.survival(points.ravel()).reshape(points.shape)
    with np.errstate(under="ignore", over="ignore"):
        inside = np.where(heights > 0.0, heights * points**order, 0.0)
    return order * float(np.sum(half[:, None] * _WEIGHTS * inside))

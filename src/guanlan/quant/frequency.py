"""How often a risk happens in a year: Poisson, or Poisson with a Gamma rate.

With a Gamma rate of shape a and mean m the count of a year is negative binomial, of mean m and
variance m + m²/a (Klugman, Panjer, Willmot: Loss Models, ch. 6).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from guanlan.quant.invalid import Invalid, not_negative, positive

Complexes = NDArray[np.complex128]

# Below, nothing is known of the rate; above, it is as good as known and only digits are lost.
SHAPES = (1e-4, 1e7)


@dataclass(frozen=True, slots=True)
class Frequency:
    """Events a year.

    rate: mean events a year, zero or above.
    shape: shape of the Gamma of the rate, without unit; None when the rate is taken as known.
    """

    rate: float
    shape: float | None = None

    def __post_init__(self) -> None:
        if self.shape is None:
            not_negative(self.rate, "frequency.rate")
        else:
            positive(self.rate, "frequency.rate")
            if not SHAPES[0] <= self.shape <= SHAPES[1]:
                least, most = SHAPES
                raise Invalid("frequency.shape", f"expected a number from {least:g} to {most:g}")

    @property
    def variance(self) -> float:
        """Of the count of one year."""
        return self.rate + (self.rate**2 / self.shape if self.shape else 0.0)

    def scaled(self, multiplier: float) -> Frequency:
        """The mean times `multiplier`; what is not known of it (the shape) stays."""
        return replace(self, rate=self.rate * positive(multiplier, "multiplier"))

    def exponent(self, less_one: Complexes) -> Complexes:
        """Logarithm of the count's generating function at 1 + `less_one` (one point an entry)."""
        if self.shape is None:
            return self.rate * less_one
        logarithm: Complexes = np.log(1.0 - (self.rate / self.shape) * less_one)
        logarithm *= -self.shape
        return logarithm

    def slope(self, less_one: Complexes) -> Complexes | float:
        """Derivative of `exponent` by its argument."""
        if self.shape is None:
            return self.rate
        return self.rate / (1.0 - (self.rate / self.shape) * less_one)

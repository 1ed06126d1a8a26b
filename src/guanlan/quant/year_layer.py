"""Insurance of a year's sum: a stop loss, or the limit of all payments of a year.

Of a risk's year S (after its insurance by event, if it has one) the insurer pays
share · min(max(S - deductible, 0), limit). With a deductible of zero `limit` is the aggregate limit
of a cover that pays from the first yuan. A limit of a year's payments *together with* a deductible
or limit by event would need the joint law of what is borne and what is paid; that is not offered.

The year's masses are moved to what is borne of them, each shared between two grid points so that
its mean is kept. Such a year is no longer infinitely divisible, so it takes part in no clock and no
shock: it must be independent of the rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, rfft

from guanlan.quant.cumulants import Cumulants
from guanlan.quant.frequency import Complexes
from guanlan.quant.layer import Layer
from guanlan.quant.severity import Floats

_LEAST = 1e-300  # a transform that is zero still has a logarithm


@dataclass(frozen=True, slots=True, eq=False)
class InsuredYear:
    """gross: masses of the year before, borne: after. exponent: logarithm of the transform of
    `borne`, tilted. weighted: the tilted transform of amount times mass."""

    gross: Floats
    borne: Floats
    exponent: Complexes
    weighted: Complexes


def insured_year(gross: Complexes, layer: Layer, amounts: Floats, tilt: Floats) -> InsuredYear:
    """Of a year with tilted transform `gross`, on the grid of `amounts`."""
    size = amounts.size
    masses: Floats = irfft(gross, size)
    masses = np.maximum(masses / tilt, 0.0)
    place = (amounts - layer.paid(amounts)) / amounts[1]
    low = np.floor(place).astype(np.int64)
    share = place - low
    spread = np.zeros(size + 1)
    np.add.at(spread, low, masses * (1.0 - share))
    np.add.at(spread, low + 1, masses * share)
    borne: Floats = spread[:size]
    transformed = rfft(borne * tilt)
    return InsuredYear(
        masses,
        borne,
        np.log(np.where(np.abs(transformed) < _LEAST, _LEAST, transformed)),
        rfft(borne * amounts * tilt),
    )


def borne_cumulants(
    gross: Cumulants, year: InsuredYear, layer: Layer, amounts: Floats
) -> Cumulants:
    """Of what is borne: from the grid, and beyond its end from what `gross` has left over there.

    Beyond the grid what is borne is a + b S; the moments of S there are the closed ones less the
    grid's.
    """
    mean, variance, third = gross
    closed = (1.0, mean, variance + mean**2, third + 3.0 * mean * variance + mean**3)
    beyond = [moment - float((year.gross * amounts**k).sum()) for k, moment in enumerate(closed)]
    beyond[0] = max(beyond[0], 0.0)
    if layer.limit is None:
        a, b = layer.share * layer.deductible, 1.0 - layer.share
    else:
        a, b = -layer.share * layer.limit, 1.0
    borne = amounts - layer.paid(amounts)
    raw = []
    for order in (1, 2, 3):
        far = sum(
            math.comb(order, k) * a ** (order - k) * b**k * beyond[k]
            for k in range(order + 1)
            if b or not k
        )
        raw.append(float((year.gross * borne**order).sum()) + far)
    first, second, cubed = raw
    return Cumulants(first, second - first**2, cubed - 3.0 * first * second + 2.0 * first**3)

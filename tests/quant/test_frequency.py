"""How often: the count of a year, an expert's interval, and what counted losses teach."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from guanlan.quant import Frequency, Invalid, credible, gamma_from_interval, updated

rates = st.floats(0.01, 100)


def generated(frequency: Frequency, z: float) -> float:
    return float(np.exp(frequency.exponent(np.array([z - 1.0 + 0j]))).real[0])


@settings(deadline=None)
@given(rate=rates, z=st.floats(0, 1))
def test_a_known_rate_counts_as_poisson(rate: float, z: float) -> None:
    counts = np.arange(400)
    expected = float(np.sum(stats.poisson(rate).pmf(counts) * z**counts))
    assert generated(Frequency(rate), z) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@settings(deadline=None)
@given(rate=st.floats(0.01, 20), shape=st.floats(0.5, 50), z=st.floats(0, 0.9))
def test_a_gamma_rate_counts_as_negative_binomial(rate: float, shape: float, z: float) -> None:
    counts = np.arange(3000)
    law = stats.nbinom(shape, shape / (shape + rate))
    expected = float(np.sum(law.pmf(counts) * z**counts))
    assert generated(Frequency(rate, shape), z) == pytest.approx(expected, rel=1e-8, abs=1e-12)
    assert Frequency(rate, shape).variance == pytest.approx(float(law.var()))


@settings(deadline=None)
@given(low=st.floats(0.01, 50), wider=st.floats(1.05, 500), level=st.floats(0.5, 0.99))
def test_an_experts_interval_is_met_at_both_ends(low: float, wider: float, level: float) -> None:
    found = credible(gamma_from_interval(low, low * wider, level=level), level=level)
    assert found == pytest.approx((low, low * wider), rel=1e-6)


@pytest.mark.parametrize("ends", [(2.0, 1.0), (1.0, 1.0), (0.0, 1.0), (-1.0, 2.0), (1.0, np.nan),
                                  (1.0, np.inf)])  # fmt: skip
def test_an_interval_that_is_none_is_refused(ends: tuple[float, float]) -> None:
    with pytest.raises(Invalid, match=r"frequency\.interval"):
        gamma_from_interval(*ends)


def test_three_events_in_a_quarter_double_a_prior_of_two() -> None:
    after = updated(Frequency(2.0, 2.0), 3, 0.25)
    assert after.rate == pytest.approx(4.0)
    low, high = credible(after, level=0.95)
    assert (round(low, 1), round(high, 1)) == (1.3, 8.2)


@settings(deadline=None)
@given(rate=rates, shape=st.floats(0.2, 40), n=st.integers(0, 50), m=st.integers(0, 50))
def test_learning_twice_is_learning_at_once(rate: float, shape: float, n: int, m: int) -> None:
    prior = Frequency(rate, shape)
    once = updated(prior, n + m, 3.0)
    twice = updated(updated(prior, n, 1.0), m, 2.0)
    assert (once.rate, once.shape) == pytest.approx((twice.rate, twice.shape))


def test_the_interval_holds_the_rate_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    prior = gamma_from_interval(1.0, 8.0)
    assert prior.shape is not None
    held = 0
    for rate in rng.gamma(prior.shape, prior.rate / prior.shape, 2000):
        low, high = credible(updated(prior, int(rng.poisson(rate * 0.5)), 0.5))
        held += low <= rate <= high
    # Four standard errors of a share of 0.9 among 2,000.
    assert abs(held / 2000 - 0.9) < 4 * (0.9 * 0.1 / 2000) ** 0.5


@pytest.mark.parametrize("bad", [(-1.0, None), (float("nan"), None), (0.0, 1.0), (1.0, 0.0)])
def test_a_frequency_that_is_none_is_refused(bad: tuple[float, float | None]) -> None:
    with pytest.raises(Invalid, match="frequency"):
        Frequency(*bad)


def test_a_known_rate_cannot_learn() -> None:
    with pytest.raises(Invalid, match="learns nothing"):
        updated(Frequency(2.0), 1, 1.0)

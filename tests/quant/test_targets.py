"""Did it fall? Exact tests against SciPy's, their coverage and power, and trends."""

from __future__ import annotations

import doctest
import importlib
import math
import pkgutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from guanlan import quant
from guanlan.quant import (
    Invalid,
    count_ratio,
    mann_kendall,
    power,
    quarters_needed,
    theil_sen,
)

counts = st.integers(0, 400)


@settings(deadline=None)
@given(before=counts, after=counts, exposure=st.floats(0.1, 10))
def test_p_values_and_interval_are_those_of_the_exact_binomial(
    before: int, after: int, exposure: float
) -> None:
    found = count_ratio(before, after, exposures=(1.0, exposure))
    if before + after == 0:
        assert (found.fall, found.rise, found.interval) == (1.0, 1.0, (0.0, math.inf))
        return
    even = exposure / (1 + exposure)
    fall = stats.binomtest(after, before + after, even, alternative="less")
    rise = stats.binomtest(after, before + after, even, alternative="greater")
    assert found.fall == pytest.approx(fall.pvalue, rel=1e-9)
    assert found.rise == pytest.approx(rise.pvalue, rel=1e-9, abs=1e-12)
    ends = stats.binomtest(after, before + after).proportion_ci(0.9, method="exact")
    for mine, share in zip(found.interval, (ends.low, ends.high), strict=True):
        theirs = math.inf if share == 1.0 else share / (1 - share) / exposure
        assert mine == pytest.approx(theirs, rel=1e-6)


@settings(deadline=None)
@given(before=st.integers(1, 300), after=counts, scale=st.floats(0.01, 100))
def test_only_the_ratio_of_exposures_matters(before: int, after: int, scale: float) -> None:
    one = count_ratio(before, after, exposures=(2.0, 3.0))
    other = count_ratio(before, after, exposures=(2.0 * scale, 3.0 * scale))
    assert other.point == pytest.approx(one.point)
    assert other.fall == pytest.approx(one.fall)
    assert one.point is not None
    assert one.interval[0] <= one.point <= one.interval[1]


def test_twenty_per_cent_less_is_mostly_noise_at_small_counts() -> None:
    assert count_ratio(50, 40).fall == pytest.approx(0.17, abs=0.005)
    assert power(50, 0.8) == pytest.approx(0.24, abs=0.01)
    assert power(300, 0.8) == pytest.approx(0.82, abs=0.01)


def test_power_is_what_simulation_finds() -> None:
    rng = np.random.default_rng(12)
    trials = 4000
    before, after = rng.poisson(80, trials), rng.poisson(80 * 0.7 * 1.5, trials)
    proven = [
        count_ratio(int(b), int(a), exposures=(1.0, 1.5)).fall <= 0.05
        for b, a in zip(before, after, strict=True)
    ]
    expected = power(80, 0.7, exposures=(1.0, 1.5))
    error = 4 * math.sqrt(expected * (1 - expected) / trials)
    assert np.mean(proven) == pytest.approx(expected, abs=error)


def test_the_test_seldom_proves_a_fall_that_is_none() -> None:
    assert all(power(mean, 1.0) <= 0.05 for mean in (3.0, 20.0, 150.0))


def test_so_many_quarters_are_needed_and_one_less_does_not_do() -> None:
    needed = quarters_needed(50, 0.8)
    assert needed is not None
    assert power(50 * needed, 0.8) >= 0.8 > power(50 * (needed - 1), 0.8)
    assert quarters_needed(1.0, 0.99) is None
    assert quarters_needed(5_000, 0.5) == 1


def test_verdicts() -> None:
    assert count_ratio(300, 220).verdict(0.8) == "met"
    assert count_ratio(50, 40).verdict(0.8) == "not distinguishable"
    assert count_ratio(300, 300).verdict(0.8) == "not met"
    # Twice the business, as many events: half the rate.
    assert count_ratio(300, 300, exposures=(1.0, 2.0)).verdict(0.8) == "met"
    assert count_ratio(0, 0).verdict(0.8) == "not distinguishable"
    assert count_ratio(0, 20).verdict(0.8) == "not met"


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=9, unique=True))
def test_a_trend_without_ties_is_exact(values: list[float]) -> None:
    found = mann_kendall(values)
    theirs = stats.kendalltau(range(len(values)), values, method="exact")
    assert found.exact
    assert found.tau == pytest.approx(theirs.statistic)
    assert found.p == pytest.approx(theirs.pvalue)


@settings(deadline=None)
@given(values=st.lists(st.integers(0, 5), min_size=4, max_size=60))
def test_a_trend_with_ties_has_kendalls_tau(values: list[int]) -> None:
    found = mann_kendall(values)
    if len(set(values)) == 1:
        assert (found.tau, found.p) == (0.0, 1.0)
    else:
        theirs = stats.kendalltau(range(len(values)), values)
        assert found.tau == pytest.approx(theirs.statistic)


def test_ties_and_length_are_allowed_for() -> None:
    """The normal's p, with ties, against all orders drawn at random."""
    values = np.array([3, 4, 4, 2, 5, 4, 1, 5, 3, 6, 5, 4], dtype=float)
    found = mann_kendall(values.tolist())
    assert 0.2 < found.p < 0.5
    rng = np.random.default_rng(1)
    scores = [abs(mann_kendall(rng.permutation(values).tolist()).score) for _ in range(4000)]
    assert found.p == pytest.approx(np.mean(np.array(scores) >= abs(found.score)), abs=0.015)


@settings(deadline=None)
@given(values=st.lists(st.floats(-1e4, 1e4).map(lambda x: round(x, 3)), min_size=5, max_size=30))
def test_a_slope_is_scipys(values: list[float]) -> None:
    times = [float(k) for k in range(len(values))]
    found = theil_sen(times, values)
    theirs = stats.theilslopes(values, times, alpha=0.9)
    assert found.slope == pytest.approx(theirs.slope, abs=1e-9)
    assert found.intercept == pytest.approx(theirs.intercept, abs=1e-9)
    assert found.interval == pytest.approx((theirs.low_slope, theirs.high_slope), abs=1e-9)


def test_a_third_of_wild_values_leaves_the_slope() -> None:
    times = [float(k) for k in range(30)]
    values = [2.0 * t + (1e6 if k % 4 == 0 else 0.0) for k, t in enumerate(times)]
    assert theil_sen(times, values).slope == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: count_ratio(-1, 4), "count"),
        (lambda: count_ratio(1, 4, exposures=(0.0, 1.0)), "exposure"),
        (lambda: count_ratio(1, 4).verdict(1.5), "target"),
        (lambda: power(0.0, 0.8), "expected"),
        (lambda: quarters_needed(50, 1.2), "ratio"),
        (lambda: mann_kendall([1, 2, 3]), "4 finite"),
        (lambda: mann_kendall([1, 2, 3, math.nan]), "finite"),
        (lambda: theil_sen([1, 2, 3], [1, 2, 3]), "4 values"),
        (lambda: theil_sen([1, 1, 1, 1], [1, 2, 3, 4]), "two different times"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(make: object, told: str) -> None:
    assert callable(make)
    with pytest.raises(Invalid, match=told):
        make()


def test_examples_in_the_docstrings_are_true() -> None:
    tried = 0
    for module in pkgutil.iter_modules(quant.__path__, "guanlan.quant."):
        found = doctest.testmod(importlib.import_module(module.name))
        assert found.failed == 0, module.name
        tried += found.attempted
    assert tried >= 6

"""Limits of counts and shares keep what they promise, to the last event."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from guanlan.quant import (
    Cusum,
    Frequency,
    Invalid,
    Share,
    count_limit,
    cusum,
    poisson_interval,
    poisson_limit,
)

shares = st.sampled_from([0.2, 0.05, 0.01, 0.001, 1e-6])


@settings(deadline=None)
@given(expected=st.floats(0, 5_000), false_alarms=shares)
def test_a_poisson_limit_is_the_smallest_that_keeps_its_promise(
    expected: float, false_alarms: float
) -> None:
    limit = poisson_limit(expected, false_alarms)
    law = stats.poisson(expected)
    assert law.sf(limit) <= false_alarms
    assert limit == 0 or law.sf(limit - 1) > false_alarms


def test_low_counts_alarm_a_hundred_times_less_than_by_three_deviations() -> None:
    for mean, yearly in ((0.2, 6.4), (0.5, 5.3)):
        naive = math.floor(mean + 3 * math.sqrt(mean))
        assert 365 * float(stats.poisson(mean).sf(naive)) == pytest.approx(yearly, rel=0.25)
        assert 365 * float(stats.poisson(mean).sf(poisson_limit(mean, 0.001))) < 0.1


@settings(max_examples=60, deadline=None)
@given(
    rate=st.floats(0.1, 300), shape=st.floats(0.3, 200), exposure=st.floats(0.01, 3),
    false_alarms=shares,
)  # fmt: skip
def test_a_limit_of_an_unsure_rate_is_that_of_the_negative_binomial(
    rate: float, shape: float, exposure: float, false_alarms: float
) -> None:
    limit = count_limit(Frequency(rate, shape), exposure, false_alarms)
    law = stats.nbinom(shape, shape / (shape + rate * exposure))
    assert law.sf(limit) <= false_alarms * (1 + 1e-9)
    assert limit == 0 or law.sf(limit - 1) > false_alarms * (1 - 1e-9)
    assert limit >= count_limit(Frequency(rate), exposure, false_alarms) or rate * exposure < 1


def test_much_history_makes_it_the_limit_of_poisson() -> None:
    assert count_limit(Frequency(50.0, 1e6), 1.0, 0.001) == poisson_limit(50.0, 0.001)


@pytest.mark.parametrize("mean", [0.4, 3.0, 20.0])
def test_garwoods_interval_holds_the_mean_at_least_as_often_as_it_says(mean: float) -> None:
    counts = np.arange(200)
    held = [low <= mean <= high for low, high in map(_interval, counts.tolist())]
    assert float(stats.poisson(mean).pmf(counts)[held].sum()) >= 0.9


def _interval(count: int) -> tuple[float, float]:
    return poisson_interval(count, 1.0)


def test_an_interval_is_per_unit_of_exposure() -> None:
    assert poisson_interval(7, 4.0) == pytest.approx([x / 4 for x in poisson_interval(7, 1.0)])
    assert poisson_interval(0, 1.0)[0] == 0.0


@settings(max_examples=60, deadline=None)
@given(
    yes=st.floats(0.3, 300), no=st.floats(0.3, 3_000), trials=st.integers(0, 400),
    false_alarms=shares,
)  # fmt: skip
def test_a_limit_of_a_share_is_that_of_the_beta_binomial(
    yes: float, no: float, trials: int, false_alarms: float
) -> None:
    limit = Share(yes, no).limit(trials, false_alarms)
    law = stats.betabinom(trials, yes, no)
    assert law.sf(limit) <= false_alarms * (1 + 1e-6) + 1e-12
    if limit:
        assert law.sf(limit - 1) > false_alarms * (1 - 1e-6) - 1e-12


def test_a_share_learns() -> None:
    share = Share(0.5, 0.5).updated(3, 100)
    assert share.mean == pytest.approx(3.5 / 101)
    ends = share.interval(level=0.95)
    assert ends == pytest.approx(stats.beta(3.5, 97.5).ppf([0.025, 0.975]))


@pytest.mark.parametrize(("chart", "mean"), [(Cusum(37, 60), 3.0), (Cusum(12, 41), 1.5)])
def test_run_lengths_are_those_of_simulation(chart: Cusum, mean: float) -> None:
    rng = np.random.default_rng(6)
    lengths, runs = [], 1500
    for _ in range(runs):
        score, length = 0, 0
        while score < chart.threshold:
            score, length = chart.step(score, int(rng.poisson(mean))), length + 1
        lengths.append(length)
    error = float(np.std(lengths)) / math.sqrt(runs)
    assert np.mean(lengths) == pytest.approx(chart.run_length(mean), abs=4 * error)


def test_a_lasting_rise_is_seen_four_times_sooner_than_by_a_daily_limit() -> None:
    chart = cusum(3.0, 4.5, 900)
    daily = poisson_limit(3.0, 1 / 900)
    assert chart.run_length(3.0) >= 900
    assert Cusum(chart.reference, chart.threshold - 1).run_length(3.0) < 900
    waits = 1 / float(stats.poisson(4.5).sf(daily))
    assert 1 / float(stats.poisson(3.0).sf(daily)) >= 900
    assert chart.run_length(4.5) < 16
    assert waits > 3.5 * chart.run_length(4.5)


def test_after_an_alarm_it_begins_anew() -> None:
    assert Cusum(20, 35).scores([1, 3, 5, 2, 9]) == [0, 10, 40, 0, 70]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: poisson_limit(-1.0, 0.01), "expected"),
        (lambda: poisson_limit(math.nan, 0.01), "expected"),
        (lambda: poisson_limit(1.0, 0.0), "false_alarms"),
        (lambda: poisson_interval(-1, 1.0), "count"),
        (lambda: poisson_interval(1, 0.0), "exposure"),
        (lambda: count_limit(Frequency(1.0, 1.0), 0.0, 0.1), "exposure"),
        (lambda: Share(0.0, 1.0), "share"),
        (lambda: Share(1.0, 1.0).updated(3, 2), "hits"),
        (lambda: cusum(4.0, 3.0, 100), "above the good"),
        (lambda: cusum(3.0, 3.05, 100), "longer period"),
        (lambda: cusum(3.0, 3.6, 1e30), "shorter wait"),
        (lambda: Cusum(0, 5), "above zero"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(make: object, told: str) -> None:
    assert callable(make)
    with pytest.raises(Invalid, match=told):
        make()

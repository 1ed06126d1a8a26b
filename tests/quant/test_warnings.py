"""Limits of sliding windows, seasons, forecasts and drift, each against an oracle of its own:
simulation, SciPy's distributions, plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from guanlan.quant import (
    Invalid,
    Share,
    count_baseline,
    damped_holt,
    lower_crossing_limit,
    robust_cusum,
    season,
    share_baseline,
    share_crossing_limit,
    share_interval,
    upper_crossing_limit,
    warning_record,
)
from guanlan.quant.robust_cusum import CAP, run_length


def crossings(mean: float, limit: int, windows: int, seed: int) -> tuple[int, int]:
    """How often a simulated sliding count rises above a limit, and falls below it."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0, windows, rng.poisson(mean * windows)))
    moves = np.concatenate([times, times + 1.0])
    steps = np.concatenate([np.ones(times.size), -np.ones(times.size)])
    order = np.argsort(moves, kind="stable")
    counts = np.cumsum(steps[order])
    inside = (moves[order] > 1.0) & (moves[order] < windows)
    before, after = counts[:-1], counts[1:]
    seen = inside[1:]
    return (
        int(((before == limit) & (after == limit + 1) & seen).sum()),
        int(((before == limit) & (after == limit - 1) & seen).sum()),
    )


def test_a_sliding_count_rises_above_its_limit_as_often_as_the_formula_says() -> None:
    mean, limit, windows = 3.0, 8, 40_000
    rises, falls = crossings(mean, limit, windows, 7)
    expected = windows * mean * stats.poisson.pmf(limit, mean)
    assert abs(rises - expected) < 4.5 * math.sqrt(expected), (rises, expected)
    down = windows * limit * stats.poisson.pmf(limit, mean)
    assert abs(falls - down) < 4.5 * math.sqrt(down)
    # The limit at that budget is this one, and a smaller budget asks for a higher one.
    assert upper_crossing_limit(mean, None, windows, expected * 1.001) == limit
    assert upper_crossing_limit(mean, None, windows, expected * 0.999) == limit + 1


@given(st.floats(0.05, 400), st.one_of(st.none(), st.floats(0.5, 1e4)), st.sampled_from([1.0, 6.0]))
@settings(max_examples=60, deadline=None)
def test_upper_and_lower_limits_are_the_first_that_keep_the_budget(
    mean: float, shape: float | None, budget: float
) -> None:
    year = 365.25
    law = stats.poisson(mean) if shape is None else stats.nbinom(shape, shape / (shape + mean))

    def often(c: int) -> float:
        return year * (c + 1) * float(law.pmf(c + 1))

    upper = upper_crossing_limit(mean, shape, year, budget)
    assert upper >= math.floor(mean)
    assert often(upper) <= budget * (1 + 1e-9)
    if upper > math.ceil(mean):
        assert often(upper - 1) > budget * (1 - 1e-9)
    lower = lower_crossing_limit(mean, shape, year, budget)
    assert -1 <= lower < mean
    if lower >= 0:
        assert often(lower) <= budget * (1 + 1e-9)
    if lower + 1 < math.ceil(mean):
        assert often(lower + 1) > budget * (1 - 1e-9)


def test_a_limit_for_single_days_alarms_more_often_when_the_day_slides() -> None:
    """Why there is another formula at all."""
    single = stats.poisson.isf(1 / 365.25, 3.0)
    rises, _falls = crossings(3.0, int(single), 20_000, 3)
    assert rises / 20_000 * 365.25 > 2.5


def test_a_share_of_the_last_trials_crosses_as_often_as_said() -> None:
    rng = np.random.default_rng(11)
    trials, p, length = 50, 0.1, 400_000
    hits = (rng.random(length) < p).astype(np.int64)
    counts = np.convolve(hits, np.ones(trials, dtype=np.int64), "valid")
    limit = 12
    rises = int(((counts[:-1] == limit) & (counts[1:] == limit + 1)).sum())
    known = Share(p * 1e9, (1 - p) * 1e9)
    windows = length / trials
    assert share_crossing_limit(known, trials, windows, (rises + 4 * math.sqrt(rises)) + 1) <= limit
    assert share_crossing_limit(known, trials, windows, rises - 4 * math.sqrt(rises) - 1) > limit


@given(st.integers(0, 400), st.floats(0.6, 80), st.floats(5, 900), st.sampled_from([1.0, 12.0]))
@settings(max_examples=60, deadline=None)
def test_the_limit_of_a_share_is_the_first_that_keeps_the_budget(
    trials: int, yes: float, no: float, budget: float
) -> None:
    share, windows = Share(yes, no), 8766.0
    limit = share_crossing_limit(share, trials, windows, budget)

    def often(c: int) -> float:
        # P(c hits of trials - 1, the next one a hit, the oldest a miss), by brute force.
        law = stats.betabinom(trials - 1, yes, no)
        more = (yes + c) / (yes + no + trials - 1)
        miss = (no + trials - 1 - c) / (yes + no + trials)
        return windows * trials * float(law.pmf(c)) * more * miss

    least = min(math.ceil(trials * share.mean), trials)
    assert least <= limit <= trials
    if least < limit < trials:
        assert often(limit) <= budget * (1 + 1e-6)
    if limit > least:
        assert often(limit - 1) > budget * (1 - 1e-6)


def test_a_baseline_knows_poisson_from_what_wanders() -> None:
    rng = np.random.default_rng(5)
    calm = count_baseline(rng.poisson(6.0, 200).tolist())
    assert not calm.wanders
    assert abs(calm.mean - 6.0) < 0.6
    assert calm.shape > 1000, "two hundred windows leave little open"
    wild = count_baseline(rng.negative_binomial(2.0, 2.0 / 8.0, 400).tolist())
    assert wild.wanders
    assert 1.4 < wild.shape < 2.8, "the shape that it was drawn with, two"
    assert upper_crossing_limit(6.0, wild.shape, 365.25, 1.0) > 2 * upper_crossing_limit(
        6.0, calm.shape, 365.25, 1.0
    )
    assert count_baseline([0] * 30).mean == 0.5 / 30


def test_a_baseline_of_shares_knows_what_wanders() -> None:
    rng = np.random.default_rng(6)
    trials = np.full(300, 200)
    calm = share_baseline(rng.binomial(trials, 0.05).tolist(), trials.tolist())
    assert abs(calm.mean - 0.05) < 0.005
    assert calm.yes + calm.no > 10_000
    wild = share_baseline(rng.binomial(trials, rng.beta(5, 95, 300)).tolist(), trials.tolist())
    assert 60 < wild.yes + wild.no < 160, "of the Beta that it was drawn from: a hundred"
    with pytest.raises(Invalid, match="windows with trials"):
        share_baseline([0] * 9, [0] * 9)


def test_a_season_is_the_median_and_scatter_of_each_slot() -> None:
    rng = np.random.default_rng(2)
    slots = np.tile(np.arange(24), 60)
    usual = 100 + 50 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    values = usual[slots] + rng.normal(0, 5, slots.size)
    values[rng.integers(0, slots.size, 40)] = 5_000  # outliers are no season
    found = season(slots.tolist(), values.tolist(), 24)
    assert found.thin == 0
    assert np.allclose(found.centres, usual, atol=4)
    assert all(3.5 < one < 9 for one in found.spreads)


def test_a_slot_with_too_few_values_takes_what_is_usual_of_all() -> None:
    found = season([0] * 20 + [1, 1], [float(n % 5) for n in range(20)] + [90.0, 91.0], 3)
    assert found.thin == 2
    assert found.centres[1] == found.centres[2] == 2.0
    assert min(found.spreads) > 0
    with pytest.raises(Invalid, match="not all the same"):
        season([0] * 20, [3.0] * 20, 2)
    assert season([0] * 20, [3.0] * 20, 2, least_spread=1.0).spreads == (1.0, 1.0)


def plain_holt(
    series: list[float], smoothing: tuple[float, float, float], steps: int
) -> list[float]:
    up, turn, fade = smoothing
    level, trend = series[0], 0.0
    for value in series[1:]:
        ahead = level + fade * trend
        fresh = up * value + (1 - up) * ahead
        trend = turn * (fresh - level) + (1 - turn) * fade * trend
        level = fresh
    return [level + trend * sum(fade**k for k in range(1, h + 1)) for h in range(1, steps + 1)]


@given(st.lists(st.floats(-100, 100), min_size=20, max_size=40), st.integers(1, 8))
@settings(max_examples=40, deadline=None)
def test_a_forecast_is_that_of_the_textbook_and_its_paths_are_its_own_errors(
    series: list[float], steps: int
) -> None:
    found = damped_holt(series, steps)
    assert found.forecast == pytest.approx(plain_holt(series, found.smoothing, steps), abs=1e-6)
    origin = len(series) - steps - 1
    told = plain_holt(series[: origin + 1], found.smoothing, steps)
    erred = [came - one for came, one in zip(series[origin + 1 :], told, strict=True)]
    last = [now + error for now, error in zip(found.forecast, erred, strict=True)]
    assert found.paths[-1].tolist() == pytest.approx(last, abs=1e-6)


def test_what_climbs_crosses_and_what_stands_does_not() -> None:
    rng = np.random.default_rng(3)
    climbing = (np.arange(40) * 1.0 + rng.normal(0, 0.5, 40)).tolist()
    ahead = damped_holt(climbing, 10)
    assert ahead.crossing(high=43) > 0.9
    assert ahead.crossing(high=70) == 0
    standing = (20 + rng.normal(0, 0.5, 40)).tolist()
    assert damped_holt(standing, 10).crossing(high=30) == 0
    assert damped_holt(standing, 10).crossing(low=10) == 0
    low, high = ahead.interval()[0]
    assert low < ahead.forecast[0] + 1.5
    assert high > low
    with pytest.raises(Invalid, match="for so many steps"):
        damped_holt(climbing[:15], 10)


def test_a_probability_is_about_as_often_right_as_it_says() -> None:
    """Random walks and limits near and far: in the mean as many cross as were told."""
    rng = np.random.default_rng(9)
    for reach in (1.5, 3.0, 5.0):
        told, came = [], []
        for _ in range(400):
            walk = np.cumsum(rng.normal(0, 1, 48))
            limit = float(walk[39]) + reach
            told.append(damped_holt(walk[:40].tolist(), 8).crossing(high=limit))
            came.append(bool((walk[40:] >= limit).any()))
        assert abs(np.mean(told) - np.mean(came)) < 0.08, (reach, np.mean(told), np.mean(came))


def test_run_lengths_of_drift_are_those_of_simulation() -> None:
    chart = robust_cusum(50.0, 4.0, shift=1.0, run_length=200.0)
    rng = np.random.default_rng(4)

    def waits(shift: float, many: int) -> float:
        lengths = []
        for _ in range(many):
            score, n = 0.0, 0
            while score < chart.threshold:
                score = chart.step(score, 50.0 + 4.0 * (rng.normal() + shift))
                n += 1
            lengths.append(n)
        return float(np.mean(lengths))

    good = waits(0.0, 600)
    assert abs(good - 200.0) < 4 * good / math.sqrt(600)
    assert waits(1.0, 400) == pytest.approx(
        run_length(chart.reference, chart.threshold, shift=1.0), rel=0.12
    )
    assert chart.threshold < 5
    # Without a cap it would be the textbook's 4.09 for a wait of 370; the cap takes a little off.
    assert robust_cusum(0, 1, shift=1.0, run_length=370).threshold == pytest.approx(4.09, abs=0.05)


def test_one_wild_value_is_no_drift_and_a_fall_is_seen_as_a_rise_is() -> None:
    chart = robust_cusum(10.0, 1.0, run_length=365.0)
    assert chart.step(0.0, 10_000.0) == CAP - chart.reference < chart.threshold
    assert chart.step(0.0, 8.0, falling=True) == chart.step(0.0, 12.0)
    with pytest.raises(Invalid):
        robust_cusum(10.0, 0.0)


def test_a_record_counts_by_hand() -> None:
    found = warning_record([1.0, 10.0, 20.0, 50.0], [12.0, 21.5, 80.0], horizon=3.0, years=2.0)
    assert (found.hits, found.false, found.caught, found.events) == (2, 2, 2, 3)
    assert found.leads == (2.0, 1.5)
    assert found.lead == 1.75
    assert found.precision == 0.5
    test = stats.binomtest(2, 4).proportion_ci(0.9, method="exact")
    assert found.precision_interval == pytest.approx((test.low, test.high))
    assert found.false_a_year == 1.0
    low, high = stats.chi2.ppf(0.05, 4) / 4, stats.chi2.ppf(0.95, 6) / 4
    assert found.false_interval == pytest.approx((low, high))


def test_what_nobody_judged_is_no_false_alarm_of_the_precision_but_one_of_the_rate() -> None:
    found = warning_record([1.0, 10.0, 20.0], [21.0], horizon=2.0, years=1.0, judged_false=[0.5])
    assert (found.hits, found.false, found.unjudged, found.precision) == (1, 1, 1, 0.5)
    assert found.false_a_year == 2.0


def test_a_record_of_nothing_says_so() -> None:
    found = warning_record([], [], horizon=1.0, years=0.5)
    assert (found.precision, found.lead, found.precision_interval) == (None, None, (0.0, 1.0))
    assert found.false_interval[1] > 5, "half a year without one is no proof of less than five"
    with pytest.raises(Invalid):
        share_interval(3, 2)

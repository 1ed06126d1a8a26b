"""What is not known: the interval of the parameters holds the truth as often as it says."""

from __future__ import annotations

import numpy as np
import pytest

from guanlan.quant import (
    Frequency,
    Invalid,
    Lognormal,
    Pert,
    Portfolio,
    Risk,
    RiskSet,
    credible,
    empirical,
    gamma_from_interval,
    parameter_interval,
    updated,
)
from tests.quant.oracles import few


def test_one_gamma_rate_gives_its_own_interval() -> None:
    risk = Risk("one", gamma_from_interval(1.0, 8.0), Pert(1_000, 3_000, 20_000))
    risks = RiskSet("CNY", (risk,))
    grid = Portfolio(risks).grid
    rng = np.random.default_rng(2)
    found = parameter_interval(risks, grid, rng, draws=20_000, var_levels=())
    ends = [rate * risk.severity.mean for rate in credible(risk.frequency)]
    assert found.expected == pytest.approx(ends, rel=0.03)


def test_the_interval_of_the_expectancy_covers() -> None:
    """Rates from the prior, losses from the rates, severity from its losses: is the truth held?"""
    rng = np.random.default_rng(21)
    prior, mu, sigma = Frequency(4.0, 3.0), 8.0, 0.8
    held, trials = 0, 200
    for _ in range(trials):
        rate = rng.gamma(3.0, 4.0 / 3.0)
        truth = rate * Lognormal(mu, sigma).mean
        logs = rng.normal(mu, sigma, 25)
        severity = Lognormal(float(logs.mean()), float(logs.std(ddof=1)), evidence=25)
        risk = Risk("one", updated(prior, int(rng.poisson(rate)), 1.0), severity)
        # Without the transform: the draws of the expectancy need none.
        found = parameter_interval(
            RiskSet("CNY", (risk,)), Portfolio(few()).grid, rng, draws=80, var_levels=()
        )
        held += found.expected[0] <= truth <= found.expected[1]
    # Four standard errors, and the ends themselves are quantiles of 80 draws.
    assert held / trials == pytest.approx(0.9, abs=0.09)


def test_the_interval_of_a_severity_covers() -> None:
    """Of a known rate and eight losses: all that is not known is the lognormal's two numbers."""
    rng = np.random.default_rng(22)
    mu, sigma = 8.0, 0.8
    truth = 5.0 * Lognormal(mu, sigma).mean
    held, trials = 0, 300
    for _ in range(trials):
        logs = rng.normal(mu, sigma, 8)
        severity = Lognormal(float(logs.mean()), float(logs.std(ddof=1)), evidence=8)
        risks = RiskSet("CNY", (Risk("one", Frequency(5.0), severity),))
        found = parameter_interval(risks, Portfolio(few()).grid, rng, draws=120, var_levels=())
        held += found.expected[0] <= truth <= found.expected[1]
    # Four standard errors are 0.07; without either of the two it would hold 0.8 of them or less.
    assert held / trials == pytest.approx(0.9, abs=0.06)


def test_what_is_known_has_no_width() -> None:
    risks = RiskSet("CNY", (few().risks[0],))
    portfolio = Portfolio(risks)
    found = parameter_interval(risks, portfolio.grid, np.random.default_rng(1), draws=20)
    assert found.expected[0] == found.expected[1]
    for (low, high), var in zip(found.var, portfolio.quantiles(), strict=True):
        assert low == high
        assert low == pytest.approx(var, rel=0.01)  # from a coarser grid


def test_more_counted_losses_make_it_narrower() -> None:
    def width(count: int) -> float:
        drawn = np.random.default_rng(3).lognormal(8.0, 0.8, count)
        losses = [max(1, round(x)) for x in drawn.tolist()]
        risks = RiskSet("CNY", (Risk("one", Frequency(5.0), empirical(losses)),))
        grid = Portfolio(risks).grid
        found = parameter_interval(risks, grid, np.random.default_rng(4), draws=60)
        return (found.expected[1] - found.expected[0]) / found.expected[0]

    assert width(400) < 0.6 * width(40)


def test_the_same_seed_gives_the_same_interval() -> None:
    grid = Portfolio(few()).grid
    once, again = (
        parameter_interval(few(), grid, np.random.default_rng(7), draws=30) for _ in range(2)
    )
    assert once == again
    assert once.var[0][0] < once.var[0][1]


def test_a_handful_of_draws_is_refused() -> None:
    with pytest.raises(Invalid, match="twenty"):
        parameter_interval(few(), Portfolio(few()).grid, np.random.default_rng(1), draws=5)

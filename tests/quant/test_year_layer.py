"""Insurance of a year's sum: what is borne, against simulation and what must be the same."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from guanlan.quant import (
    Frequency,
    Grid,
    Group,
    Invalid,
    Layer,
    Lognormal,
    Pert,
    Portfolio,
    Risk,
    RiskSet,
    Shock,
    parameter_interval,
    simulate,
)
from tests.quant.oracles import few

LAYERS = [
    Layer(30_000, 60_000),
    Layer(0, 50_000),
    Layer(20_000, None, 0.9),
    Layer(40_000, 80_000, 0.6),
    Layer(50_000),
]


def insured(layer: Layer) -> RiskSet:
    risks = few()
    return risks.with_risk(replace(risks.risks[1], year=layer))


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_simulation_agrees_within_four_standard_errors(layer: Layer) -> None:
    years = 60_000
    portfolio = Portfolio(insured(layer))
    losses = simulate(insured(layer), years, np.random.default_rng(3))
    error = losses.std() / math.sqrt(years)
    assert losses.mean() == pytest.approx(portfolio.cumulants.mean, abs=4 * error)
    assert losses.std() == pytest.approx(portfolio.cumulants.deviation, rel=0.05)
    for level in (0.2, 0.5, 0.9, 0.99):
        spread = 4 * math.sqrt(level * (1 - level) / years)
        held = (losses <= portfolio.year.quantile(level)).mean()
        assert held == pytest.approx(level, abs=spread)


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_contributions_add_up(layer: Layer) -> None:
    portfolio = Portfolio(insured(layer))
    parts = portfolio.contributions(0.95)
    assert sum(p.tvar for p in parts) == pytest.approx(portfolio.year.tail_mean(0.95), rel=2e-6)
    assert sum(p.expected for p in parts) == pytest.approx(portfolio.cumulants.mean, rel=1e-12)


def test_an_insurer_who_never_pays_changes_nothing() -> None:
    plain, useless = Portfolio(few()), Portfolio(insured(Layer(10**12)), Portfolio(few()).grid)
    assert useless.quantiles() == pytest.approx(plain.quantiles(), rel=1e-9)
    assert useless.cumulants == pytest.approx(plain.cumulants, rel=1e-6)
    for one, other in zip(plain.contributions(), useless.contributions(), strict=True):
        assert other.tvar == pytest.approx(one.tvar, rel=1e-5)


def test_for_at_most_one_event_a_year_it_is_insurance_by_event() -> None:
    """So rare that two in a year do not count: a stop loss is then a layer by event."""
    gross = Risk("one", Frequency(1e-4), Pert(1_000, 30_000, 200_000))
    year = Portfolio(RiskSet("CNY", (replace(gross, year=Layer(20_000, 50_000, 0.8)),)))
    losses = simulate(RiskSet("CNY", (gross,)), 4_000_000, np.random.default_rng(1))
    paid = Layer(20_000, 50_000, 0.8).paid(losses)
    one = np.linspace(1e-6, 1 - 1e-6, 20_001)
    drawn = np.quantile(gross.severity.sample(np.random.default_rng(2), 400_000), one)
    expected = 1e-4 * float((drawn - Layer(20_000, 50_000, 0.8).paid(drawn)).mean())
    assert year.cumulants.mean == pytest.approx(expected, rel=0.01)
    assert float((losses - paid).mean()) == pytest.approx(expected, rel=0.2)


def test_a_tail_past_the_grid_is_in_the_expectancy() -> None:
    """Of 2,000 steps, as of a hundred times as many, the mean of what is borne is the same."""
    risk = Risk("one", Frequency(1.0), Lognormal(9.0, 2.0), year=Layer(50_000, 400_000, 0.9))
    coarse = Portfolio(RiskSet("CNY", (risk,)), Grid(512.0, 2**11)).cumulants
    wide = Portfolio(RiskSet("CNY", (risk,)), Grid(512.0, 2**18)).cumulants
    assert coarse.mean == pytest.approx(wide.mean, rel=1e-3)
    assert coarse.variance == pytest.approx(wide.variance, rel=1e-3)


def test_a_move_is_followed_to_the_bit() -> None:
    live = Portfolio(insured(LAYERS[0]))
    live.quantiles()
    live.move({"unsure": Frequency(3.5, 2.0), "rare": Frequency(0.5)})
    cold = Portfolio(live.risks, live.grid)
    assert live.measures() == cold.measures()
    assert live.contributions() == cold.contributions()


def test_a_cover_from_the_first_yuan_leaves_years_without_loss() -> None:
    risk = Risk("one", Frequency(1.0), Pert(1_000, 2_000, 9_000), year=Layer(0, 20_000))
    portfolio = Portfolio(RiskSet("CNY", (risk,)))
    losses = simulate(portfolio.risks, 50_000, np.random.default_rng(4))
    assert portfolio.no_loss == pytest.approx((losses == 0).mean(), abs=0.005)
    assert portfolio.year.quantile(0.9) == 0.0


def test_the_interval_speaks_of_what_is_borne() -> None:
    risks = insured(LAYERS[1])
    portfolio = Portfolio(risks)
    found = parameter_interval(risks, portfolio.grid, np.random.default_rng(5), draws=60)
    low, high = found.expected
    assert low < portfolio.cumulants.mean < high


@pytest.mark.parametrize("how", ["group", "frailty", "shock"])
def test_it_needs_a_risk_that_is_independent(how: str) -> None:
    risk = replace(few().risks[0], year=Layer(5), group="g" if how == "group" else None)
    with pytest.raises(Invalid, match="without group, frailty and shock"):
        RiskSet(
            "CNY",
            (risk,),
            frailty=0.1 if how == "frailty" else 0.0,
            groups=(Group("g", 0.1),),
            shocks=(Shock("s", 1.0, {"often": 1.0}),) if how == "shock" else (),
        )

"""The year's loss: closed forms, Panjer's recursion and simulation agree with the transform."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.quant import (
    Frequency,
    Grid,
    Group,
    Invalid,
    Layer,
    Lognormal,
    Pert,
    Portfolio,
    Recovered,
    Retained,
    Risk,
    RiskSet,
    Shock,
    delta,
    empirical,
    lognormal_from_interval,
    simulate,
)
from guanlan.quant.discretise import masses
from tests.quant.oracles import few, panjer, together


def moments(portfolio: Portfolio) -> tuple[float, float, float]:
    """Mean, variance and third central moment of what lies on the grid."""
    year = portfolio.year
    x = np.arange(year.grid.size) * year.grid.step
    mean = float((x * year.masses).sum())
    return (
        mean,
        float(((x - mean) ** 2 * year.masses).sum()),
        float(((x - mean) ** 3 * year.masses).sum()),
    )


def light(risks: RiskSet) -> RiskSet:
    """Without the tail that no grid holds whole: its moments are then those of the grid."""
    swap = Pert(2_000, 9_000, 150_000)
    return risks.with_risk(replace(risks.risks[2], severity=swap))


@pytest.mark.parametrize("risks", [light(few()), light(together()), light(together(0.0))])
def test_mean_variance_and_third_cumulant_are_the_closed_ones(risks: RiskSet) -> None:
    # Far and fine enough for a third moment; steps add some step²/6 a loss to the variance.
    portfolio = Portfolio(risks, Grid(64.0, 2**16))
    found, closed = moments(portfolio), portfolio.cumulants
    assert found[0] == pytest.approx(closed.mean, rel=1e-7)
    assert found[1] == pytest.approx(closed.variance, rel=1e-4)
    assert found[2] == pytest.approx(closed.third, rel=1e-3)


def test_cumulants_are_those_of_the_books() -> None:
    one = Risk("one", Frequency(3.0), Lognormal(8.0, 0.9))
    lam = 3.0
    m1, m2, m3 = (math.exp(k * 8.0 + (0.9 * k) ** 2 / 2) for k in (1, 2, 3))
    plain = Portfolio(RiskSet("CNY", (one,))).cumulants
    assert plain == pytest.approx((lam * m1, lam * m2, lam * m3))
    common = Portfolio(RiskSet("CNY", (one,), frailty=0.25)).cumulants
    assert common.variance == pytest.approx(lam * m2 + 0.25 * (lam * m1) ** 2)
    # One risk with a Gamma rate is a Poisson risk with a clock of its own.
    mixed = Portfolio(RiskSet("CNY", (replace(one, frequency=Frequency(3.0, 4.0)),))).cumulants
    assert mixed == pytest.approx(common)


@pytest.mark.parametrize("frequency", [Frequency(0.4), Frequency(9.0), Frequency(2.5, 1.3)])
def test_panjers_recursion_gives_the_same_masses(frequency: Frequency) -> None:
    severity = Pert(1_000, 3_000, 20_000)
    grid = Grid(256.0, 1024)
    year = Portfolio(RiskSet("CNY", (Risk("one", frequency, severity),)), grid).year
    expected = panjer(frequency, masses(severity, grid.step, grid.size), grid.size)
    assert np.abs(year.masses - expected).max() < 2e-11
    # What the tilt costs in digits it costs at the far end; the recursion has no aliasing at all.
    assert np.abs(year.masses - expected)[:200].max() < 5e-15


def test_no_loss_is_exp_of_minus_the_rates() -> None:
    risks = few()
    known = RiskSet("CNY", tuple(replace(r, frequency=Frequency(0.3)) for r in risks.risks))
    assert Portfolio(known).no_loss == pytest.approx(math.exp(-0.9), rel=1e-12)
    # A deductible paid by somebody else leaves more years without a loss.
    severity = lognormal_from_interval(2_000, 90_000)
    paid = Recovered(severity, Layer(20_000))
    p = float(severity.survival(np.array([20_000.0]))[0])
    insurer = Portfolio(RiskSet("CNY", (Risk("one", Frequency(2.0), paid),)))
    assert insurer.no_loss == pytest.approx(math.exp(-2.0 * p), rel=1e-12)
    assert insurer.year.quantile(math.exp(-2.0 * p) - 1e-9) == 0.0


@pytest.mark.parametrize("risks", [few(), together()], ids=["apart", "together"])
def test_simulation_agrees_within_four_standard_errors(risks: RiskSet) -> None:
    years = 60_000
    portfolio = Portfolio(risks)
    losses = simulate(risks, years, np.random.default_rng(5))
    error = losses.std() / math.sqrt(years)
    assert losses.mean() == pytest.approx(portfolio.cumulants.mean, abs=4 * error)
    for level in (0.1, 0.5, 0.9, 0.95, 0.99, 0.999):
        var = portfolio.year.quantile(level)
        spread = 4 * math.sqrt(level * (1 - level) / years)
        assert (losses <= var).mean() == pytest.approx(level, abs=spread)
        worst = np.sort(losses)[-round(years * (1 - level)) :]
        far = 4 * worst.std() / math.sqrt(worst.size) + spread / (1 - level) * var
        assert worst.mean() == pytest.approx(portfolio.year.tail_mean(level), abs=far)
    assert (losses == 0).mean() == pytest.approx(portfolio.no_loss, abs=0.002)


def test_the_far_tail_is_one_large_loss() -> None:
    """Single-loss approximation with the mean added (Böcker and Klüppelberg, 2005)."""
    severity, rate = Lognormal(9.0, 2.2), 2.0
    portfolio = Portfolio(RiskSet("CNY", (Risk("one", Frequency(rate), severity),)))
    for level in (0.999, 0.9999):
        wanted = 1 - (1 - level) / rate
        low, high = 1.0, 1e12
        for _ in range(200):
            middle = math.sqrt(low * high)
            above = float(severity.survival(np.array([middle]))[0]) > 1 - wanted
            low, high = (middle, high) if above else (low, middle)
        approximation = low + (rate - 1) * severity.mean
        assert portfolio.year.quantile(level) == pytest.approx(approximation, rel=0.03)


@pytest.mark.parametrize("risks", [few(), together()], ids=["apart", "together"])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.99, 0.999])
def test_contributions_add_up_to_the_tail_and_to_the_expectancy(
    risks: RiskSet, level: float
) -> None:
    portfolio = Portfolio(risks)
    parts = portfolio.contributions(level)
    assert sum(p.tvar for p in parts) == pytest.approx(portfolio.year.tail_mean(level), rel=2e-7)
    assert sum(p.expected for p in parts) == pytest.approx(portfolio.cumulants.mean, rel=1e-12)
    # Nobody's bad years are better than its mean, when all risks rise together.
    assert all(p.tvar >= p.expected * (1 - 1e-6) for p in parts)


def test_contributions_are_what_simulation_sees_in_bad_years() -> None:
    risks = together()
    rng = np.random.default_rng(9)
    one = risks.risks[2]
    # Only `rare` costs anything beside the shock: simulate with and without the same severity.
    alone = RiskSet(
        "CNY",
        (one, Risk("often", Frequency(12.0), Pert(1_000, 3_000, 20_000))),
        shocks=(Shock("outage", 0.5, {"often": 0.9, "rare": 0.4}),),
    )
    years = 200_000
    portfolio = Portfolio(alone)
    base = simulate(RiskSet("CNY", (one,)), years, rng)
    often = simulate(RiskSet("CNY", alone.risks[1:]), years, rng)
    strikes = rng.poisson(0.5, years)
    for year in np.flatnonzero(strikes):
        for _ in range(strikes[year]):
            if rng.random() < 0.9:
                often[year] += float(alone.risks[1].severity.sample(rng, 1)[0])
            if rng.random() < 0.4:
                base[year] += float(one.severity.sample(rng, 1)[0])
    total = base + often
    bad = total > np.quantile(total, 0.95)
    parts = {part.name: part.tvar for part in portfolio.contributions(0.95)}
    for name, losses in (("rare", base), ("often", often)):
        error = 5 * losses[bad].std() / math.sqrt(bad.sum())
        assert losses[bad].mean() == pytest.approx(parts[name], abs=error)


@settings(max_examples=15, deadline=None)
@given(
    rate=st.floats(0.05, 20), shape=st.one_of(st.none(), st.floats(0.5, 20)),
    more=st.floats(1.01, 3), level=st.sampled_from([0.5, 0.9, 0.99, 0.999]),
)  # fmt: skip
def test_more_events_never_cost_less(
    rate: float, shape: float | None, more: float, level: float
) -> None:
    grid = Grid(1024.0, 4096)
    risk = Risk("one", Frequency(rate, shape), Pert(1_000, 3_000, 60_000))
    portfolio = Portfolio(RiskSet("CNY", (risk, few().risks[0])), grid)
    before, mean = portfolio.year.quantile(level), portfolio.year.tail_mean(level)
    portfolio.move({"one": risk.frequency.scaled(more)})
    assert portfolio.year.quantile(level) >= before * (1 - 1e-9)
    assert portfolio.year.tail_mean(level) >= mean * (1 - 1e-9)


@settings(max_examples=15, deadline=None)
@given(first=st.sampled_from([0.0, 1e-6, 0.1, 0.5]), more=st.floats(0.01, 1))
def test_a_year_in_common_widens_and_keeps_the_mean(first: float, more: float) -> None:
    apart = Portfolio(replace(few(), frailty=first), Grid(512.0, 2**12))
    common = Portfolio(replace(few(), frailty=first + more), Grid(512.0, 2**12))
    assert common.cumulants.mean == pytest.approx(apart.cumulants.mean)
    assert common.cumulants.variance > apart.cumulants.variance
    assert common.year.tail_mean(0.95) > apart.year.tail_mean(0.95)


def test_tails_are_in_order() -> None:
    measures = Portfolio(together()).measures(100_000)
    for lower, higher in zip(measures.tails, measures.tails[1:], strict=False):
        assert lower.var < higher.var
        assert lower.tvar < higher.tvar
    assert all(tail.var < tail.tvar for tail in measures.tails)
    assert measures.beyond_tolerance is not None
    assert 0 < measures.beyond_tolerance < 1


def test_exceedance_is_the_quantile_read_backwards() -> None:
    year = Portfolio(few()).year
    for level in (0.3, 0.8, 0.95, 0.999):
        assert year.exceedance(year.quantile(level)) == pytest.approx(1 - level, rel=1e-9)


def test_the_curve_falls() -> None:
    curve = Portfolio(few()).curve(40)
    assert len(curve) == 40
    losses, probabilities = zip(*((p.loss, p.probability) for p in curve), strict=True)
    assert list(losses) == sorted(losses)
    assert list(probabilities) == sorted(probabilities, reverse=True)
    assert probabilities[-1] == pytest.approx(1e-3, rel=0.01)


@pytest.mark.parametrize("scale", [2**7, 1000])
def test_another_unit_of_the_currency_changes_nothing(scale: int) -> None:
    small, large = Portfolio(few()).measures(), Portfolio(few(scale)).measures()
    for one, other in zip(small.tails, large.tails, strict=True):
        assert other.var == pytest.approx(one.var * scale, rel=2e-4)
        assert other.tvar == pytest.approx(one.tvar * scale, rel=2e-4)
    assert large.no_loss == pytest.approx(small.no_loss)


def test_ten_times_finer_and_wider_moves_no_number_by_a_thousandth() -> None:
    portfolio = Portfolio(together())
    grid = portfolio.grid
    finer = Portfolio(together(), Grid(grid.step / 4, grid.size * 16))
    assert portfolio.quantiles() == pytest.approx(finer.quantiles(), rel=1e-3)
    assert portfolio.year.tail_mean(0.999) == pytest.approx(finer.year.tail_mean(0.999), rel=1e-3)


def test_the_grid_widens_until_it_holds_the_year() -> None:
    # Single losses say nothing of 50,000 of them in a year: the first grid is far too small.
    many = RiskSet("CNY", (Risk("one", Frequency(50_000.0), Pert(100, 300, 900)),))
    fit = Portfolio(many).year.fit
    assert fit.complete
    assert fit.grid.span > 50_000 * Pert(100, 300, 900).mean
    small = Portfolio(many, Grid(64.0, 1024)).year.fit
    assert not small.complete
    assert small.lost > 0.9


def test_a_tail_that_no_grid_holds_is_told_and_its_quantile_is_right() -> None:
    rng = np.random.default_rng(4)
    losses = [round(1 + 1000 * (u**-0.9 - 1)) for u in rng.random(500)]
    severity = empirical(losses, threshold=5_000)
    assert severity.tail is not None
    risks = RiskSet("CNY", (Risk("one", Frequency(0.5), severity),))
    portfolio = Portfolio(risks)
    simulated = simulate(risks, 200_000, rng)
    assert (simulated <= portfolio.year.quantile(0.99)).mean() == pytest.approx(0.99, abs=1e-3)
    assert portfolio.measures().deviation is None


def test_a_set_without_losses_costs_nothing() -> None:
    measures = Portfolio(RiskSet("CNY", (Risk("one", Frequency(0.0), Pert(1, 2, 3)),))).measures(5)
    assert (measures.expected, measures.no_loss, measures.beyond_tolerance) == (0, 1.0, 0.0)
    assert [(tail.var, tail.tvar) for tail in measures.tails] == [(0, 0)] * 3


def test_a_measure_is_worth_the_difference_on_one_grid() -> None:
    risks = few()
    better = risks.with_risk(replace(risks.risks[0], frequency=Frequency(11.9)))
    worth = delta(risks, better)
    assert worth.without.fit.grid == worth.with_it.fit.grid
    saved = 0.1 * risks.risks[0].severity.mean
    assert worth.expected == pytest.approx(saved, abs=1.0)
    # So small a benefit drowns in the noise of any simulation; here it has its sign.
    for level in (0.95, 0.99, 0.999):
        assert 0 < worth.tvar(level) < 3 * saved
        assert worth.var(level) > 0


def test_insurance_is_worth_what_it_pays() -> None:
    risks = few()
    rare = risks.risks[2]
    insured = risks.with_risk(
        replace(rare, severity=Retained(rare.severity, Layer(20_000, 200_000)))
    )
    worth = delta(risks, insured)
    paid = rare.frequency.rate * Recovered(rare.severity, Layer(20_000, 200_000)).mean
    assert worth.expected == pytest.approx(paid, abs=1.0)
    assert worth.tvar(0.99) > worth.expected


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: RiskSet("yuan", few().risks), "CNY"),
        (lambda: RiskSet("CNY", ()), "a risk at least"),
        (lambda: RiskSet("CNY", few().risks * 2), "twice"),
        (lambda: RiskSet("CNY", few().risks, frailty=-1), "frailty"),
        (lambda: RiskSet("CNY", together().risks), "name of a group"),
        (lambda: Group("g", 0.0), "variance"),
        (lambda: Shock("s", 1.0, {}), "a risk at least"),
        (lambda: Shock("s", 1.0, {"often": 1.2}), "at most 1"),
        (lambda: RiskSet("CNY", few().risks, shocks=(Shock("s", 1.0, {"no": 1.0}),)), "of a risk"),
        (lambda: delta(few(), replace(few(), currency="EUR")), "both sides"),
        (lambda: Portfolio(few()).quantiles((1.0,)), "level"),
        (lambda: Portfolio(few()).measures(-1), "tolerance"),
        (lambda: Grid(1.0, 1000), "power of two"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(make: object, told: str) -> None:
    assert callable(make)
    with pytest.raises(Invalid, match=told):
        make()

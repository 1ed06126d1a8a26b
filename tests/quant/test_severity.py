"""What a loss costs: moments, limited means and tails of every kind of severity."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from guanlan.quant import (
    Invalid,
    Layer,
    Lognormal,
    ParetoTail,
    Pert,
    Recovered,
    Retained,
    Severity,
    empirical,
    fit_tail,
    lognormal_from_interval,
    lognormal_from_quantile,
    pert_from_interval,
)
from guanlan.quant.discretise import masses

LOSSES = [round(x) for x in stats.genpareto(0.3, scale=40_000).ppf(np.linspace(0.01, 0.99, 60))]
SEVERITIES: dict[str, Severity] = {
    "lognormal": lognormal_from_interval(2_000, 90_000),
    "pert": Pert(1_000, 30_000, 200_000),
    "pert from zero": Pert(0, 0, 50_000),
    "pert to its mode": Pert(10, 90_000, 90_000),
    "losses": empirical(LOSSES),
    "losses and tail": empirical(LOSSES, threshold=60_000),
    "losses and likely tail": empirical(LOSSES, threshold=30_000, method="ml"),
}
LAYERS = [
    Layer(20_000),
    Layer(20_000, 30_000),
    Layer(20_000, 30_000, 0.8),
    Layer(0, 50_000, 0.5),
    Layer(5_000, None, 0.9),
]
LAYERED = {
    f"{name} {kind.__name__} {layer}": kind(SEVERITIES[name], layer)
    for name in ("lognormal", "pert", "losses and tail")
    for kind in (Retained, Recovered)
    for layer in LAYERS
}
ALL: dict[str, Severity] = SEVERITIES | LAYERED
every = pytest.mark.parametrize("severity", ALL.values(), ids=ALL.keys())


@every
def test_the_limited_mean_is_the_area_under_the_survival(severity: Severity) -> None:
    ends = np.array([700.0, 21_000.0, 55_555.0, 140_000.0])
    points = np.linspace(0.0, 140_000.0, 280_001)
    heights = severity.survival(points)
    area = integrate.cumulative_trapezoid(heights, points, initial=0.0)
    expected = np.interp(ends, points, area)
    assert severity.limited(ends) == pytest.approx(expected, rel=2e-5, abs=0.6)


@every
def test_the_limited_mean_grows_to_the_mean(severity: Severity) -> None:
    limited = severity.limited(np.array([0.0, 1e3, 1e5, 1e7, 1e16]))
    assert limited[0] == 0.0
    assert np.all(np.diff(limited) >= -1e-6)
    assert limited[-1] == pytest.approx(severity.mean, rel=1e-3)


@every
def test_a_sample_has_this_mean_and_this_survival(severity: Severity) -> None:
    drawn = severity.sample(np.random.default_rng(3), 40_000)
    cap = 150_000.0  # the mean of what is drawn below it has an error that is known
    capped = np.minimum(drawn, cap)
    error = float(capped.std()) / math.sqrt(drawn.size)
    assert float(capped.mean()) == pytest.approx(
        float(severity.limited(np.array([cap]))[0]), abs=4.5 * error + 1e-6
    )
    for x in (900.0, 25_001.0, 61_234.0):
        p = float(severity.survival(np.array([x]))[0])
        spread = 4.5 * math.sqrt(p * (1 - p) / drawn.size) + 1e-9
        assert float((drawn > x).mean()) == pytest.approx(p, abs=spread)


@every
def test_masses_keep_the_mean_of_what_the_grid_holds(severity: Severity) -> None:
    step, size = 512.0, 1024
    found = masses(severity, step, size)
    assert np.all(found >= 0.0)
    lost = float(severity.survival(np.array([step * size]))[0])
    assert 1.0 - float(found.sum()) == pytest.approx(lost, abs=2e-3)
    held = float((found * np.arange(size)).sum()) * step + step * size * (1.0 - float(found.sum()))
    limited = float(severity.limited(np.array([step * size]))[0])
    assert held == pytest.approx(limited, rel=1e-9)


@pytest.mark.parametrize("name", ["lognormal", "pert", "losses and tail"])
@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_borne_and_recovered_make_the_whole(name: str, layer: Layer) -> None:
    gross = SEVERITIES[name]
    borne, paid = Retained(gross, layer), Recovered(gross, layer)
    assert borne.mean + paid.mean == pytest.approx(gross.mean, rel=1e-9)
    losses = gross.sample(np.random.default_rng(1), 1000)
    kept = borne.sample(np.random.default_rng(1), 1000)
    assert np.all(kept <= losses)
    assert np.allclose(kept + layer.paid(losses), losses)


def test_two_layers_in_a_row_are_one() -> None:
    gross = SEVERITIES["lognormal"]
    low, high = Recovered(gross, Layer(10_000, 20_000)), Recovered(gross, Layer(30_000, 50_000))
    both = Recovered(gross, Layer(10_000, 70_000))
    assert low.mean + high.mean == pytest.approx(both.mean, rel=1e-12)


def test_an_insurer_who_pays_nothing_changes_nothing() -> None:
    gross = SEVERITIES["pert"]
    borne = Retained(gross, Layer(200_000, 10))
    x = np.linspace(0, 250_000, 100)
    assert borne.limited(x) == pytest.approx(gross.limited(x), rel=1e-9)
    assert [borne.moment(k) for k in (1, 2, 3)] == pytest.approx(
        [gross.moment(k) for k in (1, 2, 3)], rel=1e-4
    )


@pytest.mark.parametrize("severity", LAYERED.values(), ids=LAYERED.keys())
def test_moments_of_a_layer_are_those_of_its_survival(severity: Retained | Recovered) -> None:
    """E[X²] once more by a plain sum over a linear axis, of what lies below a cap."""
    if not math.isfinite(severity.moment(2)):
        assert severity.gross.moment(2) == math.inf
        return
    edges = np.linspace(0.0, 4e6, 400_001)
    middles = (edges[:-1] + edges[1:]) / 2.0
    second = 2.0 * float((middles * severity.survival(middles)).sum()) * (edges[1] - edges[0])
    heavy = severity.gross is not SEVERITIES["pert"]
    assert severity.moment(2) == pytest.approx(second, rel=0.05 if heavy else 1e-4)
    assert severity.moment(2) >= second * (1 - 5e-4)  # quadrature over the steps of counted losses


@settings(deadline=None)
@given(least=st.integers(0, 10**9), up=st.integers(0, 10**9), more=st.integers(1, 10**9))
def test_a_pert_has_the_moments_of_the_book(least: int, up: int, more: int) -> None:
    severity = Pert(least, least + up, least + up + more)
    a, m, b = float(severity.least), float(severity.mode), float(severity.most)
    mean = (a + 4 * m + b) / 6
    assert severity.mean == pytest.approx(mean)
    assert severity.moment(2) == pytest.approx((mean - a) * (b - mean) / 7 + mean**2)


@settings(deadline=None)
@given(low=st.integers(1, 10**9), wider=st.integers(2, 10**5), level=st.floats(0.5, 0.99))
def test_a_lognormal_meets_its_interval(low: int, wider: int, level: float) -> None:
    severity = lognormal_from_interval(low, low * wider, level=level)
    ends = severity.survival(np.array([low, low * wider], dtype=float))
    assert ends == pytest.approx([(1 + level) / 2, (1 - level) / 2])


def test_a_lognormal_meets_its_median_and_quantile() -> None:
    severity = lognormal_from_quantile(10_000, 90_000, level=0.97)
    ends = severity.survival(np.array([10_000.0, 90_000.0]))
    assert ends == pytest.approx([0.5, 0.03])


def test_a_pert_meets_its_interval() -> None:
    severity = pert_from_interval(0, 30_000, 200_000, 12_000, 90_000)
    above = severity.survival(np.array([12_000.0, 90_000.0]))
    assert above[0] - above[1] == pytest.approx(0.9)


@settings(max_examples=20, deadline=None)
@given(
    shape=st.sampled_from([-0.4, -0.1, -0.01, 0.0, 1e-6, 0.01, 0.2, 0.5, 0.9]),
    scale=st.floats(100, 1e6),
)
def test_a_pareto_tail_is_scipys(shape: float, scale: float) -> None:
    tail, law = ParetoTail(shape, scale), stats.genpareto(shape, scale=scale)
    x = np.array([0.0, 0.3, 1.0, 4.0, 30.0]) * scale
    assert tail.survival(x) == pytest.approx(law.sf(x), rel=1e-6, abs=1e-12)
    assert tail.moment(1) == pytest.approx(float(law.mean()), rel=1e-6)


@pytest.mark.parametrize("method", ["pwm", "ml"])
@pytest.mark.parametrize("shape", [-0.2, 0.0, 0.2, 0.4])
def test_a_fit_finds_the_tail_that_was_drawn(method: str, shape: float) -> None:
    rng = np.random.default_rng(8)
    excesses = ParetoTail(shape, 50_000.0).sample(rng, 4000)
    found = fit_tail(excesses, "ml" if method == "ml" else "pwm")
    assert found.shape == pytest.approx(shape, abs=0.08)
    assert found.scale == pytest.approx(50_000, rel=0.1)


def test_no_tail_is_likelier_than_the_likeliest() -> None:
    excesses = ParetoTail(0.25, 1_000.0).sample(np.random.default_rng(2), 80)

    def likelihood(tail: ParetoTail) -> float:
        return float(stats.genpareto(tail.shape, scale=tail.scale).logpdf(excesses).sum())

    best = fit_tail(excesses, "ml")
    for shape in np.linspace(-0.3, 0.9, 13):
        for factor in np.linspace(0.6, 1.5, 10):
            assert (
                likelihood(ParetoTail(float(shape), best.scale * factor)) <= likelihood(best) + 1e-6
            )


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: lognormal_from_interval(9_000, 1_000), "upside down"),
        (lambda: lognormal_from_interval(0, 1_000), "above zero"),
        (lambda: lognormal_from_interval(-5, 1_000), "above zero"),
        (lambda: lognormal_from_interval(5, 2**63), "int64"),
        (lambda: lognormal_from_quantile(5, 9, level=0.4), "level"),
        (lambda: Lognormal(1.0, 0.0), "sigma"),
        (lambda: Pert(5, 4, 9), "between least and most"),
        (lambda: Pert(5, 5, 5), "upside down or empty"),
        (lambda: pert_from_interval(10, 20, 30, 5, 25), "outside"),
        (lambda: pert_from_interval(10, 20, 30, 15, 35), "outside"),
        (lambda: pert_from_interval(10, 20, 30, 21, 25), "mode"),
        (lambda: Layer(0, 0), "limit"),
        (lambda: Layer(0, 5, 1.5), "share"),
        (lambda: empirical([5]), "two losses"),
        (lambda: empirical([5, 0, 7]), r"losses\[1\]"),
        (lambda: empirical(LOSSES, threshold=10**7), "ten|10 losses"),
        (lambda: empirical(LOSSES, threshold=1), "at or below"),
        (lambda: ParetoTail(1.0, 5.0), "mean must exist"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(make: object, told: str) -> None:
    assert callable(make)
    with pytest.raises(Invalid, match=told):
        make()

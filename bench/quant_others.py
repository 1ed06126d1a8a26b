"""The loss engine against `aggregate` and `pyfair`, where they are installed beside it.

    python -m venv others; others/bin/pip install aggregate pyfair
    PYTHONPATH=src:. others/bin/python bench/quant_others.py

They bring in pandas, matplotlib and more, so they are no dependencies of Guanlan, not even to
test: without them this says so and measures nothing.

`aggregate` sums the same twenty lognormal risks by the same kind of transform, on 65,536 steps over
the span that ours chose; its quantiles must be within 1 % of ours, and ours within 0.1 % of a grid
sixteen times finer. `pyfair` simulates twenty PERT risks 100,000 times; its expectancy must be
within 4 standard errors. What it multiplies instead of summing is told beside it: its tail.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import Any

import numpy as np

from bench.quant import risk_set, seconds, told
from guanlan.quant import LEVELS, Grid, Pert, Portfolio, Risk, RiskSet

SLOWER_AGGREGATE, SLOWER_PYFAIR = 12.0, 5.0
STEPS, YEARS = 2**16, 100_000
MINOR = 100.0  # `aggregate` counts in whole units of money


def perts(risks: RiskSet) -> RiskSet:
    """The same rates with PERT losses."""
    lows = np.geomspace(200_000, 80_000_000, len(risks.risks))
    return RiskSet(
        risks.currency,
        tuple(
            Risk(one.name, one.frequency, Pert(round(low), round(low) * 5, round(low) * 100))
            for one, low in zip(risks.risks, lows, strict=True)
        ),
    )


def by_aggregate(aggregate: Any, risks: RiskSet, span: float) -> list[float]:
    """Quantiles of the year by `aggregate`, minor units."""
    lines = ["port All"]
    for one in risks.risks:
        severity: Any = one.severity
        scale = np.exp(severity.mu) / MINOR
        name = one.name.replace("_", "")
        loss = f"sev {scale} * lognorm {severity.sigma}"
        lines.append(f"\tagg {name} {one.frequency.rate} claims {loss} poisson")
    found = aggregate.build("\n".join(lines), update=False)
    found.update(log2=16, bs=span / MINOR / STEPS, remove_fuzz=True)
    return [float(found.q(level)) * MINOR for level in LEVELS]


def by_pyfair(pyfair: Any, risks: RiskSet) -> Any:
    """The simulated years of `pyfair`, minor units."""
    models = []
    for one in risks.risks:
        severity: Any = one.severity
        model = pyfair.FairModel(name=one.name, n_simulations=YEARS)
        rate = one.frequency.rate
        model.input_data("Loss Event Frequency", mean=rate, stdev=rate / 1e6)
        model.input_data(
            "Loss Magnitude", low=severity.least, mode=severity.mode, high=severity.most
        )
        models.append(model)
    whole = pyfair.FairMetaModel(name="all", models=models)
    whole.calculate_all()
    return whole.export_results()["Risk"]


def main() -> int:
    warnings.filterwarnings("ignore")
    try:
        aggregate, pyfair = importlib.import_module("aggregate"), importlib.import_module("pyfair")
    except ImportError as error:
        print(f"quant_others: {error.name} is not installed; nothing measured", file=sys.stderr)
        return 0
    risks = risk_set()
    portfolio = Portfolio(risks)
    ours, grid = portfolio.quantiles(), portfolio.grid
    finer = Portfolio(risks, Grid(grid.step / 16, grid.size * 16)).quantiles()
    theirs = by_aggregate(aggregate, risks, grid.span)
    cold = seconds(lambda: Portfolio(risks).quantiles(), 9)
    ok = told(
        "quant: aggregate, 20 lognormal risks / ours cold",
        seconds(lambda: by_aggregate(aggregate, risks, grid.span), 3) / cold,
        SLOWER_AGGREGATE,
        np.allclose(ours, finer, rtol=1e-3) and np.allclose(theirs, finer, rtol=1e-2),
        ours_off=[f"{one / true - 1:.1e}" for one, true in zip(ours, finer, strict=True)],
        theirs_off=[f"{one / true - 1:.1e}" for one, true in zip(theirs, finer, strict=True)],
    )
    others = perts(risks)
    true = Portfolio(others)
    years = by_pyfair(pyfair, others)
    spread = float(years.std()) / YEARS**0.5
    quantiles = true.quantiles()
    cold = seconds(lambda: Portfolio(others).quantiles(), 9)
    ok &= told(
        "quant: pyfair, 20 PERT risks / ours cold",
        seconds(lambda: by_pyfair(pyfair, others), 3) / cold,
        SLOWER_PYFAIR,
        abs(float(years.mean()) - true.cumulants.mean) < 4 * spread,
        theirs_off=[
            f"{one / value - 1:.1e}"
            for one, value in zip(years.quantile(list(LEVELS)), quantiles, strict=True)
        ],
    )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())

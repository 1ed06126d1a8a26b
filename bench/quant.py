"""The loss engine against simulation, and one moved frequency against a cold start.

Twenty risks, Poisson 0.05 to 24 a year (82.85 together), lognormal losses by their 90 % intervals.
Simulation draws 100,000 years, vectorised; its expectancy and its quantiles must agree with the
transform within four standard errors, and the transform with one on a finer, wider grid within a
thousandth. A moved portfolio must equal one computed anew, bit for bit.

Beside it is told what has no reach: rates that are Gammas, a set of few events a year (where less
of the transform is negligible), and 2,000 risks.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from guanlan.quant import (
    LEVELS,
    Frequency,
    Grid,
    Portfolio,
    Risk,
    RiskSet,
    lognormal_from_interval,
    simulate,
)

YEARS = 100_000
COLD, MOVED = 3.0, 50.0
EVENTS = 82.85
MANY = 2_000
MANY_COLD, MANY_MOVED = 10.0, 0.1  # seconds: to open a set, and to follow a moved frequency


def risk_set(count: int = 20, events: float = EVENTS, shape: float | None = None) -> RiskSet:
    """Rates and losses evenly spaced by their logarithms, rare ones large."""
    rates = np.geomspace(0.05, 24.0, count)[::-1]
    rates *= events / rates.sum()
    lows = np.geomspace(200_000, 80_000_000, count)
    return RiskSet(
        "CNY",
        tuple(
            Risk(
                f"risk_{k}",
                Frequency(float(rate), shape),
                lognormal_from_interval(round(low), round(low) * 100),
            )
            for k, (rate, low) in enumerate(zip(rates, lows, strict=True))
        ),
    )


def seconds(work: Callable[[], object], times: int) -> float:
    """The median of `times` runs, by the processor's clock of this process."""
    found = []
    for _ in range(times):
        begin = time.process_time()
        work()
        found.append(time.process_time() - begin)
    return statistics.median(found)


def agrees(risks: RiskSet) -> bool:
    """Transform, simulation and a grid 4 times finer and as wide agree."""
    portfolio = Portfolio(risks)
    losses = simulate(risks, YEARS, np.random.default_rng(1))
    error = losses.std() / math.sqrt(YEARS)
    good = abs(losses.mean() - portfolio.cumulants.mean) < 4 * error
    for level, quantile in zip(LEVELS, portfolio.quantiles(), strict=True):
        spread = 4 * math.sqrt(level * (1 - level) / YEARS)
        good &= abs(float((losses <= quantile).mean()) - level) < spread
    grid = portfolio.grid
    finer = Portfolio(risks, Grid(grid.step / 4, grid.size * 16))
    near = np.allclose(portfolio.quantiles(), finer.quantiles(), rtol=1e-3)
    return bool(good and near and portfolio.year.fit.complete)


def moved(risks: RiskSet, times: int) -> tuple[float, bool]:
    """Seconds from a moved frequency to new quantiles; whether they are those of a cold start."""
    live = Portfolio(risks)
    live.quantiles()
    name = risks.risks[len(risks.risks) // 3].name
    rate = live.frequency(name)
    turns = iter(range(times))

    def follow() -> None:
        live.move({name: rate.scaled(1.0 + (next(turns) % 7 + 1) / 20)})
        live.quantiles()

    spent = seconds(follow, times)
    cold = Portfolio(live.risks, live.grid)
    equal = cold.quantiles() == live.quantiles()
    return spent, equal and cold.year.masses.tobytes() == live.year.masses.tobytes()


def told(bench: str, ratio: float, reach: float, equal: bool, **more: object) -> bool:
    ok = equal and ratio >= reach
    line = {"bench": bench, "ratio": round(ratio, 2), "reach": reach, "equal": equal, "ok": ok}
    print(json.dumps(line | more), flush=True)
    return ok


def main() -> int:
    risks = risk_set()
    equal = agrees(risks)
    cold = seconds(lambda: Portfolio(risks).quantiles(), 9)
    rng = np.random.default_rng(2)
    simulated = seconds(lambda: np.quantile(simulate(risks, YEARS, rng), LEVELS), 3)
    ok = told(
        "quant: 20 risks cold / NumPy simulation of 100,000 years",
        simulated / cold,
        COLD,
        equal,
        cold_ms=round(cold * 1e3, 1),
        simulation_ms=round(simulated * 1e3, 1),
        steps=Portfolio(risks).grid.size,
    )
    live, same = moved(risks, 200)
    beside = {}
    for word, other in (
        ("gamma", risk_set(shape=4.0)),
        ("few_events", risk_set(events=4.0)),
    ):
        other_cold = seconds(lambda risks=other: Portfolio(risks).quantiles(), 3)  # type: ignore[misc]
        other_live, other_same = moved(other, 100)
        same &= other_same
        beside[f"ratio_{word}"] = round(other_cold / other_live, 1)
        beside[f"moved_ms_{word}"] = round(other_live * 1e3, 2)
    ok &= told(
        "quant: one frequency moved / cold",
        cold / live,
        MOVED,
        same,
        cold_ms=round(cold * 1e3, 1),
        moved_ms=round(live * 1e3, 2),
        **beside,
    )
    many = risk_set(MANY, events=5_000.0)
    opened = seconds(lambda: Portfolio(many).quantiles(), 1)
    live, same = moved(many, 30)
    ok &= told(
        f"quant: {MANY:,} risks follow a moved frequency within {MANY_MOVED * 1e3:.0f} ms",
        MANY_MOVED / live,
        1.0,
        same and opened <= MANY_COLD,
        cold_s=round(opened, 2),
        moved_ms=round(live * 1e3, 2),
    )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())

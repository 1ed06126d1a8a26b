"""`guanlan quantify`: the loss distribution of a risk set."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
import numpy as np
from babel.numbers import UnknownCurrencyError, get_currency_precision

from guanlan.quant import (
    Contribution,
    Interval,
    Invalid,
    Measures,
    Portfolio,
    credible,
    parameter_interval,
)
from guanlan.site.cli.risk_file import RiskFile, load_risks
from guanlan.site.cli.words import BadInput, as_json, put_json, put_table, say

LEVEL = 0.99  # of the contributions


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True,
              help="Of the draws that the parameter intervals rest on.")  # fmt: skip
@click.option("--draws", type=click.IntRange(20, 10_000), default=200, show_default=True,
              help="How many parameter sets are drawn.")  # fmt: skip
@as_json
def quantify(file: Path, seed: int, draws: int, as_json: bool) -> None:
    """The distribution of what the risks in FILE cost in a year.

    Management information, not regulatory capital. Amounts in the file and in JSON are minor
    units; the table shows the currency itself.
    """
    read = load_risks(file)
    portfolio = Portfolio(read.risks)
    try:
        measures = portfolio.measures(read.tolerance)
        contributions = portfolio.contributions(LEVEL)
        rng = np.random.default_rng(seed)
        interval = parameter_interval(read.risks, portfolio.grid, rng, draws=draws)
    except Invalid as error:
        raise BadInput(f"{file}: {error}") from None
    if as_json:
        put_json(
            {
                **asdict(measures),
                "complete": measures.fit.complete,
                "seed": seed,
                "interval": asdict(interval),
                "contributions": {"level": LEVEL, "risks": [asdict(one) for one in contributions]},
                "curve": [asdict(point) for point in portfolio.curve()],
            }
        )
    else:
        show(read, measures, interval, contributions)
    if not measures.fit.complete:
        say(
            "the tail is so heavy that the grid holds "
            f"{1 - measures.fit.mean_error:.1%} of the expectancy; VaR and TVaR do not suffer"
        )


def show(
    read: RiskFile,
    measures: Measures,
    interval: Interval,
    contributions: tuple[Contribution, ...],
) -> None:
    """Tables for people, in the currency's major unit."""
    code = measures.currency
    try:
        unit = 10.0 ** get_currency_precision(code)
    except UnknownCurrencyError:
        unit = 100.0

    def money(value: float) -> str:
        return f"{value / unit:,.0f}"

    def share(probability: float) -> str:
        return f"{100 * probability:.2g} %"

    def between(ends: tuple[int, int]) -> str:
        return f"{money(ends[0])} – {money(ends[1])}"

    sure = f"{interval.level:.0%} interval"
    rows: list[tuple[str, str, str, str]] = [
        ("expected", money(measures.expected), between(interval.expected), "")
    ]
    ranges = dict(zip(interval.var_levels, interval.var, strict=True))
    rows += [
        (
            f"VaR {100 * tail.level:g}: once in {1 / (1 - tail.level):,.0f} years",
            money(tail.var),
            between(ranges[tail.level]),
            money(tail.tvar),
        )
        for tail in measures.tails
    ]
    put_table(f"Loss of a year, {code}", ("", code, sure, "TVaR: mean beyond"), rows)
    click.echo(f"no loss at all: {share(measures.no_loss)}")
    if measures.tolerance is not None and measures.beyond_tolerance is not None:
        told = money(measures.tolerance)
        click.echo(f"more than the tolerance of {told}: {share(measures.beyond_tolerance)}")
    parts = {one.name: one for one in contributions}
    whole = measures.tail(LEVEL).tvar or 1
    by_risk = [
        (
            read.titles[risk.name],
            f"{risk.frequency.rate:,.3g}",
            "{:,.3g} – {:,.3g}".format(*credible(risk.frequency)),
            money(risk.severity.mean),
            money(parts[risk.name].expected),
            f"{parts[risk.name].tvar / whole:.0%}",
        )
        for risk in sorted(read.risks.risks, key=lambda risk: -parts[risk.name].tvar)
    ]
    click.echo()
    put_table(
        "By risk, the largest part of the tail first",
        ("risk", "a year", sure, "mean loss", "a year's mean", "of TVaR 99"),
        by_risk,
    )
    grid = measures.fit.grid
    click.echo(
        f"\n{measures.model}, inputs {measures.digest[:12]}, {grid.size:,} steps of "
        f"{grid.step / unit:,.2f}; beyond the grid {measures.fit.lost:.1e}. "
        "Management information, not regulatory capital."
    )

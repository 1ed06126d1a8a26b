"""`guanlan backtest`: what a scenario would have decided, and what that would have been worth."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from rich.console import Console

from guanlan.engine.backtest import (
    Backtest,
    BacktestFailed,
    HistoryError,
    Report,
    load_map,
    open_history,
)
from guanlan.engine.backtest import (
    backtest as run_backtest,
)
from guanlan.engine.scenario import load_scenario
from guanlan.site.cli.words import (
    BadInput,
    Fault,
    as_json,
    data_option,
    progress,
    put_json,
    put_table,
    say,
    writable,
)
from guanlan.site.start import platform_module


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option(
    "--events", "file", required=True, type=click.Path(path_type=Path),
    help="The history: .parquet, .csv, .ndjson.",
)  # fmt: skip
@click.option(
    "--map", "map_file", type=click.Path(path_type=Path), help="How columns become events."
)
@click.option("--labels", type=click.Path(path_type=Path), help="What events turned out to be.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the decisions: FILE.parquet.")
@click.option("--report", type=click.Path(path_type=Path), help="Write the report: FILE.json.")
@click.option("--store", metavar="TITLE", help="Keep the report in the console under this title.")
@data_option
@as_json
def backtest(
    scenario: Path,
    file: Path,
    map_file: Path | None,
    labels: Path | None,
    out: Path | None,
    report: Path | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Decide a whole history with SCENARIO by the live engine, and judge the decisions."""
    loaded = load_scenario(scenario)
    event_map = load_map(map_file) if map_file is not None else None
    for target in (out, report):
        writable(target)
    # Django's settings are read before the work, so that a wrong one is said at once.
    services = platform_module("guanlan.fraud.services") if store is not None else None
    try:
        history = open_history(file, event_map, labels)
        with progress(as_json) as bar:
            task = bar.add_task("deciding", total=history.total)
            result = run_backtest(
                loaded,
                history,
                evaluation=event_map.evaluation if event_map is not None else None,
                progress=lambda seen: bar.update(task, completed=min(seen, history.total)),
            )
    except BacktestFailed as error:
        raise Fault(str(error)) from None
    except HistoryError as error:
        raise BadInput(str(error)) from None
    if out is not None:
        result.decided.decisions.write_parquet(out)
    if report is not None:
        report.write_bytes(result.report.json() + b"\n")
    if services is not None:
        apply = platform_module("guanlan.site.run.prepare").apply_migrations
        apply()
        built = msgspec.json.decode(result.report.json())
        services.store_backtest(store, loaded.name, loaded.digest, built)
    if as_json:
        put_json({"refused": result.decided.refusals, "report": result.report})
    else:
        show(result)


def show(result: Backtest) -> None:
    """The report's first page for people; the console has the rest."""
    report = result.report
    for refusal in result.decided.refusals:
        say(f"{refusal.events:,} events refused: {refusal.message} (first: {refusal.first})")
    period = report.period
    Console(highlight=False).print(
        f"[bold]{report.scenario}[/] {report.version}: {report.events:,} events of"
        f" {period.days} days ({period.first} – {period.last}), {report.frauds:,} frauds"
    )
    ranking, budget = report.ranking, report.budget
    put_table(
        "",
        ("measure", "value"),
        [
            ("AUC", ranking.auc),
            ("average precision", ranking.average_precision),
            (f"{ranking.entity or 'entity'} precision@{ranking.top}", ranking.entity_precision),
            ("   of at most", ranking.entity_ceiling),
            *thresholds(report),
            (f"{budget.per_day} alerts a day: precision", budget.precision),
            (f"{budget.per_day} alerts a day: recall", budget.recall),
            (f"saved ({report.currency})", money(report, report.money.saved)),
        ],
    )
    rows = [
        (rule.rule, rule.hits, rule.frauds, rule.precision, rule.recall)
        for rule in sorted(report.rules, key=lambda rule: -rule.frauds)
    ]
    put_table("", ("rule", "hits", "frauds", "precision", "recall"), rows)


def thresholds(report: Report) -> list[tuple[str, object]]:
    """What alerts and stops find."""
    return [
        (f"{name} ({level.outcome} and above): {measure}", value)
        for name, level in (("alerts", report.alerts), ("stops", report.stops))
        for measure, value in (
            ("events", level.events),
            ("precision", level.precision),
            ("recall", level.recall),
            ("value detected", level.value_detection),
            ("false positives per fraud", level.false_positives_per_fraud),
        )
    ]


def money(report: Report, minor: int) -> str:
    """Minor units as a person writes them."""
    return f"{minor / 10**report.currency_decimals:,.{report.currency_decimals}f}"

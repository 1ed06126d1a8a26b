"""The handbook example on real rows, against features computed by another engine (polars).

The data may not be redistributed: GUANLAN_TEST_DATA names a folder with `handbook/`.
"""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from guanlan.engine.backtest import backtest, load_map, open_history
from guanlan.engine.scenario import load_scenario

EXAMPLE = Path(__file__).parents[3] / "examples" / "handbook"
FILE = "handbook/transactions_2018-04_07.parquet"


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    folder = os.environ.get("GUANLAN_TEST_DATA")
    if not folder or not (Path(folder) / FILE).exists():
        pytest.skip(f"set GUANLAN_TEST_DATA to a folder that holds {FILE}")
    card, terminal = pl.col("CUSTOMER_ID"), pl.col("TERMINAL_ID")
    whole = pl.scan_parquet(Path(folder) / FILE)
    return whole.filter((card % 160 == 3) | (terminal % 160 == 3)).collect()


def test_the_example_loads() -> None:
    scenario = load_scenario(EXAMPLE / "scenario.yaml")
    found = load_map(EXAMPLE / "map.yaml")
    assert set(found.entities) == {role.name for role in scenario.events[0].roles}
    assert "TX_FRAUD_SCENARIO" not in found.columns, "it says what kind of fraud it is"
    assert found.label is not None
    assert found.label.delay == 7 * 86_400_000_000


def windowed(frame: pl.DataFrame, key: str, days: int, value: pl.Expr) -> pl.Series:
    """(t − days, t] per key, row by row, in the order of `frame`."""
    ordered = frame.sort(key, "t", "n")
    found = ordered.rolling("t", period=f"{days}d", group_by=key).agg(value.alias("v"))
    return ordered.with_columns(found["v"]).sort("n")["v"]


def test_rules_hit_what_an_independent_computation_says(rows: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    rows.write_parquet(path)
    event_map = load_map(EXAMPLE / "map.yaml")
    scenario = load_scenario(EXAMPLE / "scenario.yaml")
    found = backtest(
        scenario,
        open_history(path, event_map),
        evaluation=event_map.evaluation,
        compiled=False,
    )
    decisions = found.decided.decisions
    assert found.decided.refusals == ()
    assert decisions.height == rows.height
    assert found.decided.labels == rows["TX_FRAUD"].sum()

    frame = rows.select(
        pl.col("TX_DATETIME").cast(pl.Datetime("us")).alias("t"),
        pl.col("CUSTOMER_ID").alias("card"),
        pl.col("TERMINAL_ID").alias("terminal"),
        (pl.col("TX_AMOUNT") * 100).round().cast(pl.Int64).alias("a"),
        pl.col("TX_FRAUD").alias("y"),
    ).with_row_index("n")
    assert frame["t"].is_sorted()
    amount, count = pl.col("a").sum(), pl.len()
    spent = {d: windowed(frame, "card", d, amount) for d in (14, 60)}
    times = {d: windowed(frame, "card", d, count) for d in (14, 60)}
    habit = (spent[60] - spent[14]) / (times[60] - times[14]).cast(pl.Float64)
    largest = windowed(frame, "card", 7, pl.col("a").max())

    # Frauds of a terminal reported in (t - 7d, t]: committed in (t - 14d, t - 7d].
    week = pl.duration(days=7)
    frauds = frame.filter(pl.col("y") == 1).select("terminal", "t", reported=pl.col("t") + week)
    pairs = frame.select("n", "terminal", now="t").join(frauds, on="terminal")
    fresh = pairs.filter(
        (pl.col("reported") <= pl.col("now")) & (pl.col("reported") > pl.col("now") - week)
    )
    known = frame.join(fresh.group_by("n").len("k"), on="n", how="left")["k"].fill_null(0)

    expected = {
        "amount.large": frame["a"] > 22_000,
        "habit.over_2x": frame["a"] > 2 * habit,
        "habit.over_4x": frame["a"] > 4 * habit,
        "habit.peak_7d": largest > 3 * habit,
        "terminal.frauds_7d": known >= 2,
    }
    for rule, hits in expected.items():
        decided = decisions["rules"].list.contains(rule)
        sure = hits.is_not_null() & ~habit.is_nan() if rule.startswith("habit") else hits | True
        assert hits.filter(sure).sum() > 0, rule
        assert (decided != hits.fill_null(False)).filter(sure).sum() == 0, rule
        assert not decided.filter(~sure).any(), rule

"""The past of the demonstration: rich, in order, known by now, and soon opened again."""

from __future__ import annotations

from pathlib import Path

import msgspec
import polars as pl
import pytest

from guanlan.engine.engine import COMPILE_FIRST
from guanlan.engine.simulate import ATTACKS
from guanlan.site.run.traffic import DAY, HISTORY_EVENTS, Traffic

NOW = 1_790_000_000_000_000


@pytest.mark.parametrize("rate", [1.0, 300.0])
def test_the_past_is_over_and_leaves_the_engine_quick_to_open(rate: float, tmp_path: Path) -> None:
    traffic = Traffic(rate, NOW)
    history = traffic.write_history(tmp_path / "history.parquet")
    events = [msgspec.json.decode(body) for batch in traffic.past(history) for body in batch]
    times = [event["time"] for event in events]
    assert times == sorted(times)
    assert times[-1] <= NOW // 1000
    assert HISTORY_EVENTS < len(events) < COMPILE_FIRST
    assert any(event["type"] == "label" for event in events)
    (first_to_come,) = traffic.due(2**62, 1)
    assert msgspec.json.decode(first_to_come)["time"] > times[-1] - 1


def test_the_week_has_every_kind_of_attack_on_most_days(tmp_path: Path) -> None:
    Traffic(1.0, NOW).write_history(tmp_path / "history.parquet")
    frauds = pl.read_parquet(tmp_path / "history.parquet").filter(pl.col("is_fraud"))
    assert set(frauds["attack"].unique()) == set(ATTACKS)
    assert frauds.filter(pl.col("type") == "transfer").height > 100
    assert (frauds["time"] // DAY).n_unique() >= 6

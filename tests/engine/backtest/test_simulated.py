"""A simulated history is the same history in each of its files: same events, same labels, each
label when it became known, the victim's own things not accused."""

from __future__ import annotations

from pathlib import Path

import msgspec
import polars as pl
import pytest

from guanlan.engine.backtest import Record, backtest, open_history
from guanlan.engine.scenario import load_scenario
from guanlan.engine.simulate import simulate, wire_history

START = 1_780_272_000_000_000
DAY = 86_400_000_000
WALLET = Path(__file__).resolve().parents[3] / "examples" / "wallet" / "scenario.yaml"


@pytest.fixture(scope="module")
def world() -> pl.DataFrame:
    return pl.concat(simulate(4000, 33, START, 30.0, share=0.2))


@pytest.fixture(scope="module")
def files(world: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The world as Parquet and as NDJSON, the latter cut into frames of a day."""
    folder = tmp_path_factory.mktemp("world")
    table, wire = folder / "world.parquet", folder / "world.ndjson"
    world.write_parquet(table)
    days = simulate(4000, 33, START, 30.0, share=0.2)
    wire.write_bytes(b"".join(body + b"\n" for body in wire_history(days)))
    return table, wire


@pytest.fixture(scope="module")
def items(files: tuple[Path, Path]) -> list[Record]:
    return list(open_history(files[0]))


def test_both_files_hold_the_same_events_and_labels_in_the_same_order(
    files: tuple[Path, Path], items: list[Record]
) -> None:
    assert [item.body for item in items] == [item.body for item in open_history(files[1])]


@pytest.mark.parametrize("rows", [1, 7, 1999, 4000])
def test_however_it_is_cut_into_frames(world: pl.DataFrame, items: list[Record], rows: int) -> None:
    assert [item.body for item in items] == list(wire_history(world.iter_slices(rows)))


def test_every_fraud_gets_its_label_also_after_the_last_event(
    world: pl.DataFrame, items: list[Record]
) -> None:
    frauds = world.filter("is_fraud").sort("label_known_at", maintain_order=True)
    assert frauds["label_known_at"].max() > world["time"].max()  # type: ignore[operator]
    labels = [item for item in items if item.type == "label"]
    assert [item.fields["target"] for item in labels] == frauds["event_id"].to_list()
    assert [item.time // 1000 for item in labels] == (frauds["label_known_at"] // 1000).to_list()
    times = [item.time for item in items]
    assert times == sorted(times)


def test_labels_known_at_once_come_before_an_event_of_that_time_and_in_their_events_order() -> None:
    world = pl.concat(simulate(60, 5, START, 3.0, attacks=()))
    known = world["time"][40]
    told = world.with_columns(
        is_fraud=pl.int_range(pl.len()).is_in([3, 9, 20, 55]),
        label_known_at=pl.when(pl.int_range(pl.len()) < 40).then(known).otherwise(known + DAY),
    )
    ids = world["event_id"].to_list()
    expected = ids[:40] + [f"{ids[n]}-label" for n in (3, 9, 20)] + ids[40:]
    for rows in (1, 25, 60):
        found = [msgspec.json.decode(body)["id"] for body in wire_history(told.iter_slices(rows))]
        found.remove(f"{ids[55]}-label")
        assert found == expected


def test_a_backtest_of_either_file_decides_the_same(files: tuple[Path, Path]) -> None:
    scenario = load_scenario(WALLET)
    table, wire = (backtest(scenario, open_history(path), compiled=False).decided for path in files)
    assert table.decisions.equals(wire.decisions)
    assert table.labels == wire.labels > 100
    assert (table.refusals, wire.refusals) == ((), ())
    # Not vacuous: what labels tell of an account is among the reasons.
    assert "transfer.reported_payee" in set(table.decisions["rules"].explode())


def test_labels_of_their_own_are_added_to_either_file_alike(
    files: tuple[Path, Path], world: pl.DataFrame, tmp_path: Path
) -> None:
    own = tmp_path / "own.csv"
    at = world["time"].max()
    assert isinstance(at, int)
    pl.DataFrame(
        {
            "event_id": world["event_id"].head(3),
            "label": ["fraud", "legit", "fraud"],
            "known_at": [START + 5 * DAY, START + 6 * DAY, at + 90 * DAY],
        }
    ).write_csv(own)
    table, wire = ([item.body for item in open_history(path, labels=own)] for path in files)
    assert table == wire
    assert len(table) == len(list(open_history(files[0]))) + 3

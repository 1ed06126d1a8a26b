"""The simulated wallet world: the same for the same seed, whole, labelled, plausible."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from guanlan.engine.simulate import ATTACKS, SCHEMA, columns, simulate, write_parquet

START = 1_780_272_000_000_000  # 2026-06-01 00:00 UTC
DAY = columns.DAY


def world(events: int, seed: int, **given: object) -> pl.DataFrame:
    return pl.concat(simulate(events, seed, START, **given))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return world(60_000, 5, share=0.03)


def stored(frames: Iterator[pl.DataFrame]) -> bytes:
    buffer = io.BytesIO()
    pl.concat(frames).write_parquet(buffer)
    return buffer.getvalue()


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, two = (stored(simulate(3000, 9, START, 20.0)) for _ in range(2))
    assert one == two
    assert stored(simulate(3000, 10, START, 20.0)) != one


@pytest.mark.parametrize("events", [1, 2, 7, 100, 2500])
@pytest.mark.parametrize("days", [0.01, 1.0, 33.5])
def test_exactly_as_many_events_as_asked_for(events: int, days: float) -> None:
    frame = world(events, 3, days=days)
    assert frame.height == events
    assert frame["time"].min() >= START  # type: ignore[operator]
    assert frame["time"].max() < START + days * DAY  # type: ignore[operator]


def test_columns_have_the_promised_types(frame: pl.DataFrame) -> None:
    assert dict(frame.schema) == SCHEMA


def test_ids_are_unique_and_times_rise_on_whole_milliseconds(frame: pl.DataFrame) -> None:
    assert frame["event_id"].n_unique() == frame.height
    assert frame["time"].is_sorted()
    assert (frame["time"] % 1000 == 0).all()
    assert (frame["label_known_at"] > frame["time"]).all()
    assert (frame["label_known_at"] % 1000 == 0).all()


@pytest.mark.parametrize("kind", columns.TYPES)
def test_a_type_carries_its_own_columns_and_no_others(frame: pl.DataFrame, kind: str) -> None:
    rows = frame.filter(pl.col("type") == kind)
    own = {*columns.ROLES[kind], *columns.FIELDS[kind]}
    for name in {*columns.ROLE_NAMES, *columns.FIELD_NAMES} - own:
        assert rows[name].null_count() == rows.height, name
    for name in own:
        assert rows[name].null_count() < rows.height, name
    for name in ("user", "device", "ip", "subnet"):
        assert rows[name].null_count() == 0, name


def test_money_is_whole_fen_and_positive(frame: pl.DataFrame) -> None:
    amounts = frame["amount"].drop_nulls()
    assert amounts.dtype == pl.Int64
    assert amounts.min() >= 100  # type: ignore[operator]
    assert 2_000 < amounts.median() < 20_000  # type: ignore[operator]


def test_shares_are_plausible(frame: pl.DataFrame) -> None:
    honest = frame.filter(~pl.col("is_fraud"))
    share = dict(honest["type"].value_counts(normalize=True).iter_rows())
    assert 0.4 < share["transfer"] < 0.65
    assert 0.35 < share["login"] < 0.55
    assert 0.002 < share["register"] < 0.03
    logins = honest.filter(pl.col("type") == "login")
    assert logins["success"].mean() > 0.9  # type: ignore[operator]
    night = (honest["time"] + 8 * columns.HOUR) % DAY // columns.HOUR
    assert ((night >= 2) & (night < 6)).mean() < 0.05  # type: ignore[operator]
    assert 0.02 < frame["is_fraud"].mean() < 0.04  # type: ignore[operator]


def test_every_attack_is_present_and_labelled(frame: pl.DataFrame) -> None:
    frauds = frame.filter(pl.col("is_fraud"))
    assert set(frauds["attack"].unique()) == set(ATTACKS)
    assert frauds["episode"].null_count() == 0
    assert frame.filter(~pl.col("is_fraud"))["attack"].null_count() == frame.height - frauds.height
    kinds = frauds.group_by("episode").agg(pl.col("attack").n_unique())
    assert (kinds["attack"] == 1).all()


def test_a_quiet_world_has_no_fraud_and_one_attack_can_be_chosen() -> None:
    assert not world(4000, 2, days=20.0, attacks=()).get_column("is_fraud").any()
    only = world(4000, 2, days=20.0, attacks=("card_testing",))
    assert set(only["attack"].drop_nulls()) == {"card_testing"}


def test_the_truth_about_a_scam_comes_sooner_than_about_a_stolen_card(frame: pl.DataFrame) -> None:
    delay = frame.with_columns(delay=pl.col("label_known_at") - pl.col("time"))
    days = dict(delay.group_by("attack").agg(pl.col("delay").mean() / DAY).drop_nulls().iter_rows())
    assert days["first_payee_scam"] < days["card_testing"] < 30


def test_a_parquet_file_holds_the_same_rows(tmp_path: Path) -> None:
    path = tmp_path / "world.parquet"
    assert write_parquet(path, 2000, 4, START, 10.0) == 2000
    assert pl.read_parquet(path).equals(world(2000, 4, days=10.0))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"events": 0}, "events"),
        ({"days": 0.0}, "days"),
        ({"share": 0.9}, "share"),
        ({"attacks": ("piracy",)}, "piracy"),
    ],
)
def test_a_bad_argument_is_named_at_once(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        simulate(**{"events": 10, "seed": 1, "start": START, **given})  # type: ignore[arg-type]

"""Simulated rows on the wire: what a backend would post, and accepted by the engine."""

from __future__ import annotations

from collections import Counter
from itertools import islice, pairwise
from pathlib import Path

import msgspec
import polars as pl
import pytest

from guanlan.engine import Engine
from guanlan.engine.scenario import load_scenario
from guanlan.engine.simulate import (
    ATTACKS,
    label_events,
    label_wire,
    live,
    simulate,
    to_wire,
    wire_events,
    wire_history,
)

START = 1_780_272_000_000_000
MINUTE = 60_000_000
WALLET = Path(__file__).resolve().parents[3] / "examples" / "wallet" / "scenario.yaml"


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return pl.concat(simulate(6000, 21, START, 40.0, share=0.1))


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.in_memory(load_scenario(WALLET), secret=b"test", clock="event")


def decoded(body: bytes) -> dict[str, object]:
    return msgspec.json.decode(body, type=dict[str, object])


def test_the_fast_way_and_the_plain_way_say_the_same(frame: pl.DataFrame) -> None:
    for row, body in zip(frame.iter_rows(named=True), wire_events(frame), strict=True):
        assert decoded(body) == to_wire(row)
        assert b"null" not in body


def test_text_of_any_kind_is_escaped(frame: pl.DataFrame) -> None:
    nasty = 'a"b\\c\n\t\u0001 {"x":1} 转账 🙂'
    odd = frame.filter(pl.col("type") == "transfer").head(3).with_columns(memo=pl.lit(nasty))
    for row, body in zip(odd.iter_rows(named=True), wire_events(odd), strict=True):
        assert decoded(body) == to_wire(row)
        assert to_wire(row)["fields"]["memo"] == nasty  # type: ignore[index]


def test_labels_tell_of_every_fraud_when_it_is_known(frame: pl.DataFrame) -> None:
    labels = list(label_events(frame))
    rows = {row["event_id"]: row for row in frame.iter_rows(named=True)}
    assert len(labels) == frame["is_fraud"].sum()
    assert [known for known, _ in labels] == sorted(known for known, _ in labels)
    for known, body in labels:
        event = decoded(body)
        row = rows[str(event["id"]).removesuffix("-label")]
        assert event == label_wire(row)
        assert known == row["label_known_at"]
        assert event["time"] == known // 1000


def test_the_report_of_a_scam_does_not_accuse_the_victim(frame: pl.DataFrame) -> None:
    scams = frame.filter((pl.col("attack") == "first_payee_scam") & (pl.col("type") == "transfer"))
    assert scams.height
    for row in scams.iter_rows(named=True):
        assert label_wire(row)["entities"] == {"payee": row["payee"]}


def test_the_engine_accepts_every_event_and_label(frame: pl.DataFrame, engine: Engine) -> None:
    bodies = list(wire_history(iter([frame])))
    assert len(bodies) > frame.height
    answers = engine.decide(bodies)
    assert Counter(answer.status for answer in answers) == {200: len(bodies)}
    assert not any(answer.duplicate for answer in answers)
    times = [decoded(body)["time"] for body in bodies]
    assert times == sorted(times)  # type: ignore[type-var]


def test_live_traffic_is_in_order_accepted_and_repeatable() -> None:
    engine = Engine.in_memory(load_scenario(WALLET), secret=b"test", clock="event")
    events = list(islice(live(7, 20.0, START), 6000))
    assert events == list(islice(live(7, 20.0, START), 6000))
    assert all(before[0] <= after[0] for before, after in pairwise(events))
    assert all(due >= START for due, _ in events)
    assert {answer.status for answer in engine.decide([body for _, body in events])} == {200}
    minutes = (events[-1][0] - START) / MINUTE
    assert 6000 / 60 / 30 < minutes < 6000 / 60 / 15
    ids = [decoded(body)["id"] for _, body in events]
    assert len(set(ids)) == len(ids)


def test_a_screen_watching_live_traffic_sees_trouble_within_minutes() -> None:
    engine = Engine.in_memory(load_scenario(WALLET), secret=b"test", clock="event")
    traffic = live(3, 10.0, START, attack_every=60.0)
    stopped = []
    for due, body in traffic:
        if due > START + 10 * MINUTE:
            break
        (answer,) = engine.decide([body])
        if decoded(answer.body)["outcome"] not in ("approve", "monitor"):
            stopped.append(due)
    assert len(stopped) >= 20
    assert min(stopped) < START + 4 * MINUTE
    kinds = Counter(decoded(body)["type"] for _, body in islice(live(3, 10.0, START), 12_000))
    assert set(kinds) == {"register", "login", "transfer", "label"}


def test_another_start_gives_other_ids() -> None:
    one = {decoded(body)["id"] for _, body in islice(live(1, 5.0, START), 50)}
    two = {decoded(body)["id"] for _, body in islice(live(1, 5.0, START + 1000), 50)}
    assert not one & two


@pytest.mark.parametrize(
    ("rate", "every", "attacks", "said"),
    [
        (0.0, 60.0, ATTACKS, "rate"),
        (10.0, 0.0, ATTACKS, "attack_every"),
        (10.0, 60.0, ("piracy",), "piracy"),
    ],
)
def test_bad_arguments_of_live_are_named(
    rate: float, every: float, attacks: tuple[str, ...], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        live(1, rate, START, attack_every=every, attacks=attacks)

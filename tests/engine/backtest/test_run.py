"""A backtest decides with the live engine, in order, and keeps every decision once."""

from __future__ import annotations

from pathlib import Path

import msgspec
import polars as pl
import pytest

from guanlan.engine.answer import Answer
from guanlan.engine.backtest import (
    BacktestFailed,
    Evaluation,
    backtest,
    decide_history,
    open_history,
)
from guanlan.engine.engine import Engine
from guanlan.engine.scenario import parse_scenario

SCENARIO = parse_scenario(
    """\
guanlan: 1
scenario: shop
title: {en: Shop, zh: 商店}
currency: EUR
timezone: UTC
entities:
  card: {title: {en: card, zh: 卡}, level: 2}
events:
  payment:
    title: {en: payment, zh: 支付}
    entities: {card: required}
    fields:
      amount: {type: money, required: true, level: 2, title: {en: amount, zh: 金额}}
      note: {type: int, level: 1, title: {en: note, zh: 备注}}
  visit:
    title: {en: visit, zh: 访问}
    entities: {card: optional}
features:
  spent_1d: {title: {en: spent, zh: 支出}, on: payment, by: card, agg: sum, of: amount, window: 1d}
  frauds: {title: {en: frauds, zh: 欺诈}, on: label, by: card, agg: count,
           where: value == "fraud", window: 7d}
rules:
  - {id: spent.much, on: payment, title: {en: much, zh: 多}, when: spent_1d > money(100), score: 40,
     severity: low, reason: {en: much, zh: 多}}
  - {id: card.fraud, on: payment, title: {en: fraud, zh: 欺诈}, when: frauds > 0, score: 70,
     severity: high, reason: {en: fraud, zh: 欺诈}}
  - {id: note.seven, on: payment, title: {en: seven, zh: 七}, when: note == 7, on_unknown: review,
     severity: low, reason: {en: seven, zh: 七}}
policy:
  bands: [{score: 40, outcome: review}, {score: 70, outcome: decline}]
  fallback: review
""",
    "shop.yaml",
)


def payment(number: int, hours: int, amount: int, card: str = "a", **fields: int) -> bytes:
    return msgspec.json.encode(
        {
            "id": f"p-{number}",
            "type": "payment",
            "time": (17_716 * 24 + hours) * 3_600_000,  # from 2018-07-04 00:00 UTC
            "entities": {"card": card},
            "fields": {"amount": amount, "note": 0, **fields},
        }
    )


def label(target: str, hours: int, value: str = "fraud", card: str = "a") -> bytes:
    return msgspec.json.encode(
        {
            "id": f"label-{target}-{hours}",
            "type": "label",
            "time": (17_716 * 24 + hours) * 3_600_000,
            "entities": {"card": card},
            "fields": {"target": target, "value": value, "source": "bank"},
        }
    )


def history_of(tmp_path: Path, *bodies: bytes) -> Path:
    path = tmp_path / "events.ndjson"
    path.write_bytes(b"\n".join(bodies))
    return path


def test_decisions_and_labels(tmp_path: Path) -> None:
    visit = b'{"id":"v-1","type":"visit","time":"2018-07-04T05:00:00Z"}'
    path = history_of(
        tmp_path,
        payment(1, 0, 6000),
        payment(2, 1, 6000),
        visit,
        payment(3, 6, 100, card="b"),
        payment(4, 30, 50),
        label("p-1", 48),
        payment(5, 49, 1),
        label("p-3", 50, "legit", "b"),
        label("p-4", 51),
        label("p-4", 60, "legit"),
    )
    told: list[int] = []
    found = backtest(SCENARIO, open_history(path), progress=told.append)
    decisions = found.decided.decisions
    assert decisions["event_id"].to_list() == ["p-1", "p-2", "v-1", "p-3", "p-4", "p-5"]
    assert decisions["outcome"].to_list() == [
        "approve", "review", "approve", "approve", "approve", "decline",
    ]  # fmt: skip
    assert decisions["score"].to_list() == [0, 40, 0, 0, 0, 70]
    assert decisions["rules"].to_list() == [[], ["spent.much"], [], [], [], ["card.fraud"]]
    assert decisions["amount"].to_list() == [6000, 6000, None, 100, 50, 1]
    assert decisions["entity"].to_list() == ["a", "a", None, "b", "a", "a"]
    # The last word counts: p-4 was thought a fraud and was none.
    assert decisions["label"].to_list() == ["fraud", None, None, "legit", "legit", None]
    assert decisions["time"][3].isoformat() == "2018-07-04T06:00:00+00:00"
    assert found.decided.labels == 4
    assert found.decided.refusals == ()
    assert told[-1] == 10
    assert found.report.frauds == 1
    assert found.report.ranking.entity == "card", "the only role there is"


def test_an_unknown_rule_is_no_hit_of_it(tmp_path: Path) -> None:
    body = msgspec.json.decode(payment(1, 0, 5))
    del body["fields"]["note"]
    found = backtest(SCENARIO, open_history(history_of(tmp_path, msgspec.json.encode(body))))
    assert found.decided.decisions["outcome"].to_list() == ["review"]
    assert found.decided.decisions["rules"].to_list() == [[]]


def test_refused_and_repeated_events_are_counted_not_decided(tmp_path: Path) -> None:
    unknown = b'{"id":"x","type":"transfer","time":5}'
    path = history_of(
        tmp_path,
        payment(1, 0, 5),
        payment(2, 1, -5),
        payment(3, 2, -7),
        payment(1, 0, 5),
        unknown,
    )
    found = backtest(SCENARIO, open_history(path)).decided
    assert found.decisions["event_id"].to_list() == ["p-1"]
    assert sum(refusal.events for refusal in found.refusals) >= 3
    negative = next(refusal for refusal in found.refusals if "amount" in refusal.message)
    assert (negative.events, negative.first) == (2, "p-2")


def test_the_same_decisions_as_live(tmp_path: Path) -> None:
    """The engine that serves live traffic, one event at a time, from a log on disk."""
    bodies = [payment(n, n // 3, 1000 + 997 * n % 9000, card="abc"[n % 3]) for n in range(60)]
    bodies[30:30] = [label("p-4", 10, card="b")]
    path = history_of(tmp_path, *bodies)
    tested = backtest(SCENARIO, open_history(path)).decided.decisions
    live = []
    with Engine.open(
        tmp_path / "log",
        SCENARIO,
        secret=b"x" * 32,
        now=lambda: 17_800 * 86_400_000_000,
        clock="event",
        warm=False,
        cache=tmp_path,
    ) as engine:
        for item in open_history(path):
            (answer,) = engine.decide([item.body])
            engine.commit()
            if item.type != "label":
                decision = msgspec.json.decode(answer.body)
                live.append((item.id, decision["outcome"], decision["score"]))
    assert live == list(tested.select("event_id", "outcome", "score").iter_rows())
    assert {outcome for _, outcome, _ in live} == {"approve", "review", "decline"}


def test_an_engine_that_cannot_go_on_ends_the_backtest(tmp_path: Path) -> None:
    class Full:
        def decide(self, bodies: object) -> list[Answer]:
            return [Answer(503, b'{"error":{"code":"state_full","message":"memory is full"}}')]

        def commit(self) -> None: ...

        def restrict(self, change: object) -> None: ...

    history = open_history(history_of(tmp_path, payment(1, 0, 5)))
    with pytest.raises(BacktestFailed, match="memory is full"):
        decide_history(Full(), history, {}, {})


def test_an_evaluation_must_speak_of_what_there_is(tmp_path: Path) -> None:
    history = open_history(history_of(tmp_path, payment(1, 0, 5)))
    with pytest.raises(ValueError, match="no event type of shop has the entity `payee`"):
        backtest(SCENARIO, history, evaluation=Evaluation(entity="payee"))
    with pytest.raises(ValueError, match="no event type of shop has the money field `note`"):
        backtest(SCENARIO, history, evaluation=Evaluation(amount="note"))


def test_an_empty_history(tmp_path: Path) -> None:
    found = backtest(SCENARIO, open_history(history_of(tmp_path)))
    assert found.decided.decisions.height == 0
    assert found.report.events == 0
    assert found.report.ranking.auc is None
    assert msgspec.json.decode(found.report.json())["frauds"] == 0


def test_decisions_can_be_written(tmp_path: Path) -> None:
    found = backtest(SCENARIO, open_history(history_of(tmp_path, payment(1, 0, 5))))
    found.decided.decisions.write_parquet(tmp_path / "d.parquet")
    assert pl.read_parquet(tmp_path / "d.parquet").equals(found.decided.decisions)

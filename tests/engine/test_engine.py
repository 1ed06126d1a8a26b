"""What one decision is: recorded, aggregated, decided; lists, bands, repeats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanlan.engine import Engine, rfc3339
from guanlan.engine.event import ClockText
from guanlan.engine.log import LogFailed
from tests.engine.small import NOW, SECRET, Clock, login, scenario, transfer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(tmp_path: Path, clock: Clock) -> Iterator[Engine]:
    with Engine.open(tmp_path / "log", scenario(), secret=SECRET, now=clock, warm=False) as opened:
        yield opened


def decide(engine: Engine, body: bytes) -> dict[str, Any]:
    (answer,) = engine.decide([body])
    engine.commit()
    assert answer.status == 200, answer.body
    decision: dict[str, Any] = json.loads(answer.body)
    return decision


def test_the_first_decision_says_everything_the_caller_needs(engine: Engine) -> None:
    assert decide(engine, transfer("e-1", 60_000)) == {
        "event_id": "e-1",
        "seq": 0,
        "type": "transfer",
        "clock": "2026-09-21T14:13:20.000000Z",
        "outcome": "review",
        "score": 60,
        "actions": ["otp"],
        "reasons": [{"rule": "big", "score": 60, "outcome": None, "severity": "high"}],
        "lists": [],
        "unknown": ["unusual"],
        "degraded": False,
        "scenario": "small",
        "version": engine.program.digest[:12],
    }


def test_a_missing_field_is_unknown_and_never_a_hit(engine: Engine) -> None:
    assert decide(engine, transfer("e-1"))["unknown"] == ["unusual"]
    assert decide(engine, transfer("e-2", lat=10.0))["unknown"] == []
    assert decide(engine, transfer("e-3", lat=70.0))["reasons"][0]["rule"] == "unusual"


def test_a_window_forgets_what_is_exactly_its_length_old(engine: Engine, clock: Clock) -> None:
    decide(engine, transfer("e-1", 100))
    clock.forward(3600 - 0.000001)
    decide(engine, transfer("e-2", 10))
    assert features(engine, "e-2")["out_1h"] == 110
    clock.forward(0.000001)
    decide(engine, transfer("e-3", 1))
    assert features(engine, "e-3")["out_1h"] == 11


def features(engine: Engine, event_id: str) -> dict[str, Any]:
    found = engine.decision(event_id)
    assert found is not None
    return found.features


def test_only_events_the_filter_accepts_are_counted(engine: Engine) -> None:
    decide(engine, login("l-1", success=False))
    decide(engine, login("l-2", success=True))
    decide(engine, transfer("e-1"))
    assert features(engine, "e-1")["fails_5m"] == 1


def test_money_may_name_the_currency_of_the_scenario(engine: Engine) -> None:
    decide(engine, transfer("e-1", {"value": 60_000, "currency": "CNY"}))
    assert features(engine, "e-1")["out_1h"] == 60_000


def test_the_same_event_again_gets_the_first_decision_byte_for_byte(
    engine: Engine, clock: Clock
) -> None:
    first, second = engine.decide([transfer("e-1"), transfer("e-1")])
    engine.commit()
    clock.forward(100)
    (third,) = engine.decide([transfer("e-1").replace(b": ", b":")])  # other spaces, same event
    assert first.body == second.body == third.body
    assert (second.duplicate, third.duplicate, engine.seq) == (True, True, 1)
    assert features(engine, "e-1")["out_1h"] == 10_000


def test_the_same_id_with_another_body_is_refused_and_changes_nothing(engine: Engine) -> None:
    decide(engine, transfer("e-1"))
    (other,) = engine.decide([transfer("e-1", 5)])
    assert (other.status, json.loads(other.body)["error"]["code"]) == (409, "id_reused")
    decide(engine, transfer("e-2"))
    assert features(engine, "e-2")["out_1h"] == 20_000


def test_a_late_event_counts_when_it_arrives(engine: Engine) -> None:
    earlier = "2026-09-21T13:00:00Z"  # 73 minutes before the clock
    decide(engine, transfer("e-1", 7, time=earlier))
    assert features(engine, "e-1")["out_1h"] == 7


def test_a_clock_that_goes_back_is_not_followed(engine: Engine, clock: Clock) -> None:
    decide(engine, transfer("e-1"))
    clock.forward(-50)
    assert decide(engine, transfer("e-2"))["clock"] == "2026-09-21T14:13:20.000000Z"


def test_block_watch_allow_and_immutable_block_in_their_order(engine: Engine) -> None:
    assert decide(engine, transfer("e-1", payee="u-9"))["outcome"] == "decline"
    engine.set_list_entry("watched", "u-3", author="ann", reason="test")
    assert decide(engine, transfer("e-2", payee="u-3"))["outcome"] == "review"
    engine.set_list_entry("staff", "u-1", author="ann", reason="test")
    allowed = decide(engine, transfer("e-3", payee="u-9"))
    assert allowed["outcome"] == "approve"
    assert {"list": "staff", "kind": "allow", "role": "user", "instead_of": "decline"} in allowed[
        "lists"
    ]
    engine.set_list_entry("court", "u-1", author="ann", reason="test")
    assert decide(engine, transfer("e-4"))["outcome"] == "decline"
    engine.remove_list_entry("court", "u-1", author="ann", reason="test")
    engine.remove_list_entry("staff", "u-1", author="ann", reason="test")
    assert decide(engine, transfer("e-5"))["outcome"] == "approve"


def test_a_list_entry_ends_at_its_expiry(engine: Engine, clock: Clock) -> None:
    engine.set_list_entry("watched", "u-3", author="a", reason="r", expires=NOW + 10_000_000)
    clock.forward(9.999999)
    assert decide(engine, transfer("e-1", payee="u-3"))["outcome"] == "review"
    clock.forward(0.000001)
    assert decide(engine, transfer("e-2", payee="u-3"))["outcome"] == "approve"


def test_an_undeclared_list_is_an_error(engine: Engine) -> None:
    with pytest.raises(KeyError):
        engine.set_list_entry("nobody", "u-1", author="a", reason="r")


def test_what_is_known_of_an_entity_now(engine: Engine, clock: Clock) -> None:
    decide(engine, transfer("e-1", 500))
    engine.set_list_entry("watched", "u-1", author="ann", reason="why")
    view = engine.entity("user", "u-1")
    assert view is not None
    assert view.features == {"out_1h": 500, "fails_5m": 0, "avg_out": 500.0}
    assert [(item.list, item.entry.reason) for item in view.lists] == [("watched", "why")]
    before = engine.entity("user", "u-1")
    assert before == view, "looking changes nothing"
    assert engine.entity("planet", "mars") is None


def test_a_failed_write_acknowledges_nothing_more(tmp_path: Path, clock: Clock) -> None:
    broken = False

    def sync(fd: int) -> None:
        if broken:
            raise OSError(5, "Input/output error")

    engine = Engine.open(
        tmp_path / "log", scenario(), secret=SECRET, now=clock, warm=False, sync=sync
    )
    decide(engine, transfer("e-1"))
    broken = True
    engine.decide([transfer("e-2")])
    with pytest.raises(LogFailed):
        engine.commit()
    assert engine.state == "failed"
    (refused,) = engine.decide([transfer("e-3")])
    assert refused.status == 503
    broken = False
    engine.close()
    with Engine.open(tmp_path / "log", None, secret=SECRET, now=clock, warm=False) as again:
        assert again.find("e-1") == 0
        assert again.find("e-3") is None


def test_a_full_state_refuses_and_keeps_what_it_has(tmp_path: Path, clock: Clock) -> None:
    engine = Engine.open(
        tmp_path / "log", scenario(), secret=SECRET, now=clock, warm=False, reserve_bytes=1 << 18
    )
    with engine:
        statuses = [
            answer.status
            for n in range(40)
            for answer in engine.decide(
                [transfer(f"e-{n}-{i}", user=f"u-{n}-{i}") for i in range(50)]
            )
        ]
        engine.commit()
        assert set(statuses) == {200, 503}
        assert statuses.count(200) == engine.seq
        assert statuses[: engine.seq] == [200] * engine.seq


@given(st.lists(st.integers(0, 4_102_444_800_000_000), min_size=1))
def test_the_quick_way_to_write_a_clock_equals_the_plain_one(clocks: list[int]) -> None:
    quick = ClockText()
    for clock in [*clocks, *clocks]:
        assert quick(clock) == rfc3339(clock).encode()

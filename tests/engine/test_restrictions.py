"""Restrictions: what they do to a decision, whom they speak of, and exact windows of limits."""

from __future__ import annotations

import json
import random
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.engine import Engine, Restriction
from guanlan.engine.backtest.history import History
from guanlan.engine.backtest.record import Record, record
from guanlan.engine.backtest.run import Restricted, decide_history
from guanlan.engine.log import RESTRICTION, LogReader
from guanlan.engine.replay import ReplayReport, replay
from guanlan.engine.restrictions import RestrictionChange
from guanlan.engine.scenario import parse_scenario
from guanlan.engine.scenario.model import Outcome
from tests.engine import small
from tests.engine.small import EVENTS, NOW, SECOND, SECRET, Clock

ABLE = (
    EVENTS.replace(
        "title: {en: login, zh: 登录}", "title: {en: login, zh: 登录}\n    capability: log_in"
    )
    .replace(
        "title: {en: transfer, zh: 转账}",
        "title: {en: transfer, zh: 转账}\n    capability: transfer_out",
    )
    .replace("device: optional", "device: optional, ip: optional")
)
IP = "  ip: {title: {en: address, zh: 地址}, level: 3}\n"


ABLE_SCENARIO = parse_scenario(
    small.HEAD + IP + ABLE + small.FEATURES + small.LISTS + small.RULES + small.POLICY, "able.yaml"
)


def engine(**options: Any) -> Engine:
    return Engine.in_memory(ABLE_SCENARIO, secret=SECRET, clock="event", **options)


def event(
    number: int, amount: int = 100, *, at: int = NOW, kind: str = "transfer", **entities: str
) -> bytes:
    fields: dict[str, Any] = {"amount": amount} if kind == "transfer" else {"success": True}
    named = {"user": "u-1"} | ({"payee": "u-2"} if kind == "transfer" else {}) | entities
    return json.dumps(
        {
            "id": f"e-{number}",
            "type": kind,
            "time": at // 1000,
            "entities": named,
            "fields": fields,
        }
    ).encode()


def decided(on: Engine, *bodies: bytes) -> list[dict[str, Any]]:
    answers = on.decide(bodies)
    on.commit()
    assert [answer.status for answer in answers] == [200] * len(bodies)
    return [json.loads(answer.body) for answer in answers]


def held(effect: Any = "block", **terms: Any) -> Restriction:
    return Restriction(**({"id": "r1", "kind": "user", "key": "u-1", "effect": effect} | terms))


@pytest.mark.parametrize(
    ("effect", "outcome"), [("block", "decline"), ("watch", "monitor"), ("allow", "approve")]
)
def test_an_effect_asks_for_its_outcome_and_is_named(effect: str, outcome: str) -> None:
    with engine() as on:
        (before,) = decided(on, event(1))
        assert "restrictions" not in before
        on.set_restriction(held(effect), author="ann")
        (after,) = decided(on, event(2))
        assert after["outcome"] == outcome
        assert after["restrictions"] == [
            {"id": "r1", "effect": effect, "role": "user", "outcome": outcome}
        ]
        on.remove_restriction("r1", author="ann")
        (again,) = decided(on, event(3))
        assert "restrictions" not in again
        assert again["outcome"] == before["outcome"]


def test_decisions_without_a_restriction_have_the_bytes_they_always_had() -> None:
    with engine() as plain, engine() as other:
        other.set_restriction(held(key="u-7"), author="ann")
        bodies = [event(n, n * 1000) for n in range(50)]
        assert [a.body for a in plain.decide(bodies)] == [a.body for a in other.decide(bodies)]


def test_the_highest_wins_an_allow_beats_all_but_an_immutable_block() -> None:
    with engine() as on:
        on.set_restriction(held("block"), author="ann")
        on.set_restriction(held("allow", id="r2"), author="ann")
        (allowed,) = decided(on, event(1))
        assert allowed["outcome"] == "approve"
        assert allowed["actions"] == []
        assert allowed["restrictions"][1] == {
            "id": "r2", "effect": "allow", "role": "user", "outcome": "approve",
            "instead_of": "decline",
        }  # fmt: skip
        on.set_list_entry("court", "u-1", author="ann", reason="order")
        (never,) = decided(on, event(2))
        assert never["outcome"] == "decline"
        on.remove_list_entry("court", "u-1", author="ann", reason="lifted")
        on.remove_restriction("r2", author="ann")
        on.set_list_entry("staff", "u-1", author="ann", reason="staff")
        (listed,) = decided(on, event(3))
        assert listed["outcome"] == "approve"
        assert listed["lists"][0]["instead_of"] == "decline"


def test_a_named_capability_is_what_the_entity_does_itself() -> None:
    with engine() as on:
        on.set_restriction(held("block", capabilities=("transfer_out",)), author="ann")
        as_payee = event(2, user="u-3", payee="u-1")
        logs_in = event(3, kind="login")
        got = decided(on, event(1), as_payee, logs_in)
        assert [one["outcome"] for one in got] == ["decline", "approve", "approve"]
        on.set_restriction(held("block"), author="ann")  # of `any`
        got = decided(
            on, event(4), event(5, user="u-3", payee="u-1"), event(6, kind="login"),
        )  # fmt: skip
        assert [one["outcome"] for one in got] == ["decline"] * 3


def test_a_role_is_restricted_by_its_own_name_too() -> None:
    with engine() as on:
        on.set_restriction(
            held("block", kind="payee", key="u-2", capabilities=("transfer_out",)), author="ann"
        )
        got = decided(on, event(1), event(2, payee="u-5"), event(3, user="u-2", payee="u-5"))
        assert [one["outcome"] for one in got] == ["decline", "approve", "approve"]


def test_labels_are_knowledge_and_are_never_restricted() -> None:
    with engine() as on:
        on.set_restriction(held("block"), author="ann")
        body = {"id": "l", "type": "label", "entities": {"user": "u-1"},
                "fields": {"target": "e-1", "value": "fraud"}}  # fmt: skip
        (label,) = decided(on, json.dumps(body).encode())
        assert "restrictions" not in label


def test_it_is_in_force_from_its_start_to_before_its_end_by_the_logged_clock() -> None:
    with engine() as on:
        start, end = NOW + 10 * SECOND, NOW + 20 * SECOND
        on.set_restriction(held("block", starts=start, expires=end), author="ann")
        times = [start - 1000, start, end - 1000, end]
        got = decided(on, *(event(n, at=at) for n, at in enumerate(times)))
        assert [one["outcome"] for one in got] == ["approve", "decline", "decline", "approve"]


def test_an_amount_that_cannot_be_compared_is_limited() -> None:
    with engine() as on:
        terms: dict[str, Any] = {"event_amount": 1000, "currency": "USD"}
        on.set_restriction(held("limit", **terms), author="ann")
        got = decided(on, event(1), event(2, kind="login"))
        assert [one["outcome"] for one in got] == ["limit", "approve"]
        assert got[0]["restrictions"][0]["reached"] == "unknown"


class Brute:
    """Limits by looking at everything that ever happened."""

    def __init__(self, spec: Restriction) -> None:
        self.spec = spec
        self.past: list[tuple[int, int]] = []

    def outcome(self, clock: int, amount: int, otherwise: Outcome) -> Outcome:
        spec = self.spec
        assert spec.window is not None
        within = [a for at, a in self.past if clock - spec.window < at <= clock] + [amount]
        over = (
            (spec.event_amount is not None and amount > spec.event_amount)
            or (spec.window_amount is not None and sum(within) > spec.window_amount)
            or (spec.window_count is not None and len(within) > spec.window_count)
        )
        found = max(otherwise, Outcome.limit) if over else otherwise
        if found < Outcome.limit:
            self.past.append((clock, amount))
        return found


bounds = st.none() | st.integers(1, 300)


@settings(max_examples=60, deadline=None)
@given(
    per_event=bounds,
    total=bounds,
    count=st.none() | st.integers(1, 6),
    window=st.integers(1, 30),
    steps=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 150)), max_size=40),
)
def test_windows_of_limits_are_those_of_brute_force(
    per_event: int | None,
    total: int | None,
    count: int | None,
    window: int,
    steps: list[tuple[int, int]],
) -> None:
    spec = held(
        "limit", currency="CNY", event_amount=per_event, window=window * SECOND,
        window_amount=total, window_count=count, capabilities=("transfer_out",),
    )  # fmt: skip
    brute = Brute(spec)
    with engine() as on, engine() as free:
        on.set_restriction(spec, author="ann")
        at = NOW
        for number, (step, amount) in enumerate(steps):
            at += step * SECOND
            body = event(number, amount, at=at)
            (plain,) = decided(free, body)
            (got,) = decided(on, body)
            wanted = brute.outcome(at, amount, Outcome[plain["outcome"]])
            assert got["outcome"] == wanted.name, (number, step, amount)


NETWORKS = ["203.0.113.0/24", "203.0.112.0/20", "198.51.100.7", "2001:db8::/32", "2001:db8:1::/48"]


@settings(max_examples=80, deadline=None)
@given(
    restricted=st.sets(st.sampled_from(NETWORKS), min_size=1),
    address=st.one_of(
        st.ip_addresses(v=4, network="203.0.96.0/19"),
        st.ip_addresses(v=6, network="2001:db8::/47"),
        st.sampled_from([ip_address("198.51.100.7"), ip_address("::ffff:203.0.113.9")]),
    ),
)
def test_networks_hold_the_addresses_that_the_standard_library_says(
    restricted: set[str], address: Any
) -> None:
    with engine() as on:
        for network in restricted:
            on.set_restriction(held("block", id=network, kind="ip", key=network), author="ann")
        plain = getattr(address, "ipv4_mapped", None) or address
        wanted = sorted(n for n in restricted if plain in ip_network(n))
        (got,) = decided(on, event(1, ip=address.exploded))
        assert [one["id"] for one in got.get("restrictions", [])] == wanted
        for network in restricted:
            on.remove_restriction(network, author="ann")
        (free,) = decided(on, event(2, ip=str(address)))
        assert "restrictions" not in free


def test_an_address_that_is_a_token_is_restricted_as_it_is_written() -> None:
    with engine() as on:
        on.set_restriction(held("block", kind="ip", key="tok-1"), author="ann")
        on.set_restriction(held("block", id="r2", kind="ip", key="10.0.0.0/24"), author="ann")
        got = decided(on, event(1, ip="tok-1"), event(2, ip="tok-2"))
        assert [one["outcome"] for one in got] == ["decline", "approve"]


# -- the log ----------------------------------------------------------------------------------


def opened(directory: Path, clock: Clock) -> Engine:
    made = None if (directory / "log").exists() else ABLE_SCENARIO
    return Engine.open(directory / "log", made, secret=SECRET, now=clock, clock="event", warm=False)


def replayed(directory: Path) -> ReplayReport:
    return replay(LogReader(directory / "log"), secret=SECRET, cache=directory / "cache")


def changes(rng: random.Random, now: int) -> RestrictionChange:
    name = f"r{rng.randint(1, 6)}"
    if rng.random() < 0.25:
        return RestrictionChange(name, "ann")
    kind, key = rng.choice(
        [("user", "u-1"), ("user", "u-2"), ("payee", "u-3"), ("ip", "203.0.113.0/25"),
         ("device", "d-1")]
    )  # fmt: skip
    effect = rng.choice(["limit", "limit", "limit", "block", "watch", "allow"])
    spec = Restriction(
        id=name, kind=kind, key=key, effect=effect,  # type: ignore[arg-type]
        capabilities=rng.choice([("any",), ("transfer_out",), ("log_in",)]),
        currency="CNY", window=rng.choice([60, 3600]) * SECOND,
        window_amount=rng.choice([None, 50_000]), window_count=rng.choice([None, 2, 5]),
        expires=rng.choice([None, now + 1800 * SECOND]),
    )  # fmt: skip
    return RestrictionChange(name, "ann", spec)


def traffic(seed: int, n: int) -> list[tuple[Record, RestrictionChange | None]]:
    """Events in order, some after a change of a restriction."""
    rng = random.Random(seed)
    at, made = NOW, []
    for number in range(n):
        at += rng.choice([0, 1, 30, 600]) * SECOND
        change = changes(rng, at) if rng.random() < 0.2 else None
        kind = rng.choice(["transfer", "transfer", "login"])
        entities = {"user": f"u-{rng.randint(1, 3)}", "ip": f"203.0.113.{rng.randint(0, 255)}"}
        fields: dict[str, Any] = {"success": True}
        if kind == "transfer":
            entities |= {"payee": f"u-{rng.randint(1, 4)}", "device": f"d-{rng.randint(1, 2)}"}
            fields = {"amount": rng.randint(0, 40_000)}
        made.append((record(f"t{seed}-{number}", kind, at, entities, fields), change))
    return made


@pytest.mark.parametrize("seed", range(4))
def test_live_replay_and_backtest_decide_alike_and_a_restart_changes_nothing(
    tmp_path: Path, seed: int
) -> None:
    steps = traffic(seed, 160)
    clock = Clock(NOW + 10**12)
    live: dict[str, dict[str, Any]] = {}
    on = opened(tmp_path, clock)
    for number, (item, change) in enumerate(steps):
        if number in (60, 110):
            on.close()
            on = opened(tmp_path, clock)
        if change is not None:
            on.restrict(change)
        (live[item.id],) = decided(on, item.body)
    on.close()
    assert sum("restrictions" in one for one in live.values()) > 20
    report = replayed(tmp_path)
    assert (report.events, report.ok, report.differences) == (160, True, [])

    # Events of one moment keep their place before the change: only times of their own are told.
    spread = _spread(steps)
    history = History(tmp_path, len(spread), lambda: iter([item for item, _ in spread]))
    with engine() as one, engine() as other:
        wanted = []
        for item, change in spread:
            if change is not None:
                one.restrict(change)
            wanted.append(decided(one, item.body)[0]["outcome"])
        told = [Restricted(item.time, change) for item, change in spread if change is not None]
        got = decide_history(other, history, {}, {}, None, told).decisions
    assert got["outcome"].to_list() == wanted


def _spread(
    steps: list[tuple[Record, RestrictionChange | None]],
) -> list[tuple[Record, RestrictionChange | None]]:
    """The same with no two events at one moment."""
    return [
        (record(item.id, item.type, item.time + number * 1000, item.entities, item.fields), change)
        for number, (item, change) in enumerate(steps)
    ]


def test_a_change_that_was_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    clock = Clock()
    on = opened(tmp_path, clock)
    on.set_restriction(held("block"), author="ann")
    copied = (tmp_path / "copy" / "log", tmp_path / "log")
    copied[0].mkdir(parents=True)
    for file in copied[1].iterdir():  # the directory as a kill would leave it
        (copied[0] / file.name).write_bytes(file.read_bytes())
    on.close()
    with opened(tmp_path / "copy", clock) as again:
        assert again.standing_restrictions() == {"r1": held("block")}
        assert decided(again, event(1))[0]["outcome"] == "decline"
    kinds = [frame.kind for frame in LogReader(tmp_path / "log").frames()]
    assert kinds.count(RESTRICTION) == 1


def test_other_terms_keep_what_was_counted_while_the_same_is_counted() -> None:
    with engine() as on:
        terms: dict[str, Any] = {"currency": "CNY", "window": 3600 * SECOND}
        on.set_restriction(held("limit", window_count=3, **terms), author="ann")
        decided(on, event(1), event(2))
        on.set_restriction(held("limit", window_count=2, **terms), author="ann")
        assert decided(on, event(3))[0]["outcome"] == "limit"
        on.set_restriction(
            held("limit", window_count=2, **terms | {"window": 60 * SECOND}), author="ann"
        )
        assert decided(on, event(4))[0]["outcome"] == "approve"


def test_what_restricts_an_entity_is_told_with_it() -> None:
    with engine() as on:
        on.set_restriction(held("watch"), author="ann")
        on.set_restriction(held("block", id="r2", expires=NOW), author="ann")
        decided(on, event(1, at=NOW + SECOND))
        found = on.entity("user", "u-1")
        assert found is not None
        assert [one.id for one in found.restrictions] == ["r1"]
        nobody = on.entity("user", "u-2")
        assert nobody is not None
        assert nobody.restrictions == ()

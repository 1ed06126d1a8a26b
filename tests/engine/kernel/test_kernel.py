"""The kernel gives exact windows: what a scan of all earlier events gives, at any size."""

from __future__ import annotations

import random
from array import array
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.engine.kernel import UNKNOWN, Kernel, Shape
from guanlan.engine.scenario.model import Scenario
from tests.engine.kernel.oracle import oracle_features
from tests.engine.kernel.rows import buffer, features, row, rows
from tests.engine.kernel.worlds import (
    SECOND,
    everything,
    feature,
    random_events,
    random_scenario,
    scenario,
)

NOWHERE = Path("/nonexistent")


def kernel(of: Scenario, reserve: int = 1 << 26) -> Kernel:
    return Kernel(Shape(of), NOWHERE, reserve)


def transfer(clock: int, user: str = "u", payee: str = "p", amount: int = 100, **more: Any) -> Any:
    """A transfer `clock` seconds in; keyword `device` is a role, other keywords are fields."""
    entities = {"user": user, "payee": payee, "device": more.pop("device", None)}
    return {
        "type": "transfer",
        "clock": clock * SECOND,
        "entities": entities,
        "fields": {"amount": amount, **more},
    }


def say(world: Scenario, events: list[Any], name: str = "f") -> list[Any]:
    """One feature over the events, from the kernel, which must agree with the oracle."""
    found = features(kernel(world), world, events)
    assert found == oracle_features(world, events)
    return [answer.get(name) for answer in found]


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), n_features=st.integers(1, 10), n=st.integers(0, 50))
def test_equals_the_oracle_on_random_scenarios(seed: int, n_features: int, n: int) -> None:
    rng = random.Random(seed)
    world = random_scenario(rng, n_features)
    events = random_events(rng, n, names=rng.choice([2, 4, 10]))
    assert features(kernel(world), world, events) == oracle_features(world, events)


def test_equals_the_oracle_with_every_aggregate() -> None:
    world = everything()
    events = random_events(random.Random(7), 200)
    assert features(kernel(world), world, events) == oracle_features(world, events)


def test_many_keys_and_full_rings_make_every_table_and_ring_grow() -> None:
    world = scenario(
        feature("n", "count", window=50 * SECOND),
        feature("top", "max", window=50 * SECOND, of="amount"),
        feature("payees", "distinct", window=50 * SECOND, of="payee"),
        feature("new", "is_new", by=("user", "payee")),
    )
    rng = random.Random(3)
    events = []
    for i in range(700):
        user = "hot" if rng.random() < 0.5 else f"u{rng.randrange(200)}"
        event = transfer(i // 8, user, f"p{rng.randrange(60)}", rng.randrange(10**6))
        events.append(event | {"id": f"e{i}"})
    assert features(kernel(world), world, events) == oracle_features(world, events)


def test_an_entry_exactly_one_window_old_is_out() -> None:
    world = scenario(feature("f", "count", window=10 * SECOND))
    assert say(world, [transfer(0), transfer(9), transfer(10), transfer(19)]) == [1, 2, 2, 2]


def test_at_equal_times_the_later_arrival_sees_the_earlier_and_never_the_other_way() -> None:
    world = scenario(feature("f", "sum", window=10 * SECOND, of="amount"))
    assert say(world, [transfer(5, amount=1), transfer(5, amount=2), transfer(5, amount=4)]) == [
        1, 3, 7,
    ]  # fmt: skip


def test_an_event_is_kept_under_its_by_key_and_read_under_its_lookup_key() -> None:
    world = scenario(
        feature("f", "sum", by=("payee",), lookup=("user",), of="amount", window=10 * SECOND)
    )
    events = [
        transfer(0, "a", "b", 5),
        transfer(1, "b", "a", 7),
        transfer(2, "a", "a", 11),  # a pays itself: its key is known through the other role
        transfer(3, "c", "c", 13),  # and here made known by this very event
    ]
    assert say(world, events) == [0, 5, 18, 13]


def test_is_new_and_the_sinces_speak_of_earlier_events_only() -> None:
    world = scenario(
        feature("new", "is_new", by=("user", "payee"), window=10 * SECOND),
        feature("last", "since_last", window=10 * SECOND),
        feature("first", "since_first", window=10 * SECOND),
        feature("value", "last", window=10 * SECOND, of="amount"),
        feature("age", "since_first"),
    )
    events = [transfer(0, amount=1), transfer(4, amount=2), transfer(10, amount=3), transfer(30)]
    found = features(kernel(world), world, events)
    assert found == oracle_features(world, events)
    assert [f["new"] for f in found] == [True, False, False, True]
    assert [f["last"] for f in found] == [None, 4 * SECOND, 6 * SECOND, None]
    assert [f["first"] for f in found] == [None, 4 * SECOND, 6 * SECOND, None]
    assert [f["value"] for f in found] == [None, 1, 2, None]
    assert [f["age"] for f in found] == [None, 4 * SECOND, 10 * SECOND, 30 * SECOND]


def test_an_absent_role_is_unknown_and_never_the_empty_slot_of_a_table() -> None:
    world = scenario(
        feature("f", "is_new", by=("device",)),
        feature("n", "count", by=("device",)),
        feature("pair", "sum", by=("user", "device"), of="amount", window=SECOND),
    )
    events = [transfer(0), transfer(1), transfer(2, device="d"), transfer(3)]
    assert say(world, events) == [None, None, True, None]
    found = features(kernel(world), world, events)
    assert [f["n"] for f in found] == [None, None, 1, None]
    assert [f["pair"] for f in found] == [None, None, 100, None]


def test_over_nothing_a_sum_is_zero_and_an_average_unknown() -> None:
    world = scenario(
        *(feature(a, a, of="fee", window=SECOND) for a in ("sum", "avg", "min", "max", "stddev"))
    )
    (found,) = features(kernel(world), world, [transfer(0)])
    assert found == {"sum": 0, "avg": None, "min": None, "max": None, "stddev": None}


def test_deviation_of_large_values_is_exact() -> None:
    world = scenario(feature("f", "stddev", of="amount", window=100 * SECOND))
    big = 10**14
    events = [transfer(i, amount=a) for i, a in enumerate([big, big - 1, -big, big - 2, 1 - big])]
    assert say(world, events)[1] == 0.5


def test_a_second_event_of_an_id_names_the_first_and_changes_nothing() -> None:
    world = scenario(feature("f", "count", window=10 * SECOND))
    k, shape = kernel(world), Shape(world)
    first, other = transfer(0) | {"id": "a"}, transfer(1) | {"id": "b"}
    outs = buffer(4 * shape.out_width)
    assert k.run(rows(world, shape, [first, other, first, transfer(2)]), outs, 4) == 4
    assert outs.tolist() == [-1, 1, -1, 2, 0, 0, -1, 3]
    assert k.events == 3


@pytest.mark.parametrize("reserve", range(31_000, 63_000, 2_500))
def test_a_full_arena_stops_before_the_event_and_leaves_all_as_it_was(reserve: int) -> None:
    world = everything()
    events = random_events(random.Random(5), 200, names=10, duplicates=False)
    k, shape = kernel(world, reserve), Shape(world)
    flat, outs = rows(world, shape, events), buffer(200 * shape.out_width)
    done = k.run(flat, outs, 200)
    assert 0 < done < 200
    assert k.memory_bytes <= reserve
    assert outs[done * shape.out_width :].tolist() == [0] * ((200 - done) * shape.out_width)
    before = bytes(k._words)
    rest = flat[done * shape.row_width :]
    assert k.run(rest, outs, 1) == 0
    assert bytes(k._words) == before
    # What it has taken it still knows: as duplicates, and to a peek.
    assert k.run(flat, outs, done) == done
    assert outs[:: shape.out_width].tolist()[:done] == list(range(done))
    free = kernel(world)
    assert free.run(flat, buffer(200 * shape.out_width), done) == done
    one, other = buffer(shape.out_width), buffer(shape.out_width)
    k.peek(rest, one)
    free.peek(rest, other)
    assert bytes(one) == bytes(other)


@pytest.mark.parametrize("hot", [False, True])
def test_growing_tables_and_rings_stop_within_the_reserve(hot: bool) -> None:
    """Sizes double in mid event; the room for that is asked for before the event."""
    world = scenario(
        feature("n", "sum", of="amount", window=500 * SECOND),
        feature("top", "max", of="amount", window=500 * SECOND),
        feature("payees", "distinct", of="payee", window=500 * SECOND),
        feature("new", "is_new", by=("user", "payee")),
    )
    if hot:  # one key: nothing but its ring and its queue grow
        events = [transfer(i, "u", "p", 10**6 - i) for i in range(900)]
    else:
        events = [transfer(i, f"u{i}", f"p{i % 90}") | {"id": i} for i in range(900)]
    shape = Shape(world)
    flat, outs = rows(world, shape, events), buffer(900 * shape.out_width)
    done = []
    for reserve in range(20_000, 400_000, 7_500):
        k = Kernel(shape, NOWHERE, reserve)
        done.append(k.run(flat, outs, 900))
        assert k.memory_bytes <= reserve
    assert done == sorted(done)
    assert done[0] < 300
    assert done[-1] == 900


def test_a_key_moved_by_a_growing_table_is_still_read_through_another_role() -> None:
    world = scenario(feature("f", "count", by=("user",), lookup=("payee",)))
    rng = random.Random(2)
    events = [transfer(i, f"u{i}", f"u{rng.randrange(i + 1)}") for i in range(300)]
    assert say(world, events) == [1] * 300


def test_a_peek_reads_without_the_event_and_changes_nothing() -> None:
    world = everything()
    events = random_events(random.Random(11), 120, duplicates=False)
    k, shape = kernel(world), Shape(world)
    for i, event in enumerate(events):
        words = array("q", row(world, shape, event))
        out, peeked = buffer(shape.out_width), buffer(shape.out_width)
        if i % 10 == 0:
            late = array("q", words)
            late[1] += 1000 * SECOND  # even one that would expire everything
            before = bytes(k._words[: k.memory_bytes // 8])
            k.peek(late, peeked)
            k.peek(words, peeked)
            assert bytes(k._words[: k.memory_bytes // 8]) == before
            unseen = array("q", [0, *words[1:3], *[0] * shape.words, *words[3 + shape.words :]])
            twin = kernel(world)
            twin.run(rows(world, shape, events[:i]), buffer(i * shape.out_width), i)
            twin.run(unseen, out, 1)
            assert peeked.tolist() == out.tolist()
        assert k.run(words, out, 1) == 1
        assert out[0] == -1


def test_rows_come_in_any_flat_int64_buffer_and_slots_need_a_writable_one() -> None:
    world = scenario(feature("f", "count"))
    k, shape = kernel(world), Shape(world)
    words = row(world, shape, transfer(0))
    out = buffer(shape.out_width)
    assert k.run(memoryview(array("q", words).tobytes()).cast("q"), out, 1) == 1
    assert k.run(array("q", words), array("q", out), 1) == 1
    with pytest.raises(ValueError, match="room for 1 events, not for 2"):
        k.run(array("q", words), out, 2)
    with pytest.raises(ValueError, match="writable"):
        k.run(array("q", words), out.toreadonly(), 1)
    with pytest.raises(ValueError, match="contiguous int64"):
        k.run(array("i", words[:1]), out, 1)


def test_a_type_that_no_feature_speaks_of_is_counted_and_computes_nothing() -> None:
    world = scenario(feature("f", "count"))
    shape = Shape(world)
    event = {"type": "refund", "clock": 0, "entities": {}, "fields": {"amount": 1}}
    k, out = kernel(world), buffer(shape.out_width)
    assert k.run(rows(world, shape, [event]), out, 1) == 1
    assert (k.events, shape.width[shape.type_index["refund"]]) == (1, 1)
    assert out[1] != UNKNOWN

"""A shape says what a row holds and what slots mean, and its digest moves only with the state."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from guanlan.engine.kernel import LOAD_GLOBALS, UNKNOWN, Shape
from guanlan.engine.scenario.model import EventType, Field, Text
from tests.engine.kernel.worlds import SECOND, everything, feature, scenario

INT64 = st.integers(-(2**63), 2**63 - 1)


def test_features_share_a_series_when_the_same_events_enter_it() -> None:
    shape = Shape(
        scenario(
            feature("a", "count", window=SECOND),
            feature("b", "sum", window=9 * SECOND, of="amount"),  # a required field
            feature("c", "sum", of="fee"),  # an optional one: enters only if present
            feature("d", "avg", of="fee"),
            feature("e", "count", where="success == true"),
            feature("f", "count", where=" success == true "),
            feature("g", "count", by=("payee",), lookup=("user",)),
        )
    )
    assert [f.series for f in shape.features] == [0, 0, 1, 1, 2, 2, 3]
    assert [(s.of, s.where) for s in shape.series] == [
        (None, None), ("fee", None), (None, "success == true"), (None, None),
    ]  # fmt: skip
    assert [k.roles for k in shape.keys] == [("user",), ("payee",)]
    assert shape.series[3].column == shape.key_column[("payee",)]
    assert shape.feature("g").column == shape.key_column[("user",)]


def test_an_event_type_computes_what_its_roles_allow() -> None:
    shape = Shape(scenario(feature("a", "count"), feature("b", "count", by=("user", "payee"))))
    assert [list(s) for s in shape.slots] == [["a"], ["a", "b"], []]
    assert shape.width == (2, 3, 1)
    assert [[s.index for s in series] for series in shape.type_series] == [[], [0, 1], []]


def test_slots_do_not_overlap_and_every_word_of_a_row_has_one_meaning() -> None:
    shape = Shape(everything())
    for slots, width in zip(shape.slots, shape.width, strict=True):
        taken = [at + i for at, n in slots.values() for i in range(n)]
        assert sorted(taken) == list(range(1, width))
    columns = [0, 1, 2, *sorted({s.word for s in shape.series})]
    columns += [k.column for k in shape.keys] + [v.column for v in shape.values]
    assert columns == list(range(shape.row_width))
    assert len({(s.word, s.bit) for s in shape.series}) == len(shape.series)
    assert max(s.bit for s in shape.series) < 62


def test_slots_decode_to_typed_values() -> None:
    shape = Shape(
        scenario(
            feature("n", "count", ("login",), ("device",)),
            feature("new", "is_new"),
            feature("risk", "sum", of="risk"),
            feature("mean", "avg", of="risk"),
            feature("spread", "stddev", of="amount", window=SECOND),
            feature("ok", "last", of="success"),
            feature("low", "min", of="amount"),
        )
    )
    slots = [0] * shape.out_width
    index = shape.type_index["transfer"]

    def put(name: str, *words: int) -> None:
        start, n = shape.slots[index][name]
        assert n == len(words)
        slots[start : start + n] = words

    put("n", UNKNOWN)
    put("new", 1)
    put("risk", 250)
    put("mean", 250, 2)
    put("spread", 2, 5, 0, 13)
    put("ok", 0)
    put("low", -7)
    assert shape.decode(index, slots) == {
        "n": None, "new": True, "risk": 2.5, "mean": 1.25, "spread": 0.5, "ok": False, "low": -7,
    }  # fmt: skip
    for name, value in shape.decode(index, slots).items():
        source = shape.load_source(index, name, "slots")
        assert eval(source, dict(LOAD_GLOBALS), {"slots": slots}) == value
    assert shape.load_source(index, "risk", "o") == "(o[1] / 100)".replace(
        "1]", f"{shape.slots[index]['risk'][0]}]"
    )
    assert shape.optional(index, "n")
    assert not shape.optional(index, "new")


@given(a=INT64, b=INT64, c=INT64)
def test_a_pair_key_keeps_order_and_is_never_absent(a: int, b: int, c: int) -> None:
    shape = Shape(scenario())
    assert shape.mix(a, b) != 0
    assert -(2**63) <= shape.mix(a, b) < 2**63
    assert (shape.mix(a, b) == shape.mix(b, a)) == (a == b)
    assert (shape.key([a, b, c]) == 0) == (0 in (a, b, c))
    assert shape.key([a]) == a


def test_of_must_have_one_type_in_all_its_events() -> None:
    world = scenario(feature("a", "sum", ("transfer", "bill"), of="amount"))
    other = EventType("bill", Text("t", "t"), world.events[1].roles,
                      (Field("amount", "number", Text("t", "t"), 1, decimals=2),))  # fmt: skip
    with pytest.raises(ValueError, match="feature a: amount must be a field of one type"):
        Shape(replace(world, events=(*world.events, other)))


def test_the_digest_moves_with_what_the_state_holds_and_with_nothing_else() -> None:
    world = everything()
    digest = Shape(world).digest
    other = Text("other", "别的")
    assert Shape(replace(world, title=other)).digest == digest
    moved = replace(world, timezone="Asia/Shanghai")
    assert Shape(moved).digest != digest, "a filter may ask for the hour"
    plain = tuple(f for f in world.features if f.where is None)
    unfiltered = replace(world, features=plain), replace(moved, features=plain)
    assert Shape(unfiltered[0]).digest == Shape(unfiltered[1]).digest
    renamed = tuple(replace(f, title=other) for f in world.features)
    assert Shape(replace(world, features=renamed)).digest == digest
    longer = (replace(world.features[0], window=11 * SECOND), *world.features[1:])
    assert Shape(replace(world, features=longer)).digest != digest
    assert Shape(replace(world, features=world.features[1:])).digest != digest

"""Green, amber, red and unknown: what a value makes of them, told by an oracle of its own."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanlan.risk.states import Limits, Standing, fault_of, past, step
from tests.risk.rows import MINUTE, NOW, limits

finite = st.floats(-50, 50).map(lambda value: round(value, 2))
values = st.lists(st.none() | finite, min_size=1, max_size=40)


@st.composite
def bounds(draw: st.DrawFn) -> Limits:
    low, amber_low, amber, red = sorted(draw(st.lists(finite, min_size=4, max_size=4)))
    direction = draw(st.sampled_from(["higher", "lower", "band"]))
    said: dict[str, Any] = {"direction": direction, "amber": amber, "red": red}
    if direction == "lower":
        said |= {"amber": red, "red": amber}
    if direction == "band":
        said |= {"amber_low": amber_low, "red_low": low}
    return Limits(
        **said,
        hysteresis=draw(st.floats(0, 5).map(lambda value: round(value, 2))),
        minimum_duration=draw(st.integers(0, 5)) * MINUTE,
    )


def run(one: Limits, said: list[float | None]) -> list[Standing]:
    found, standing = [], Standing()
    for n, value in enumerate(said):
        standing = step(standing, one, NOW + n * MINUTE, value)
        found.append(standing)
    return found


@given(bounds(), values)
def test_no_value_is_unknown_and_a_value_never_is(one: Limits, said: list[float | None]) -> None:
    for value, standing in zip(said, run(one, said), strict=True):
        assert (standing.state == "unknown") is (value is None)


@given(bounds(), values)
def test_green_is_never_shown_of_what_has_been_past_a_limit_for_long_enough(
    one: Limits, said: list[float | None]
) -> None:
    found = run(one, said)
    for n, standing in enumerate(found):
        for level, worse in (("amber", ("amber", "red")), ("red", ("red",))):
            long = 0
            while long <= n and (v := said[n - long]) is not None and past(one, level, v):  # type: ignore[arg-type]
                long += 1
            if long and (long - 1) * MINUTE >= one.minimum_duration:
                assert standing.state in worse


@given(bounds(), values)
def test_a_worse_state_is_entered_for_a_reason_only(one: Limits, said: list[float | None]) -> None:
    order = ("green", "amber", "red")
    before = "unknown"
    for n, (value, standing) in enumerate(zip(said, run(one, said), strict=True)):
        if value is None or standing.state == "green":
            before = standing.state
            continue
        state = standing.state
        if before == "unknown":
            assert past(one, state, value), "after an unknown it is judged by the bare limit"
        elif order.index(state) > order.index(before):
            span = round(one.minimum_duration / MINUTE)
            earlier = said[max(0, n - span) : n + 1]
            # Past the limit all the while, and long enough unless the run began unknown.
            assert all(v is not None and past(one, state, v) for v in earlier)
        else:
            assert past(one, state, value, one.hysteresis)
        before = state


@given(bounds(), values)
def test_a_better_state_is_entered_only_past_the_hysteresis(
    one: Limits, said: list[float | None]
) -> None:
    order = ("green", "amber", "red")
    before = "unknown"
    for value, standing in zip(said, run(one, said), strict=True):
        if (
            value is not None
            and before in ("amber", "red")
            and order.index(standing.state) < order.index(before)
        ):
            assert not past(one, before, value, one.hysteresis)  # type: ignore[arg-type]
        before = standing.state


@given(bounds(), values)
def test_since_is_when_the_state_began(one: Limits, said: list[float | None]) -> None:
    found = run(one, said)
    for n, standing in enumerate(found):
        first = n
        while first and found[first - 1].state == standing.state:
            first -= 1
        assert standing.since == NOW + first * MINUTE


@pytest.mark.parametrize(
    ("said", "unit", "field"),
    [
        ({"red": 5.0}, "count", "red"),
        ({"direction": "lower", "amber": 5.0, "red": 9.0}, "count", "red"),
        ({"amber": float("nan")}, "count", "amber"),
        ({"red": float("inf")}, "count", "red"),
        ({"amber": -1.0}, "count", "amber"),
        ({"amber": 0.5, "red": 1.5}, "share", "red"),
        ({"amber_low": 1.0}, "count", "amber_low"),
        ({"direction": "band"}, "count", "amber_low"),
        ({"direction": "band", "amber_low": 12.0, "red_low": 1.0}, "count", "amber_low"),
        ({"direction": "band", "amber_low": 5.0, "red_low": 6.0}, "count", "red_low"),
        ({"direction": "band", "amber_low": 5.0, "red_low": 1.0, "hysteresis": 3.0}, "count",
         "hysteresis"),
        ({"hysteresis": -1.0}, "score", "hysteresis"),
        ({"hysteresis": 10.0}, "count", "hysteresis"),
        ({"amber": 0.0}, "count", "amber"),
        ({"direction": "lower", "amber": 0.98, "red": 0.9, "hysteresis": 0.02}, "share",
         "hysteresis"),
        ({"minimum_volume": -1}, "count", "minimum_volume"),
        ({"minimum_duration": dt.timedelta(seconds=-1)}, "count", "minimum_duration"),
        ({"stale_after": dt.timedelta(0)}, "count", "stale_after"),
        ({"direction": "sideways"}, "count", "direction"),
    ],
)  # fmt: skip
def test_limits_that_make_no_sense_are_refused_with_a_sentence(
    said: dict[str, Any], unit: Any, field: str
) -> None:
    fault = fault_of(limits(**said), unit)
    assert fault is not None
    assert fault[0] == field
    assert fault[1].endswith(".")


def test_limits_that_make_sense_are_accepted() -> None:
    assert fault_of(limits(), "count") is None
    assert fault_of(limits(direction="lower", amber=0.98, red=0.95), "share") is None
    assert fault_of(limits(direction="band", amber_low=2.0, red_low=0.0), "count") is None
    assert fault_of(limits(amber=-5.0, red=0.0, hysteresis=3.0), "score") is None

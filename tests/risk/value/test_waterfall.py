"""Why it moved: one cause at a time, and the steps add up to the whole difference exactly."""

from __future__ import annotations

import pytest

from guanlan.risk.models import Indicator, MeasureTest, RiskValue
from guanlan.risk.value.causes import causes, steps
from guanlan.risk.value.keeping import inputs_of, refresh
from guanlan.risk.value.waterfall import waterfall
from tests.risk.value import register as made
from tests.risk.value.register import DAY, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair() -> tuple[RiskValue, RiskValue]:
    """Two values between which everything has moved."""
    made.settings()
    first, second = made.risk("R-001"), made.risk("R-002")
    made.parameters(first, counted_from=NOW - 50 * DAY)
    made.parameters(second, frequency={"rate": 24}, severity=made.PERT)
    made.driver(first, made.indicator())
    gate = made.measure()
    made.effect(gate, first)
    made.proven(gate, 8)
    before = refresh(NOW)
    Indicator.objects.filter(name="test.dial").update(value=25.0, sampled=NOW + DAY)
    made.parameters(second, 2, frequency={"rate": 30}, severity=made.PERT)
    made.proven(gate, 0, 5, at=NOW)
    made.loss(first, NOW - DAY)
    made.parameters(made.risk("R-003"), severity=made.PERT)
    made.settings(version=2, frailty=0.1)
    after = refresh(NOW + DAY)
    assert before is not None
    assert after is not None
    return before, after


def test_causes_come_in_their_order(pair: tuple[RiskValue, RiskValue]) -> None:
    before, after = map(inputs_of, pair)
    assert [tuple(one) for one in causes(before, after)] == [
        ("settings", "", ""),
        ("risk", "R-003", ""),
        ("parameters", "R-002", ""),
        ("measure", "R-001", ""),
        ("loss", "R-001", ""),
        ("indicator", "R-001", "test.dial"),
    ]
    assert pair[1].cause == [list(one) for one in causes(before, after)]
    assert causes(after, after) == []


def test_the_last_step_is_what_it_became(pair: tuple[RiskValue, RiskValue]) -> None:
    before, after = map(inputs_of, pair)
    *_others, last = steps(before, after)
    assert last.inputs.risks == after.risks


def test_the_steps_add_up_exactly(pair: tuple[RiskValue, RiskValue]) -> None:
    before, after = pair
    for one, other in (pair, (after, before)):
        moves = waterfall(one, other).moves
        assert sum(move.expected for move in moves) == other.expected - one.expected
        assert sum(move.var95 for move in moves) == other.var95 - one.var95
        assert sum(move.var99 for move in moves) == other.var99 - one.var99
        # What the grid makes is small beside what moved.
        rest = [move for move in moves if move.cause is None]
        assert all(abs(move.var95) < 0.002 * other.var95 for move in rest)
    assert MeasureTest.objects.count() == 2

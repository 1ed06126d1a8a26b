"""A value: the register as it stands, stored when it moves, computed again to the byte."""

from __future__ import annotations

import datetime as dt
import json
import math

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guanlan.quant import Frequency, Portfolio, RiskSet, gamma_from_interval, updated
from guanlan.quant import Risk as QuantRisk
from guanlan.risk.models import (
    Indicator,
    LossEvent,
    Measure,
    Risk,
    RiskFigure,
    RiskParameters,
    RiskValue,
)
from guanlan.risk.value import keeping
from guanlan.risk.value.assembling import NO_PARAMETERS, OTHER_CURRENCY, assemble
from guanlan.risk.value.building import multiplier_of, sets_of
from guanlan.risk.value.inputs import canonical, read_inputs, written
from guanlan.risk.value.keeping import inputs_of, refresh
from guanlan.risk.value.recomputing import recompute
from guanlan.risk.value.stated import severity_of
from tests.risk.value import register as made
from tests.risk.value.register import DAY, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def two() -> tuple[Risk, Risk]:
    """Two risks, one of them driven by an indicator and met by a measure."""
    made.settings(groups={"online": 0.2}, frailty=0.05)
    first = made.risk("R-001", group="online")
    made.parameters(first)
    second = made.risk("R-002")
    made.parameters(second, frequency={"rate": 24}, severity=made.PERT)
    dial = made.indicator()
    made.driver(first, dial)
    gate = made.measure()
    made.effect(gate, first)
    made.proven(gate, 8)
    return first, second


def turn(value: float | None, **said: object) -> None:
    for name, one in (said | {"value": value}).items():
        Indicator.objects.filter(name="test.dial").update(**{name: one})


def test_a_register_of_one_risk_is_what_quant_says_of_it() -> None:
    made.settings()
    made.parameters(made.risk())
    value = refresh(NOW)
    assert value is not None
    risk = QuantRisk("R-001", gamma_from_interval(2, 9), severity_of(made.LOGNORMAL, None))
    said = Portfolio(RiskSet("CNY", (risk,))).measures(200_000_000)
    assert (value.expected, value.var95, value.var99) == (
        said.expected, said.tail(0.95).var, said.tail(0.99).var,
    )  # fmt: skip
    assert value.beyond == said.beyond_tolerance
    figure = RiskFigure.objects.get()
    assert figure.tail == pytest.approx(said.tail(0.99).tvar, rel=1e-6)
    assert figure.inherent == figure.expected == figure.target == said.expected


def test_stages_follow_from_measures(two: tuple[Risk, Risk]) -> None:
    planned = made.measure("M-002", state=Measure.State.PLANNED, layer="watch")
    made.effect(planned, two[0], design=0.25)
    inputs = assemble(NOW).inputs
    sets = sets_of(inputs)
    rates = {stage: one.risks[0].frequency.rate for stage, one in sets.items()}
    stated = gamma_from_interval(2, 9).rate
    weight = 0.5 ** (9 / 24 / 180)  # yesterday at nine, by whole days
    faded = 8 * weight
    works = (1 + faded) / (2 + faded)
    assert rates["inherent"] == pytest.approx(stated)
    assert rates["residual"] == pytest.approx(stated * (1 - 0.5 * works), rel=1e-2)
    assert rates["target"] == pytest.approx(rates["residual"] * (1 - 0.25 * 0.8))
    assert sets["residual"].risks[1].frequency == Frequency(24.0)


def test_parameters_stated_with_measures_know_what_these_left(two: tuple[Risk, Risk]) -> None:
    made.parameters(two[0], 2, frequency_left=0.5)
    sets = sets_of(assemble(NOW).inputs)
    stated = gamma_from_interval(2, 9).rate
    assert sets["inherent"].risks[0].frequency.rate == pytest.approx(stated / 0.5)


def test_a_corrective_measure_makes_each_event_cheaper(two: tuple[Risk, Risk]) -> None:
    Measure.objects.update(acts=Measure.Acts.CORRECTIVE)
    sets = sets_of(assemble(NOW).inputs)
    before, after = (sets[stage].risks[0] for stage in ("inherent", "residual"))
    assert before.frequency == after.frequency
    left = assemble(NOW).inputs.risks[0].left["residual"]
    assert left[0] == 1.0
    assert after.severity.mean == pytest.approx(before.severity.mean * left[1])
    assert left[1] < 0.6


def test_an_indicator_multiplies_and_is_held(two: tuple[Risk, Risk]) -> None:
    for value, wanted in ((20.0, math.exp(0.5)), (1000.0, 3.0), (-1000.0, 0.5), (10.0, 1.0)):
        turn(value)
        (driver,) = assemble(NOW).inputs.risks[0].drivers
        assert multiplier_of(driver) == pytest.approx(wanted)


def test_an_unknown_indicator_multiplies_by_what_was_known_last(two: tuple[Risk, Risk]) -> None:
    dial = Indicator.objects.get(name="test.dial")
    made.sample(dial, 20.0, NOW - DAY)
    turn(None, state="unknown", why="Measuring it failed: %(fault)s.")
    value = refresh(NOW)
    assert value is not None
    assert value.figures["unknown"] == [["R-001", "test.dial"]]
    (driver,) = inputs_of(value).risks[0].drivers
    assert driver.value == 20.0
    assert multiplier_of(driver) == pytest.approx(math.exp(0.5))


def test_one_that_was_never_known_moves_nothing_and_is_named(two: tuple[Risk, Risk]) -> None:
    turn(None)
    value = refresh(NOW)
    assert value is not None
    assert value.figures["unknown"] == [["R-001", "test.dial"]]
    assert RiskFigure.objects.get(risk=two[0]).multiplier == 1.0


def test_counted_losses_teach_the_frequency(two: tuple[Risk, Risk]) -> None:
    made.parameters(two[0], 2, counted_from=NOW - 100 * DAY)
    for days in (99, 50, 3):
        made.loss(two[0], NOW - days * DAY)
    made.loss(two[0], NOW - 101 * DAY)
    made.loss(two[0], NOW - DAY, near_miss=True)
    made.loss(two[0], NOW - DAY, state=LossEvent.State.PROPOSED)
    made.loss(two[1], NOW - DAY)
    inputs = assemble(NOW).inputs
    assert (inputs.risks[0].events, inputs.risks[0].years) == (3, 100 / 365.25)
    wanted = updated(gamma_from_interval(2, 9), 3, 100 / 365.25)
    assert sets_of(inputs)["inherent"].risks[0].frequency == wanted


def test_what_cannot_be_used_is_left_out_and_named(two: tuple[Risk, Risk]) -> None:
    made.risk("R-003")
    made.parameters(made.risk("R-004"), currency="USD")
    made.parameters(made.risk("R-005"), frequency={"interval": [9, 2]})
    made.parameters(made.risk("R-006"), severity={"nonsense": 1})
    made.parameters(made.risk("R-007"), year_insurance={"deductible": 0, "limit": 1000})
    made.parameters(made.risk("R-008"), frequency={"interval": "often"})
    made.parameters(made.risk("R-009", state=Risk.State.CLOSED))
    value = refresh(NOW)
    assert value is not None
    left_out = value.figures["left_out"]
    assert sorted(left_out) == [f"R-00{n}" for n in range(3, 9)]
    assert left_out["R-003"] == NO_PARAMETERS
    assert left_out["R-004"] == OTHER_CURRENCY
    assert "upside down" in left_out["R-005"]
    assert left_out["R-007"].startswith("year_insurance: ")
    assert sorted(value.figures["parts"]) == ["R-001", "R-002"]


def test_inputs_are_read_as_they_were_written(two: tuple[Risk, Risk]) -> None:
    inputs = assemble(NOW).inputs
    said = json.loads(json.dumps(written(inputs)))
    assert read_inputs(said) == inputs
    assert canonical(written(read_inputs(said))) == canonical(said)


def test_any_value_is_computed_again_to_the_byte(two: tuple[Risk, Risk]) -> None:
    refresh(NOW)
    for n, value in enumerate((14.0, 25.0, 40.0, 11.0), 1):
        turn(value, sampled=NOW + n * dt.timedelta(seconds=1))
        assert refresh(NOW + n * dt.timedelta(seconds=1)) is not None
    # Nothing but what is stored is read.
    for model in (RiskFigure, RiskParameters):
        model._base_manager.all()._raw_delete("default")
    with CaptureQueriesContext(connection) as asked:
        for one in RiskValue.objects.all():
            assert recompute(one) == (True, [], "")
    assert len(asked) == 1


def test_what_was_tampered_with_is_told(two: tuple[Risk, Risk]) -> None:
    value = refresh(NOW)
    assert value is not None
    value.figures["stages"]["residual"]["expected"] += 1
    said = recompute(value)
    assert not said.equal
    assert [name for name, _stored, _made in said.differences] == [
        "figures.stages.residual.expected"
    ]
    value.model = "older"
    assert recompute(value).model != ""


def test_nothing_is_stored_while_nothing_moves(two: tuple[Risk, Risk]) -> None:
    assert refresh(NOW) is not None
    assert refresh(NOW + dt.timedelta(minutes=1)) is None
    turn(10.01)
    assert refresh(NOW + dt.timedelta(minutes=2)) is None  # by less than is tolerated
    turn(20.0, sampled=NOW + dt.timedelta(minutes=3))
    moved = refresh(NOW + dt.timedelta(minutes=3))
    assert moved is not None
    assert moved.cause == [["indicator", "R-001", "test.dial"]]
    assert [one.risk.code for one in RiskFigure.objects.filter(value=moved)] == ["R-001"]
    turn(20.0, sampled=NOW + DAY)
    assert refresh(NOW + dt.timedelta(minutes=4) + DAY) is not None  # once a day at least


def test_of_two_workers_one_stores(two: tuple[Risk, Risk], monkeypatch: pytest.MonkeyPatch) -> None:
    refresh(NOW)
    turn(25.0)
    asked = keeping.latest_value
    seen = asked()
    assert refresh(NOW + DAY / 24) is not None
    # The slower one read before the faster one wrote.
    turns = iter([seen])
    monkeypatch.setattr(keeping, "latest_value", lambda: next(turns, None) or asked())
    assert keeping.refresh(NOW + DAY / 24) is None
    assert [one.number for one in RiskValue.objects.order_by("number")] == [1, 2]


def test_an_indicator_carries_the_intervals_on(two: tuple[Risk, Risk]) -> None:
    first = refresh(NOW)
    turn(25.0)
    second = refresh(NOW + dt.timedelta(minutes=1))
    assert first is not None
    assert second is not None
    before, after = (
        one.figures["stages"]["residual"] for one in (first, second)
    )  # fmt: skip
    assert (before["interval"]["carried"], after["interval"]["carried"]) == (False, True)
    share = after["expected"] / before["expected"]
    assert after["interval"]["expected"][1] == pytest.approx(
        before["interval"]["expected"][1] * share, rel=1e-6
    )


def test_the_number_of_queries_does_not_grow(two: tuple[Risk, Risk]) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            assemble(NOW)
        return len(found)

    before = asked()
    for n in range(10, 30):
        made.parameters(made.risk(f"R-{n}"), counted_from=NOW - DAY)
    assert asked() <= before + 1  # losses, once any are counted

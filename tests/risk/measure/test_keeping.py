"""What people say of measures: none without an owner, none in force that does nothing."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from guanlan.core.access import Denied, subject_of
from guanlan.risk.measure.duties import plan_ahead
from guanlan.risk.measure.effects import newest_effects, set_effect
from guanlan.risk.measure.keeping import (
    SaidStep,
    add_measure,
    add_step,
    bring_into_force,
    change_measure,
    remove_step,
    retire,
)
from guanlan.risk.models import Measure, MeasureStep
from tests.people import person
from tests.risk.measure.rows import BY, DAY, NOW, measure, owner, risk, said

pytestmark = pytest.mark.django_db


def test_a_measure_without_an_owner_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValidationError) as refused:
        add_measure(BY, said(owner=None), NOW)
    assert refused.value.message_dict == {
        "owner": ["Name a person: a measure without an owner is none."]
    }
    assert not Measure.objects.exists()


def test_codes_count_on_and_are_never_given_twice() -> None:
    first, second = (add_measure(BY, said(), NOW) for _ in range(2))
    assert (first.code, second.code) == ("M-001", "M-002")


def test_the_deputy_is_another_person_than_the_owner() -> None:
    with pytest.raises(ValidationError, match="another person"):
        add_measure(BY, said(deputy=owner()), NOW)


def test_it_comes_into_force_with_owner_steps_and_an_effect_and_says_what_it_lacks() -> None:
    row = add_measure(BY, said(), NOW)
    with pytest.raises(ValidationError) as refused:
        bring_into_force(BY, row, NOW)
    assert len(refused.value.messages) == 2  # no step, no risk
    add_step(BY, row, SaidStep(title="Look", responsible="operations"))
    set_effect(BY, row, risk(), design=0.5, coverage=1.0, reason="As measured.", now=NOW)
    assert bring_into_force(BY, row, NOW).state == "in_force"
    due = row.duties.get().due
    assert NOW + 30 * DAY <= due < NOW + 31 * DAY


def test_one_whose_owner_has_left_does_not_begin() -> None:
    row = measure(state="planned", on=risk())
    assert row.owner is not None
    row.owner.is_active = False
    row.owner.save()
    with pytest.raises(ValidationError, match="Nobody owns it"):
        bring_into_force(BY, row, NOW)


def test_design_zero_takes_it_off_a_risk_but_not_off_its_last_one() -> None:
    one, two = risk(1), risk(2)
    row = measure(on=one)
    set_effect(BY, row, two, design=0.3, coverage=0.9, reason="As measured.", now=NOW)
    set_effect(BY, row, two, design=0.0, coverage=0.9, reason="It was a mistake.", now=NOW + DAY)
    found = newest_effects([row.pk], NOW + DAY)
    assert [(e.risk.code, e.design) for e in found[row.pk]] == [("R-001", 0.5)]
    before = newest_effects([row.pk], NOW)
    assert [e.risk.code for e in before[row.pk]] == ["R-001", "R-002"]
    with pytest.raises(ValidationError, match="retire it instead"):
        set_effect(BY, row, one, design=0.0, coverage=1.0, reason="Off with it.", now=NOW + DAY)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_shares_lie_between_0_and_1(share: float) -> None:
    with pytest.raises(ValidationError) as refused:
        set_effect(BY, measure(), risk(), design=share, coverage=1, reason="Because.", now=NOW)
    assert list(refused.value.message_dict) == ["design"]


def test_steps_move_up_and_the_last_one_stays_while_in_force() -> None:
    row = measure()
    for title in ("two", "three"):
        add_step(BY, row, SaidStep(title=f"Step {title}", responsible="operations"))
    remove_step(BY, row, 1)
    steps = MeasureStep.objects.filter(measure=row).order_by("position")
    assert [(s.position, s.title) for s in steps] == [(1, "Step two"), (2, "Step three")]
    remove_step(BY, row, 1)
    with pytest.raises(ValidationError, match="a step at least"):
        remove_step(BY, row, 1)


def test_a_retired_one_falls_due_no_more_and_is_not_changed() -> None:
    row = measure(on=risk())
    retire(BY, row, "Replaced by another.", NOW)
    row.refresh_from_db()
    assert (row.state, row.next_due, row.duties.count()) == ("retired", None, 0)
    assert plan_ahead(NOW + 90 * DAY) == 0
    with pytest.raises(ValidationError, match="retired"):
        change_measure(BY, row, said(), NOW)


def test_another_rhythm_moves_what_is_next_due() -> None:
    row = measure(on=risk())
    change_measure(BY, row, said(every_days=7), NOW)
    dues = [one.due for one in row.duties.all()]
    assert len(dues) == 1
    assert dues[0] < NOW + 8 * DAY


def test_who_may_not_is_denied() -> None:
    analyst = subject_of(person("fraud_analyst", "an-analyst"))
    with pytest.raises(Denied):
        add_measure(analyst, said(), NOW)
    with pytest.raises(Denied):
        bring_into_force(subject_of(person("operations", "an-operator")), measure(), NOW)

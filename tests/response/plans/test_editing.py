"""Steps are added, moved and removed without the plan falling apart."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanlan.response.plans.cacao import (
    MOST_BRANCHES,
    End,
    If,
    Manual,
    Parallel,
    Playbook,
    Start,
    Text,
    Variable,
)
from guanlan.response.plans.cacao_check import check
from guanlan.response.plans.editing import (
    END,
    add,
    block,
    drop_variable,
    lead,
    movable,
    move,
    put_variable,
    remove,
    tidy,
    ways,
)
from guanlan.response.plans.flow import lines
from tests.response.plans.plans import KNOWN, line_of, manual, sound_plans

# The machine may be busy while a plan is drawn.
busy = settings(suppress_health_check=[HealthCheck.too_slow])


def order(plan: Playbook) -> list[str]:
    return [line.step.name.get("en") for line in lines(plan)]


def new(n: int = 77, **more: Any) -> Manual:
    return manual(n, "", **more)


def test_a_step_is_put_between_two() -> None:
    plan = line_of(2)
    first = plan.steps[1].id
    made = add(plan, new(), first, "next")
    assert order(made) == ["Do 1", "Do 77", "Do 2"]
    assert check(made, KNOWN) == []
    begun = add(plan, new(), plan.start, "next")
    assert order(begun) == ["Do 77", "Do 1", "Do 2"]


def test_a_condition_comes_with_branches_that_are_filled() -> None:
    plan = line_of(2)
    step = If(id=f"if-condition--{uuid.UUID(int=5)}", name=Text(en="Leak?"), condition="leak")
    plan = msgspec.structs.replace(plan, variables=(Variable("leak", "bool", Text(en="Leak")),))
    made = add(plan, step, plan.steps[1].id, "next")
    assert check(made, KNOWN) == []
    filled = add(add(made, new(), step.id, "on_true"), new(78), step.id, "on_false")
    assert check(filled, KNOWN) == []
    assert [line.number for line in lines(filled)] == ["1", "2", "2a1", "2b1", "3"]
    assert [one.name.en for one in block(filled, step.id)] == ["Leak?", "Do 77", "Do 78"]
    gone = remove(filled, step.id)
    assert order(gone) == ["Do 1", "Do 2"]
    assert check(gone, KNOWN) == []
    assert len(gone.steps) == 4, "the ends of its branches are gone too"


def test_a_parallel_step_gets_and_loses_branches() -> None:
    step = Parallel(id=f"parallel--{uuid.UUID(int=5)}", name=Text(en="Both"))
    plan = line_of(1)
    made = add(plan, step, plan.steps[1].id, "next")
    assert check(made, KNOWN) == []
    for n in range(2):
        made = add(made, new(70 + n), step.id, f"branch-{n}")
    three = add(made, new(72), step.id, "branch-2")
    assert check(three, KNOWN) == []
    assert order(three) == ["Do 1", "Both", "Do 70", "Do 71", "Do 72"]
    found = next(one for one in three.steps if isinstance(one, Parallel))
    two = lead(three, step.id, "branch-1", "")
    left = next(one for one in two.steps if isinstance(one, Parallel))
    assert left.branches == (found.branches[0], found.branches[2])
    full = three
    for n in range(3, MOST_BRANCHES):
        full = lead(full, step.id, f"branch-{n}", END)
    with pytest.raises(ValidationError, match="20 branches"):
        lead(full, step.id, f"branch-{MOST_BRANCHES}", END)


def test_steps_change_places() -> None:
    plan = line_of(3)
    ids = [one.id for one in plan.steps]
    assert movable(plan, ids[1]) == (False, True)
    assert movable(plan, ids[3]) == (True, False)
    assert order(move(plan, ids[1], up=False)) == ["Do 2", "Do 1", "Do 3"]
    assert order(move(plan, ids[3], up=True)) == ["Do 1", "Do 3", "Do 2"]
    with pytest.raises(ValidationError, match="first"):
        move(plan, ids[1], up=True)
    with pytest.raises(ValidationError, match="last"):
        move(plan, ids[3], up=False)


def test_a_failure_that_led_to_the_neighbour_makes_no_circle() -> None:
    plan = line_of(3)
    ids = [one.id for one in plan.steps]
    plan = lead(plan, ids[1], "on_failure", ids[2])
    assert check(move(plan, ids[1], up=False), KNOWN) == []


def test_what_cannot_be_is_refused_in_a_sentence() -> None:
    plan = line_of(1)
    step = plan.steps[1].id
    for identity, way, target in (
        (step, "sideways", END),
        (step, "branch-0", END),
        ("action--gone", "next", END),
        (step, "next", "action--gone"),
    ):
        with pytest.raises(ValidationError):
            lead(plan, identity, way, target)
    for identity in (plan.start, plan.steps[-1].id):
        with pytest.raises(ValidationError, match="not removed"):
            remove(plan, identity)


def test_variables_are_put_and_dropped() -> None:
    plan = line_of(1)
    leak = Variable("leak", "bool", Text(en="Leak"))
    made = put_variable(plan, leak, new=True)
    with pytest.raises(ValidationError, match="already"):
        put_variable(made, leak, new=True)
    with pytest.raises(ValidationError, match="not there"):
        put_variable(plan, leak, new=False)
    step = made.steps[1]
    asking = msgspec.structs.replace(
        made, steps=(made.steps[0], msgspec.structs.replace(step, asks=("leak",)), made.steps[2])
    )
    dropped = drop_variable(asking, "leak")
    assert dropped.variables == ()
    assert check(dropped, KNOWN) == []


@busy
@given(sound_plans(), st.data())
def test_a_sound_plan_stays_sound_whatever_is_added(plan: Playbook, data: Any) -> None:
    slots = [
        (step.id, way) for step in plan.steps for way, target in ways(step)
        if target or way != "on_failure"
    ]  # fmt: skip
    after, way = data.draw(st.sampled_from(slots))
    made = add(plan, manual(10**6, "", id=f"action--{uuid.UUID(int=10**6)}"), after, way)
    assert check(tidy(made), KNOWN) == []
    assert {one.id for one in made.steps} >= {one.id for one in plan.steps}


@busy
@given(sound_plans(), st.data())
def test_a_sound_plan_stays_sound_whatever_is_removed(plan: Playbook, data: Any) -> None:
    step = data.draw(
        st.sampled_from([one for one in plan.steps if not isinstance(one, Start | End)])
    )
    gone = {one.id for one in block(plan, step.id)}
    left = remove(plan, step.id)
    assert check(left, KNOWN) == []
    kept = {one.id for one in left.steps if not isinstance(one, End)}
    assert kept == {one.id for one in plan.steps if not isinstance(one, End)} - gone


@busy
@given(sound_plans(), st.data())
def test_a_sound_plan_stays_sound_whatever_is_moved(plan: Playbook, data: Any) -> None:
    places = [(one.id, up) for one in plan.steps for up in (True, False)
              if movable(plan, one.id)[0 if up else 1]]  # fmt: skip
    if not places:
        return
    step, up = data.draw(st.sampled_from(places))
    made = move(plan, step, up=up)
    assert check(made, KNOWN) == []
    back = move(made, step, up=not up)
    assert [one.step.id for one in lines(back)] == [one.step.id for one in lines(plan)]

"""What cannot be run is refused: every problem at once, each a sentence that names the step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.response.plans.cacao import (
    Automatic,
    End,
    If,
    Manual,
    Parallel,
    Playbook,
    Start,
    Step,
    Text,
    Variable,
    links,
)
from guanlan.response.plans.cacao_check import check
from tests.response.plans.plans import (
    END,
    KNOWN,
    VARIABLES,
    ident,
    line_of,
    manual,
    playbook,
    sound_plans,
    start,
)

replace = msgspec.structs.replace


@pytest.fixture(autouse=True)
def english() -> Any:
    with translation.override("en"):
        yield


def problems(plan: Playbook) -> list[str]:
    return [one.text for one in check(plan, KNOWN)]


def a(n: int) -> str:
    return ident("action", n)


def both(**more: Any) -> Parallel:
    given: dict[str, Any] = {
        "id": ident("parallel", 5), "name": Text(en="Both"), "branches": (a(1), a(2)), "next": a(3),
    }  # fmt: skip
    return Parallel(**(given | more))


def forked(one: Step | None = None, two: Step | None = None, **more: Any) -> Playbook:
    return playbook(
        start(ident("parallel", 5)),
        both(**more),
        one or manual(1, END.id),
        two or manual(2, END.id),
        manual(3, END.id),
        END,
    )


def asking(**more: Any) -> Playbook:
    given: dict[str, Any] = {
        "id": ident("if-condition", 6), "name": Text(en="Leak?"), "condition": "leak",
        "on_true": a(1), "next": END.id,
    }  # fmt: skip
    step = If(**(given | more))
    return playbook(start(step.id), step, manual(1, END.id), END, variables=VARIABLES)


def calling(**more: Any) -> Playbook:
    given: dict[str, Any] = {
        "id": a(1), "name": Text(en="Tell"), "command": "note", "parameters": {"text": "x"},
        "next": END.id,
    }  # fmt: skip
    return playbook(start(a(1)), Automatic(**(given | more)), END, variables=VARIABLES)


@pytest.mark.parametrize("plan", [line_of(3), forked(), asking(), calling()])
def test_these_are_sound(plan: Playbook) -> None:
    assert problems(plan) == []


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (
            playbook(start(a(1)), manual(1, a(2)), manual(2, a(1)), END),
            "“Do 2” leads back to “Do 1”: a plan may not go in circles.",
        ),
        (
            playbook(start(a(1)), manual(1, END.id), manual(2, END.id), END),
            "“Do 2” cannot be reached from the start.",
        ),
        (calling(command="launch"), "“Tell” calls launch, which is no automatic step here."),
        (playbook(start(a(1)), manual(1, "")), "The plan has no end."),
        (
            playbook(start(a(1)), manual(1, ""), END),
            "“Do 1” leads nowhere: name the step after it, or an end.",
        ),
        (playbook(start(a(1)), manual(1, END.id, role=""), END), "“Do 1” has no owner: name the"),
        (playbook(start(a(1)), manual(1, END.id, role="king"), END), "“Do 1” is owned by king"),
        (playbook(start(a(1)), manual(1, END.id, limit=0), END), "“Do 1” has no time limit."),
        (playbook(start(a(1)), manual(1, END.id, limit=59), END), "“Do 1” must be 1 minute to 90"),
        (playbook(start(a(1)), manual(1, a(8)), END), "“Do 1” names a step that is not there (on_"),
        (
            playbook(start(a(1)), manual(1, END.id), manual(1, END.id), END),
            f"“Do 1” has an id that another step has: {a(1)}.",
        ),
        (forked(next=""), "The branches of “Both” never join: name the step after all of them."),
        (
            forked(one=manual(1, a(3))),
            "The branches of “Both” never join: one leads to “Do 3” by itself;",
        ),
        (forked(two=manual(2, a(1))), "Two branches of “Both” share “Do 1”."),
        (forked(branches=(a(1),)), "“Both” must have 2 to 20 branches."),
        (forked(branches=(a(1), a(1), a(2))), "“Both” names one branch twice."),
        (asking(condition=""), "“Leak?” has no condition."),
        (asking(condition="leek"), "The condition of “Leak?”, character 1: "),
        (asking(condition="hurt + 1"), "The condition of “Leak?”, character 1: "),
        (asking(condition="__import__('os')"), "The condition of “Leak?”, character 1: "),
        (asking(on_true=""), "“Leak?” leads nowhere when its condition holds."),
        (asking(next=""), "“Leak?” leads nowhere when its condition does not hold."),
        (calling(parameters={}), "“Tell” needs a value for text."),
        (calling(parameters={"text": 5}), "“Tell”: the value of text does not fit."),
        (calling(parameters={"text": " "}), "“Tell”: the value of text does not fit."),
        (calling(parameters={"text": "a", "z": 1}), "“Tell” has a value for z, which its step"),
        (calling(parameters={"text": "__no__:value"}), "“Tell” speaks of no, which is no variable"),
        (calling(command="tell", parameters={"role": "king"}), "“Tell”: role names no role here."),
        (
            calling(command="put", parameters={"variable": "x", "on": True}),
            "“Tell”: variable names no variable.",
        ),
        (playbook(start(a(1)), manual(1, END.id, asks=("x",)), END), "“Do 1” records x, which is"),
        (playbook(start(a(1)), manual(1, END.id, name=Text()), END), f"Step {a(1)} has no name."),
        (playbook(start(a(1)), manual(1, END.id, id="action--1"), END), "must read action-- and a"),
        (playbook(manual(1, END.id), END), "The plan has no start."),
        (
            playbook(start(a(1)), Start(id=ident("start", 2), next=a(1)), manual(1, END.id), END),
            f"“{ident('start', 2)}” is a second start; a plan has one.",
        ),
        (line_of(201), "The plan has 203 steps; 200 are the most."),
        (playbook(start(a(1)), manual(1, END.id, name=Text(en="x" * 121)), END), "is longer than"),
        (replace(line_of(1), name=Text()), "The plan has no name."),
        (
            replace(line_of(1), variables=(Variable("x", "bool", Text(en="x"), 1),)),
            "The value of the variable x does not fit its type.",
        ),
        (replace(line_of(1), variables=VARIABLES[:1] * 2), "The variable leak stands twice."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(plan: Playbook, said: str) -> None:
    assert any(said in one for one in problems(plan)), problems(plan)


def test_all_problems_are_said_at_once() -> None:
    plan = playbook(
        start(a(1)), manual(1, a(2), role=""), manual(2, a(1), limit=0), manual(4, END.id), END
    )
    assert len(problems(plan)) == 5


# What follows breaks sound plans at random; the oracle is a matrix, not a walk.


def closure(plan: Playbook) -> dict[str, set[str]]:
    """What can be reached from each step by one link or more (Warshall)."""
    steps = {step.id for step in plan.steps}
    found = {one.id: {to for _n, to in links(one)} & steps for one in plan.steps}
    for middle in steps:
        for one in steps:
            if middle in found[one]:
                found[one] |= found[middle]
    return found


@settings(max_examples=40, deadline=None)
@given(sound_plans(), st.data())
def test_circles_and_lost_steps_are_found_where_they_are(
    plan: Playbook, data: st.DataObject
) -> None:
    steps = [s for s in plan.steps if isinstance(s, Manual | Automatic)]
    chosen = data.draw(st.sampled_from(steps))
    target = data.draw(st.sampled_from(plan.steps)).id
    changed = replace(chosen, next=target)
    broken = replace(plan, steps=tuple(changed if s is chosen else s for s in plan.steps))
    found = check(broken, KNOWN)
    reach = closure(broken)
    circles = {identity for identity, others in reach.items() if identity in others}
    assert any("may not go in circles" in one.text for one in found) == bool(circles)
    assert {p.step for p in found if "may not go in circles" in p.text} <= circles
    lost = {s.id for s in broken.steps} - reach[broken.start] - {broken.start}
    assert {p.step for p in found if "cannot be reached" in p.text} == lost


BREAKS: list[Callable[[Step], Step | None]] = [
    lambda s: replace(s, role="") if isinstance(s, Manual) else None,
    lambda s: replace(s, limit=0) if isinstance(s, Manual) else None,
    lambda s: replace(s, asks=("nothing",)) if isinstance(s, Manual) else None,
    lambda s: replace(s, command="nothing") if isinstance(s, Automatic) else None,
    lambda s: replace(s, parameters={}) if isinstance(s, Automatic) else None,
    lambda s: replace(s, next="") if isinstance(s, Manual | Automatic | Parallel) else None,
    lambda s: replace(s, branches=s.branches[:1]) if isinstance(s, Parallel) else None,
    lambda s: replace(s, condition="1 + 1") if isinstance(s, If) else None,
    lambda s: replace(s, on_true="") if isinstance(s, If) else None,
    lambda s: replace(s, id="x") if not isinstance(s, End) else None,
    lambda s: replace(s, name=Text(en="x" * 200)) if not isinstance(s, End | Start) else None,
]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(sound_plans(), st.data())
def test_a_plan_that_was_broken_is_refused(plan: Playbook, data: st.DataObject) -> None:
    ways = [(s, n) for s in plan.steps for n in BREAKS if n(s) is not None]
    step, way = data.draw(st.sampled_from(ways))
    broken = tuple(way(s) or s if s is step else s for s in plan.steps)
    assert check(replace(plan, steps=broken), KNOWN)

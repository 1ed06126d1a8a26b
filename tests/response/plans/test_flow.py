"""A sound plan comes to its end whatever happens on the way, and does each step once."""

from __future__ import annotations

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
    Text,
    links,
)
from guanlan.response.plans.flow import Seen, ahead, lines
from tests.response.plans.plans import END, ident, manual, playbook, sound_plans, start


def a(n: int) -> str:
    return ident("action", n)


@settings(max_examples=40, deadline=None)
@given(sound_plans(), st.data())
def test_every_plan_ends_and_begins_no_step_before_one_that_leads_to_it(
    plan: Playbook, data: st.DataObject
) -> None:
    steps = plan.by_id()
    seen: dict[str, Seen] = {}
    order: list[str] = []
    while not (now := ahead(plan, seen)).ended:
        assert now.next or now.open, "it stands still"
        assert not set(now.next) & set(seen)
        waiting = [*now.next, *now.open]
        one = data.draw(st.sampled_from(waiting))
        if one in now.next:
            order.append(one)
            seen[one] = Seen("waiting")
            continue
        step = steps[one]
        outcome = str(data.draw(st.booleans())).lower() if isinstance(step, If) else ""
        states = ["done"]
        if isinstance(step, Manual | Automatic):
            states += ["skipped"] + (["failed"] if step.on_failure else [])
        seen[one] = Seen(data.draw(st.sampled_from(states)), outcome)
    assert len(order) == len(set(order))
    before: dict[str, set[str]] = {identity: set() for identity in steps}
    for step in plan.steps:
        for _name, to in links(step):
            before[to].add(step.id)
    for n, identity in enumerate(order):
        assert identity == plan.start or before[identity] & set(order[:n])


def test_what_comes_after_branches_waits_for_all_of_them() -> None:
    both = Parallel(id=ident("parallel", 5), name=Text(en="Both"), branches=(a(1), a(2)), next=a(3))
    plan = playbook(
        start(both.id), both, manual(1, END.id), manual(2, END.id), manual(3, END.id), END
    )
    seen = {plan.start: Seen("done"), both.id: Seen("done")}
    assert ahead(plan, seen).next == [a(1), a(2)]
    seen |= {a(1): Seen("done"), a(2): Seen("overdue"), END.id: Seen("done")}
    assert ahead(plan, seen) == ([], [a(2)], [], False)
    assert ahead(plan, seen | {a(2): Seen("skipped")}).next == [a(3)]


def test_a_condition_takes_one_branch_and_goes_on_behind_it() -> None:
    fork = If(
        id=ident("if-condition", 6), name=Text(en="?"), condition="x", on_true=a(1), on_false=a(2),
        next=a(3),
    )  # fmt: skip
    plan = playbook(
        start(fork.id), fork, manual(1, END.id), manual(2, END.id), manual(3, END.id), END
    )
    seen = {plan.start: Seen("done"), fork.id: Seen("done", "false")}
    assert ahead(plan, seen).next == [a(2)]
    assert ahead(plan, seen | {a(2): Seen("done"), END.id: Seen("done")}).next == [a(3)]


def test_a_failed_step_blocks_unless_the_plan_says_what_then() -> None:
    plan = playbook(start(a(1)), manual(1, END.id), END)
    seen = {plan.start: Seen("done"), a(1): Seen("failed")}
    assert ahead(plan, seen) == ([], [], [a(1)], False)
    plan = playbook(start(a(1)), manual(1, END.id, on_failure=a(2)), manual(2, END.id), END)
    assert ahead(plan, seen).next == [a(2)]


@settings(max_examples=40, deadline=None)
@given(sound_plans())
def test_the_document_shows_each_step_once_in_numbered_lines(plan: Playbook) -> None:
    found = lines(plan)
    shown = [line.step.id for line in found]
    wanted = [step.id for step in plan.steps if not isinstance(step, Start | End)]
    assert sorted(shown) == sorted(wanted)
    numbers = [line.number for line in found]
    assert len(set(numbers)) == len(numbers)
    assert "?" not in numbers
    assert any(isinstance(line.step, Manual | Automatic) for line in found)

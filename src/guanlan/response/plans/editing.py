"""Changing the steps of a plan, one at a time. Pure: a playbook in, a playbook out.

A step has ways on: `next`, `on_failure`, `on_true`, `on_false`, and `branch-0`, `branch-1` … of a
parallel step. Whoever writes a plan speaks of "an end here"; which end step that is is settled
here, and end steps that nothing leads to any more go away.
"""

from __future__ import annotations

from typing import Final

import msgspec
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.response.plans.cacao import (
    MOST_BRANCHES,
    MOST_STEPS,
    Automatic,
    End,
    If,
    Manual,
    Parallel,
    Playbook,
    Start,
    Step,
    Variable,
    links,
)
from guanlan.response.plans.flow import lines
from guanlan.response.plans.skeleton import fresh

END: Final = "end"  # in place of a step: the plan, or the branch, ends here
BRANCH: Final = "branch-"


def ways(step: Step) -> list[tuple[str, str]]:
    """(way, id of the step it leads to or "") of each way on that a step has."""
    match step:
        case Start():
            return [("next", step.next)]
        case Manual() | Automatic():
            return [("next", step.next), ("on_failure", step.on_failure)]
        case If():
            return [
                ("on_true", step.on_true),
                ("on_false", step.on_false),
                ("next", step.next),
            ]
        case Parallel():
            branches = [(f"{BRANCH}{at}", one) for at, one in enumerate(step.branches)]
            return [*branches, ("next", step.next)]
        case End():
            return []


def lead(plan: Playbook, identity: str, way: str, target: str) -> Playbook:
    """Let a way of a step lead to `target`: a step, END, or "" for nowhere. A branch that leads
    nowhere is taken away, one past the last is added. Raises ValidationError for a way that the
    step does not have, and for a step that is not there."""
    step = _there(plan, identity)
    found = dict(ways(step))
    plan, to = _target(plan, target, found.get(way, ""))
    if way.startswith(BRANCH) and isinstance(step, Parallel):
        at = way.removeprefix(BRANCH)
        if not at.isdecimal() or int(at) > len(step.branches) or len(at) > 3:
            raise ValidationError(_("The step has no such way on."))
        branches = [*step.branches]
        branches[int(at) : int(at) + 1] = [to] if to else []
        if len(branches) > MOST_BRANCHES:
            text = _("A step may have %(most)s branches at most.")
            raise ValidationError(text % {"most": MOST_BRANCHES})
        return put(plan, msgspec.structs.replace(step, branches=tuple(branches)))
    if way not in found:
        raise ValidationError(_("The step has no such way on."))
    return put(plan, msgspec.structs.replace(step, **{way: to}))


def _there(plan: Playbook, identity: str) -> Step:
    step = plan.by_id().get(identity)
    if step is None:
        raise ValidationError(_("The step is not there any more."))
    return step


def _target(plan: Playbook, target: str, old: str) -> tuple[Playbook, str]:
    """The plan and the id that is meant; an end stays the end that it was."""
    if target != END:
        if target and target != old:
            _there(plan, target)
        return plan, target
    if isinstance(plan.by_id().get(old), End):
        return plan, old
    end = End(id=fresh("end"))
    return msgspec.structs.replace(plan, steps=(*plan.steps, end)), end.id


def put(plan: Playbook, step: Step) -> Playbook:
    """The plan with this step in place of the one of its id."""
    steps = tuple(step if one.id == step.id else one for one in plan.steps)
    return msgspec.structs.replace(plan, steps=steps)


def tidy(plan: Playbook) -> Playbook:
    """The plan without end steps that nothing leads to."""
    named = {target for step in plan.steps for _name, target in links(step)}
    kept = tuple(one for one in plan.steps if not isinstance(one, End) or one.id in named)
    return msgspec.structs.replace(plan, steps=kept)


def add(plan: Playbook, step: Step, after: str, way: str) -> Playbook:
    """Put a new step where a way of another leads; it goes on with what stood there. A condition
    and a parallel step come with branches that end at once. Raises ValidationError."""
    if len(plan.steps) >= MOST_STEPS:
        text = _("The plan has %(n)s steps; %(most)s are the most.")
        raise ValidationError(text % {"n": len(plan.steps), "most": MOST_STEPS})
    before = dict(ways(_there(plan, after))).get(way, "")
    steps = list(plan.steps)
    at = next((n for n, one in enumerate(steps) if one.id == after), len(steps) - 1)
    steps.insert(at + 1, step)
    plan = msgspec.structs.replace(plan, steps=tuple(steps))
    plan = lead(plan, after, way, step.id)
    plan = lead(plan, step.id, "next", before or END)
    if isinstance(step, If):
        plan = lead(plan, step.id, "on_true", step.on_true or END)
    if isinstance(step, Parallel):
        for n in range(len(step.branches), 2):
            plan = lead(plan, step.id, f"{BRANCH}{n}", END)
    return plan


def block(plan: Playbook, identity: str) -> list[Step]:
    """The step, and what only its own branches lead to: what goes away with it, without
    ends, as the plan is read."""
    step = _there(plan, identity)
    without = _reach(plan, plan.start, past=identity)
    after = _reach(plan, getattr(step, "next", ""))
    inside: set[str] = set()
    for way, target in ways(step):
        if way != "next":
            inside |= _reach(plan, target, past=identity)
    gone = {identity} | (inside - without - after)
    return [line.step for line in lines(plan) if line.step.id in gone]


def _reach(plan: Playbook, first: str, past: str = "") -> set[str]:
    """The step and all that may follow it, without what only `past` leads to."""
    steps = plan.by_id()
    found: set[str] = set()
    waiting = [first]
    while waiting:
        one = waiting.pop()
        if one in steps and one not in found and one != past:
            found.add(one)
            waiting += [target for _name, target in links(steps[one])]
    return found


def remove(plan: Playbook, identity: str) -> Playbook:
    """Take a step away, with what only its branches lead to; what led to it goes on with what
    comes after it. Raises ValidationError for the start, and for a step that is not there."""
    step = _there(plan, identity)
    if isinstance(step, Start | End):
        raise ValidationError(_("The start and the ends of a plan are not removed."))
    after = step.next or END
    ends = after == END or isinstance(plan.by_id().get(after), End)
    gone = {one.id for one in block(plan, identity)}
    for other in plan.steps:
        if other.id in gone:
            continue
        for way, target in ways(other):
            if target != identity:
                continue
            # A branch may not be an end or a step that another branch is already.
            branches = getattr(other, "branches", ())
            nothing = way == "on_failure" or (
                way == "on_false" and isinstance(other, If) and bool(other.next)
            )
            if ends and nothing:
                plan = lead(plan, other.id, way, "")
            elif way.startswith(BRANCH) and after in branches:
                plan = lead(plan, other.id, way, END)
            else:
                plan = lead(plan, other.id, way, after)
    steps = tuple(one for one in plan.steps if one.id not in gone)
    plan = msgspec.structs.replace(plan, steps=steps)
    # What failed over to a step that is gone fails over to nothing.
    for other in plan.steps:
        for way, target in ways(other):
            if target in gone:
                plan = lead(plan, other.id, way, "" if way == "on_failure" else END)
    return tidy(plan)


def movable(plan: Playbook, identity: str) -> tuple[bool, bool]:
    """Whether a step can change places with the one before it, and with the one after it."""
    if isinstance(plan.by_id().get(identity), Start | End):
        return False, False
    return _before(plan, identity) is not None, _after(plan, identity) is not None


def _after(plan: Playbook, identity: str) -> Step | None:
    steps = plan.by_id()
    one = steps.get(identity)
    if one is None or isinstance(one, Start | End):
        return None
    after = steps.get(one.next)
    return None if isinstance(after, Start | End) or after is one else after


def _before(plan: Playbook, identity: str) -> Step | None:
    for one in plan.steps:
        if not isinstance(one, Start | End) and one.next == identity and one.id != identity:
            return one
    return None


def move(plan: Playbook, identity: str, up: bool) -> Playbook:
    """Let a step, with its branches, change places with the one before or after it. Raises
    ValidationError where there is none in its sequence."""
    one = plan.by_id().get(identity)
    first = _before(plan, identity) if up else one
    if first is None or isinstance(one, Start | End):
        raise ValidationError(_("The step stands first where it is."))
    second = _after(plan, first.id)
    if second is None or isinstance(second, Start | End):
        raise ValidationError(_("The step stands last where it is."))
    later = second.next
    for other in plan.steps:
        for way, target in ways(other):
            if target == first.id and other.id != second.id:
                plan = lead(plan, other.id, way, second.id)
    for way, target in ways(plan.by_id()[first.id]):
        if target == second.id:  # also a failure that led there: else it led back
            plan = lead(plan, first.id, way, later)
    return lead(plan, second.id, "next", first.id)


def put_variable(plan: Playbook, variable: Variable, *, new: bool) -> Playbook:
    """Add a variable, or change the one of its name. Raises ValidationError by field."""
    there = any(one.name == variable.name for one in plan.variables)
    if new and there:
        raise ValidationError({"name": _("There is a variable of this name already.")})
    if new:
        return msgspec.structs.replace(plan, variables=(*plan.variables, variable))
    if not there:
        raise ValidationError(_("The variable is not there any more."))
    found = tuple(variable if one.name == variable.name else one for one in plan.variables)
    return msgspec.structs.replace(plan, variables=found)


def drop_variable(plan: Playbook, name: str) -> Playbook:
    """Take a variable away, also from what steps ask for."""
    kept = tuple(one for one in plan.variables if one.name != name)
    plan = msgspec.structs.replace(plan, variables=kept)
    for step in plan.steps:
        if isinstance(step, Manual) and name in step.asks:
            asks = tuple(one for one in step.asks if one != name)
            plan = put(plan, msgspec.structs.replace(step, asks=asks))
    return plan

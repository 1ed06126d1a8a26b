"""Which steps are next, given what has become of the others. A pure function of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from guanlan.response.plans.cacao import (
    Automatic,
    End,
    If,
    Manual,
    Parallel,
    Playbook,
    Start,
    Step,
)

PASSED: Final = frozenset({"done", "skipped"})


class Seen(NamedTuple):
    """What has become of a step; `outcome` of a condition is true or false."""

    state: str
    outcome: str = ""


class Ahead(NamedTuple):
    """`next`: steps to be started; `open`: those that are under way; `blocked`: those that
    failed with nothing to follow; `ended`: the plan is over."""

    next: list[str]
    open: list[str]
    blocked: list[str]
    ended: bool


Place = Literal["", "parallel", "yes", "no"]


class Line(NamedTuple):
    """A step as the plan is read from top to bottom: its number, how deep it stands, and where a
    branch begins, which one."""

    number: str
    depth: int
    step: Step
    branch: Place = ""


def ahead(plan: Playbook, seen: Mapping[str, Seen]) -> Ahead:
    """What is to be done now. The plan must be one that `cacao_check` found no fault with."""
    walk = _Walk(plan, seen)
    ended = walk.follow(plan.start)
    return Ahead(walk.next, walk.open, walk.blocked, ended)


class _Walk:
    def __init__(self, plan: Playbook, seen: Mapping[str, Seen]) -> None:
        self.steps = plan.by_id()
        self.seen = seen
        self.next: list[str] = []
        self.open: list[str] = []
        self.blocked: list[str] = []

    def follow(self, identity: str) -> bool:
        """Go along from a step as far as it is done; whether the end of the branch is reached."""
        while identity:
            step = self.steps[identity]
            found = self.seen.get(identity)
            if found is None:
                self._once(self.next, identity)
                return False
            if isinstance(step, End) and found.state in PASSED:
                return True
            after = self.after(step, found)
            if after is None:
                return False
            identity = after
        return True

    def after(self, step: Step, found: Seen) -> str | None:
        """The step after this one ("": the branch ends here); None where it is not over."""
        if found.state == "failed":
            otherwise = step.on_failure if isinstance(step, Manual | Automatic) else ""
            if not otherwise:
                self._once(self.blocked, step.id)
                return None
            return otherwise
        if found.state not in PASSED:
            self._once(self.open, step.id)
            return None
        match step:
            case Parallel():
                over = [self.follow(branch) for branch in step.branches]
                return step.next if all(over) else None
            case If():
                chosen = {"true": step.on_true, "false": step.on_false}.get(found.outcome, "")
                return step.next if not chosen or self.follow(chosen) else None
            case Start() | Manual() | Automatic():
                return step.next
            case End():
                return ""

    def _once(self, found: list[str], identity: str) -> None:
        if identity not in found:
            found.append(identity)


def lines(plan: Playbook) -> list[Line]:
    """The plan from top to bottom, each step once, numbered 1, 2, 2.1, 2.2 …; without starts and
    ends, which say nothing to a reader."""
    steps = plan.by_id()
    found: list[Line] = []
    shown: set[str] = set()

    def write(first: str, number: str, depth: int, branch: Place) -> None:
        at, begin, waiting = 0, branch, [first]
        while waiting:
            step = steps.get(waiting.pop())
            if step is None or step.id in shown:
                continue
            shown.add(step.id)
            if isinstance(step, End):
                continue
            if isinstance(step, Start):
                waiting.append(step.next)
                continue
            at += 1
            own = f"{number}{at}"
            found.append(Line(own, depth, step, begin))
            begin = ""
            waiting.append(step.next)
            match step:
                case Parallel():
                    for index, one in enumerate(step.branches):
                        write(one, f"{own}{_letter(index)}", depth + 1, "parallel")
                case If():
                    write(step.on_true, f"{own}a", depth + 1, "yes")
                    write(step.on_false, f"{own}b", depth + 1, "no")
                case Manual() | Automatic():
                    if step.on_failure:
                        waiting.insert(0, step.on_failure)

    write(plan.start, "", 0, "")
    # A draft may hold steps that nothing leads to; they are shown all the same.
    for step in plan.steps:
        if step.id not in shown and not isinstance(step, Start | End):
            shown.add(step.id)
            found.append(Line("?", 0, step))
    return found


def _letter(index: int) -> str:
    return chr(ord("a") + index) if index < 26 else f"({index + 1})"

"""Plans written down shortly: a list of steps, with branches inside, becomes a playbook."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from guanlan.response.plans.cacao import (
    NAMESPACE,
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
    step_id,
)

WRITTEN = "2026-11-27T00:00:00.000Z"


class Do(NamedTuple):
    """People of a role do it within so many minutes, and record what it asks."""

    slug: str
    role: str
    minutes: int
    name: Text
    instruction: Text
    asks: tuple[str, ...] = ()


class Tell(NamedTuple):
    """The people of a role are told."""

    slug: str
    role: str
    name: Text
    text: Text


class Both(NamedTuple):
    """Branches at the same time."""

    slug: str
    name: Text
    branches: tuple[Sequence[Sketched], ...]


class When(NamedTuple):
    """A condition, with what is done if it holds and if not."""

    slug: str
    name: Text
    condition: str
    yes: Sequence[Sketched]
    no: Sequence[Sketched] = ()


Sketched = Do | Tell | Both | When


class Shipped(NamedTuple):
    """A plan that comes with the platform."""

    key: str
    category: str
    playbook: Playbook


def t(en: str, zh_hans: str, zh_hant: str) -> Text:
    """A text in the three languages."""
    return Text(en, zh_hans, zh_hant)


def yes_no(name: str, text: Text) -> Variable:
    """Something that people find out."""
    return Variable(name, "bool", text)


def number(name: str, text: Text) -> Variable:
    """Something that people count."""
    return Variable(name, "integer", text)


def plan(
    key: str,
    category: str,
    severity: int,
    name: Text,
    description: Text,
    variables: tuple[Variable, ...],
    *steps: Sketched,
) -> Shipped:
    """The playbook of a sketch; ids are the same in every installation."""
    written = _Written(key)
    first = written.sequence(steps, "end")
    start = Start(id=step_id("start", key), next=first)
    return Shipped(
        key,
        category,
        Playbook(
            id=f"playbook--{uuid.uuid5(NAMESPACE, key)}",
            name=name,
            description=description,
            types=("mitigation", "remediation"),
            created=WRITTEN,
            modified=WRITTEN,
            severity=severity,
            start=start.id,
            steps=(start, *written.steps),
            variables=variables,
        ),
    )


class _Written:
    def __init__(self, key: str) -> None:
        self.key = key
        self.steps: list[Step] = []

    def sequence(self, steps: Sequence[Sketched], end: str) -> str:
        """Write a sequence to an end of its own; the id of its first step."""
        last = End(id=step_id("end", self.key, end))
        ids = [self.identity(one) for one in steps] + [last.id]
        for n, one in enumerate(steps):
            self.write(one, ids[n], ids[n + 1])
        self.steps.append(last)
        return ids[0]

    def identity(self, one: Sketched) -> str:
        kind = {Both: "parallel", When: "if-condition"}.get(type(one), "action")
        return step_id(kind, self.key, one.slug)

    def write(self, one: Sketched, identity: str, after: str) -> None:
        match one:
            case Do():
                self.steps.append(
                    Manual(
                        id=identity, name=one.name, instruction=one.instruction, role=one.role,
                        limit=one.minutes * 60, asks=one.asks, next=after,
                    )
                )  # fmt: skip
            case Tell():
                self.steps.append(
                    Automatic(
                        id=identity, name=one.name, description=one.text, command="notify",
                        parameters={"role": one.role}, next=after,
                    )
                )  # fmt: skip
            case Both():
                at = len(self.steps)
                branches = tuple(
                    self.sequence(branch, f"{one.slug} {n}")
                    for n, branch in enumerate(one.branches)
                )
                step = Parallel(id=identity, name=one.name, branches=branches, next=after)
                self.steps.insert(at, step)
            case When():
                at = len(self.steps)
                yes = self.sequence(one.yes, f"{one.slug} yes")
                no = self.sequence(one.no, f"{one.slug} no") if one.no else ""
                fork = If(
                    id=identity, name=one.name, condition=one.condition, on_true=yes, on_false=no,
                    next=after,
                )  # fmt: skip
                self.steps.insert(at, fork)

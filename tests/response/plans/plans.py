"""Plans for tests: small ones by hand, and generated ones that are sound by construction."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

import msgspec
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
)
from guanlan.response.plans.cacao_check import Known, Wanted

ROLES = ("operations", "risk_owner", "communications")
KNOWN = Known(
    ROLES,
    {
        "note": {"text": Wanted()},
        "tell": {"role": Wanted("role"), "text": Wanted("text", required=False)},
        "put": {"variable": Wanted("variable"), "on": Wanted("flag")},
    },
)
DAY = "2026-11-27T00:00:00Z"


def ident(kind: str, n: int) -> str:
    return f"{kind}--{uuid.UUID(int=n)}"


def playbook(*steps: Step, start: str = "", variables: tuple[Variable, ...] = ()) -> Playbook:
    first = next((step.id for step in steps if isinstance(step, Start)), "")
    return Playbook(
        id=ident("playbook", 1),
        name=Text(en="Payment outage"),
        created=DAY,
        modified=DAY,
        start=start or first,
        steps=steps,
        variables=variables,
    )


def start(to: str) -> Start:
    return Start(id=ident("start", 1), next=to)


def manual(n: int, to: str, **more: Any) -> Manual:
    given: dict[str, Any] = {
        "id": ident("action", n), "name": Text(en=f"Do {n}"), "instruction": Text(en="Do it."),
        "role": "operations", "limit": 600, "next": to,
    }  # fmt: skip
    return Manual(**(given | more))


END = End(id=ident("end", 9))


def line_of(count: int) -> Playbook:
    """A start, so many manual steps one after the other, an end."""
    steps = [
        manual(n, ident("action", n + 1) if n < count else END.id) for n in range(1, count + 1)
    ]
    return playbook(start(steps[0].id), *steps, END)


words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
).filter(str.strip)
texts = st.builds(Text, en=words, zh_hans=st.just("") | words, zh_hant=st.just("") | words)
VARIABLES = (
    Variable("leak", "bool", Text(en="Data has left")),
    Variable("hurt", "integer", Text(en="Customers hurt"), 3),
    Variable("why", "string", Text(zh_hans="原因"), "unknown"),
)
conditions = st.sampled_from(["leak", "not leak", "hurt > 10", 'why == "x" or leak'])


class _Maker:
    """Makes sequences that run to an end, so that whatever is drawn is sound."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.steps: list[Step] = []
        self.numbers = itertools.count(2)

    def sequence(self, depth: int) -> str:
        """Make a sequence; the id of its first step."""
        to = ident("end", next(self.numbers))
        self.steps.append(End(id=to))
        for _n in range(self.draw(st.integers(1, 3))):
            to = self.one(to, depth)
        return to

    def one(self, to: str, depth: int) -> str:
        n = next(self.numbers)
        kinds = ["manual", "automatic"] + (["parallel", "if"] if depth else [])
        kind = self.draw(st.sampled_from(kinds))
        name = self.draw(texts)
        step: Step
        if kind == "manual":
            failed = self.sequence(0) if self.draw(st.booleans()) and depth else ""
            step = Manual(
                id=ident("action", n), name=name, instruction=self.draw(texts),
                role=self.draw(st.sampled_from(ROLES)), limit=self.draw(st.integers(60, 9000)),
                asks=tuple(self.draw(st.sets(st.sampled_from(["leak", "hurt", "why"])))),
                next=to, on_failure=failed,
            )  # fmt: skip
        elif kind == "automatic":
            given: dict[str, Any] = self.draw(
                st.sampled_from([{"text": "a"}, {"text": "__why__:value"}])
            )
            step = Automatic(
                id=ident("action", n), name=name, description=self.draw(texts | st.just(Text())),
                command="note", parameters=given, next=to,
            )  # fmt: skip
        elif kind == "parallel":
            branches = tuple(self.sequence(depth - 1) for _b in range(self.draw(st.integers(2, 3))))
            step = Parallel(id=ident("parallel", n), name=name, branches=branches, next=to)
        else:
            step = If(
                id=ident("if-condition", n), name=name, condition=self.draw(conditions),
                on_true=self.sequence(depth - 1),
                on_false=self.sequence(depth - 1) if self.draw(st.booleans()) else "", next=to,
            )  # fmt: skip
        self.steps.append(step)
        return step.id


@st.composite
def sound_plans(draw: Any) -> Playbook:
    """Plans that can be run."""
    maker = _Maker(draw)
    first = maker.sequence(2)
    steps = [start(first), *draw(st.permutations(maker.steps))]
    made = playbook(*steps, variables=VARIABLES)
    return msgspec.structs.replace(
        made, name=draw(texts), description=draw(texts | st.just(Text())),
        severity=draw(st.none() | st.integers(0, 100)), types=("mitigation",),
    )  # fmt: skip

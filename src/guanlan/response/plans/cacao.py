"""A plan as plain data: the subset of CACAO Security Playbooks 2.0 that we run.

A playbook has one start, actions, conditions, parallel branches and ends. As the standard has it,
a branch of a condition or of a parallel step runs to an end step of its own; then the plan goes
on with what stands after (`next`) the condition or the parallel step. A condition without `next`
ends where its branch ends.

What the standard has no word for is said in an extension: the languages of texts. Times are RFC
3339 texts, limits are seconds. Nothing here reads a clock, a database or a network.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct

SPEC_VERSION: Final = "cacao-2.0"
NAMESPACE: Final = uuid.UUID("5d3c8a5e-53a4-5f0e-9a3e-6b1c4d0f7a21")
EXTENSION: Final = f"extension-definition--{uuid.uuid5(NAMESPACE, 'guanlan plans 1')}"
IDENTITY: Final = f"identity--{uuid.uuid5(NAMESPACE, 'guanlan')}"
COMMAND: Final = "x-guanlan-step"  # the type of an automatic command: a name of our registry

MOST_CHARACTERS: Final = 512_000  # of a plan as JSON
MOST_STEPS: Final = 200
MOST_VARIABLES: Final = 50
MOST_BRANCHES: Final = 20
LONGEST_NAME: Final = 120
LONGEST_TEXT: Final = 4_000
LEAST_LIMIT: Final = 60  # seconds
MOST_LIMIT: Final = 90 * 86_400

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
IDENTIFIER: Final = re.compile(
    r"([a-z][a-z-]*)--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
REFERENCE: Final = re.compile(r"__([a-z][a-z0-9_]{0,39})__:value")

LANGUAGES: Final = ("en", "zh-hans", "zh-hant")
Value = bool | int | str
VariableType = Literal["bool", "integer", "string"]


class Text(Struct, frozen=True, omit_defaults=True):
    """A text in one, two or three of the console's languages."""

    en: str = ""
    zh_hans: str = ""
    zh_hant: str = ""

    def get(self, lang: str) -> str:
        """The text in `lang` (in any case), else in the one that its reader knows best."""
        near = {
            "zh-hans": (self.zh_hans, self.zh_hant, self.en),
            "zh-hant": (self.zh_hant, self.zh_hans, self.en),
        }
        order = near.get(lang.lower(), (self.en, self.zh_hans, self.zh_hant))
        return next((text for text in order if text), "")

    def each(self) -> Iterator[tuple[str, str]]:
        """(language, text), without languages that have none."""
        for lang, text in zip(LANGUAGES, (self.en, self.zh_hans, self.zh_hant), strict=True):
            if text:
                yield lang, text

    @property
    def main(self) -> str:
        """The language that the standard's own property is written in."""
        return next((lang for lang, _text in self.each()), "en")


def text_of(lang: str, text: str) -> Text:
    """A text in one language."""
    return Text(**{lang.lower().replace("-", "_"): text})


class Variable(Struct, frozen=True):
    """What conditions speak of and people record; None is not known yet."""

    name: str
    type: VariableType
    text: Text
    value: Value | None = None


class Start(Struct, frozen=True, kw_only=True):
    id: str
    name: Text = Text()
    next: str = ""


class End(Struct, frozen=True, kw_only=True):
    id: str
    name: Text = Text()


class Manual(Struct, frozen=True, kw_only=True):
    """Done by people of `role` within `limit` seconds; `asks` names variables they record."""

    id: str
    name: Text
    instruction: Text = Text()
    role: str = ""
    limit: int = 0
    asks: tuple[str, ...] = ()
    next: str = ""
    on_failure: str = ""


class Automatic(Struct, frozen=True, kw_only=True):
    """Done by the step of this name in the registry. A parameter `__name__:value` is that
    variable's value."""

    id: str
    name: Text
    description: Text = Text()
    command: str = ""
    parameters: dict[str, Value] = {}
    next: str = ""
    on_failure: str = ""


class Parallel(Struct, frozen=True, kw_only=True):
    """All branches, each to its end; then `next`."""

    id: str
    name: Text
    branches: tuple[str, ...] = ()
    next: str = ""


class If(Struct, frozen=True, kw_only=True):
    """One of two branches, by a condition in the rule language over the plan's variables."""

    id: str
    name: Text
    condition: str = ""
    on_true: str = ""
    on_false: str = ""
    next: str = ""


Step = Start | End | Manual | Automatic | Parallel | If
TYPES: Final[dict[type[Struct], str]] = {
    Start: "start",
    End: "end",
    Manual: "action",
    Automatic: "action",
    Parallel: "parallel",
    If: "if-condition",
}


class Playbook(Struct, frozen=True, kw_only=True):
    """A plan. `steps` keeps the order in which they were written."""

    id: str
    name: Text
    description: Text = Text()
    types: tuple[str, ...] = ()
    created: str
    modified: str
    created_by: str = IDENTITY
    revoked: bool = False
    severity: int | None = None
    impact: int | None = None
    start: str = ""
    steps: tuple[Step, ...] = ()
    variables: tuple[Variable, ...] = ()

    def by_id(self) -> dict[str, Step]:
        """Steps by id; of two with one id the first."""
        found: dict[str, Step] = {}
        for step in self.steps:
            found.setdefault(step.id, step)
        return found


class Problem(Struct, frozen=True):
    """One thing that is wrong, in a sentence. `step` is the id of the step it speaks of, if it
    speaks of one; `lost` says that the thing is merely unknown here and would be left out."""

    text: str
    step: str = ""
    lost: bool = False


def links(step: Step) -> list[tuple[str, str]]:
    """(property, id) of each step that may follow, in reading order; empty ones left out."""
    found: list[tuple[str, str]] = []
    match step:
        case Start():
            found = [("on_completion", step.next)]
        case Manual() | Automatic():
            found = [("on_completion", step.next), ("on_failure", step.on_failure)]
        case Parallel():
            found = [*(("next_steps", one) for one in step.branches), ("on_completion", step.next)]
        case If():
            found = [
                ("on_true", step.on_true),
                ("on_false", step.on_false),
                ("on_completion", step.next),
            ]
        case End():
            pass
    return [(name, target) for name, target in found if target]


def step_id(kind: str, *seed: str) -> str:
    """The id of a step of this CACAO type, the same for the same seed."""
    return f"{kind}--{uuid.uuid5(NAMESPACE, '/'.join(seed))}"


def role_id(role: str) -> str:
    """The id of the agent that stands for a role."""
    return f"group--{uuid.uuid5(NAMESPACE, f'role {role}')}"

"""Automatic steps of plans: a registry that each app fills while it starts.

    @playbook_step(
        "restrict",
        _("Restrict an entity"),
        {"kind": Parameter(_("Kind"), "text"), "key": Parameter(_("Key"), "text")},
        outside=True,
    )
    def restrict(context: StepContext, kind: str, key: str) -> Result:
        ...
        return Result(gettext_noop("Restricted."))

    @restrict.rehearsed
    def _(context: StepContext, kind: str, key: str) -> Result:
        return Result(gettext_noop("Would restrict one %(kind)s."), {"kind": kind})

`outside` says that somebody or something outside the drill would notice: such a step is never
called in a drill; what it would have done is written down instead. `remote` says that the effect
does not stand in our own database: it is called at most once, and where a process is killed in
between a person decides. Everything else is done in the transaction that records it, so exactly
once. `context.key` is the same however often the step is tried: hand it on.

A step raises StepFailed where it knows that nothing was done. The module that declares steps is
named in the app's `declare(...)`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.translation import gettext_noop
from msgspec import Struct

from guanlan.response.plans.cacao import NAME, Value
from guanlan.response.plans.cacao_check import Wanted

Words = str | Promise


class StepFailed(Exception):
    """The step could not be done, and nothing was done. The text is a marked English one
    (`gettext_noop`) with `%(name)s`, the values hold nothing of level 3 or above."""

    def __init__(self, text: str, **values: str | int) -> None:
        super().__init__(text)
        self.text = text
        self.values = values


class Parameter(Struct, frozen=True):
    """What a step is to be told; `kind` as in `cacao_check.Wanted`."""

    title: Words
    kind: str = "text"
    required: bool = True


class Result(Struct, frozen=True):
    """What a step says of itself: a marked English text (`gettext_noop`) with `%(name)s`, so that
    each reader sees it in their language, and its values (nothing of level 3 or above); and
    variables of the plan that it sets."""

    text: str = ""
    values: Mapping[str, str | int] = {}
    variables: Mapping[str, Value] = {}


class StepContext(Struct, frozen=True, kw_only=True):
    """What a step may know of its run.

    `tell(text, role, person)` sends a message (without a text: the step's own description, in
    the reader's language) to the people of a role, or to one of that name;
    in a drill only to those who take part, marked as a drill. It gives the number of those told.
    """

    run: int
    step: str
    key: str
    drill: bool
    now: dt.datetime
    origin: tuple[str, str]
    variables: Mapping[str, Value | None]
    tell: Callable[..., int]


Do = Callable[..., Result]
Rehearse = Callable[..., Result]


class PlaybookStep:
    """A registered step; calling it does it."""

    def __init__(
        self,
        name: str,
        title: Words,
        parameters: Mapping[str, Parameter],
        outside: bool,
        remote: bool,
        do: Do,
    ) -> None:
        self.name = name
        self.title = title
        self.parameters = parameters
        self.outside = outside
        self.remote = remote
        self._do = do
        self._rehearse: Rehearse | None = None

    def __call__(self, context: StepContext, **values: Value) -> Result:
        return self._do(context, **values)

    def rehearsed(self, rehearse: Rehearse) -> Rehearse:
        """Say what the step would have done, for drills."""
        self._rehearse = rehearse
        return rehearse

    def rehearse(self, context: StepContext, **values: Value) -> Result:
        """What is written down in a drill in place of doing it."""
        if self._rehearse is not None:
            return self._rehearse(context, **values)
        return Result(gettext_noop("Not done, since this is a drill."))


_steps: Final[dict[str, PlaybookStep]] = {}


def playbook_step(
    name: str,
    title: Words,
    parameters: Mapping[str, Parameter],
    *,
    outside: bool,
    remote: bool = False,
) -> Callable[[Do], PlaybookStep]:
    """Register an automatic step. Raises ImproperlyConfigured for a name that is taken or is no
    name."""
    if not NAME.fullmatch(name):
        raise ImproperlyConfigured(f"playbook step {name}: small letters, digits, underscores")

    def register(do: Do) -> PlaybookStep:
        if name in _steps:
            raise ImproperlyConfigured(f"playbook step {name} is registered twice")
        _steps[name] = PlaybookStep(name, title, parameters, outside, remote, do)
        return _steps[name]

    return register


def find_step(name: str) -> PlaybookStep | None:
    """The step of this name, if there is one."""
    return _steps.get(name)


def steps() -> list[PlaybookStep]:
    """All steps, by name."""
    return [_steps[name] for name in sorted(_steps)]


def wanted() -> dict[str, dict[str, Wanted]]:
    """What each step wants to be told, for `cacao_check`."""
    return {
        step.name: {n: Wanted(p.kind, p.required) for n, p in step.parameters.items()}
        for step in steps()
    }


def values_of(
    parameters: Mapping[str, Any], variables: Mapping[str, Value | None], reference: Any
) -> dict[str, Value]:
    """The parameters with variables put in; raises StepFailed for one that nobody recorded."""
    made: dict[str, Value] = {}
    for name, value in parameters.items():
        found = reference.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            made[name] = value
            continue
        known = variables.get(found[1])
        if known is None:
            raise StepFailed(gettext_noop("%(name)s has not been recorded."), name=found[1])
        made[name] = known
    return made

"""What two versions of a plan differ in, step by step."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.response.plans.cacao import Playbook, Step, Text

_FIELDS = {
    "name": gettext_lazy("Name"),
    "description": gettext_lazy("Description"),
    "instruction": gettext_lazy("What is to be done"),
    "role": pgettext_lazy("of a thing", "Owner"),
    "limit": gettext_lazy("Time limit (seconds)"),
    "asks": gettext_lazy("What is recorded"),
    "next": gettext_lazy("Next step"),
    "on_failure": gettext_lazy("If it fails"),
    "command": gettext_lazy("Automatic step"),
    "parameters": pgettext_lazy("of a plan", "Values"),
    "branches": gettext_lazy("Branches"),
    "condition": gettext_lazy("Condition"),
    "on_true": gettext_lazy("If so"),
    "on_false": gettext_lazy("If not"),
}


class Field(NamedTuple):
    """One property, before and after."""

    title: str
    before: str
    after: str


class Change(NamedTuple):
    """A step that came, went or changed; `kind` is added, removed or changed."""

    kind: str
    name: str
    fields: list[Field]


def changes(old: Playbook, new: Playbook, lang: str) -> list[Change]:
    """What differs, in the order of the new plan; what went stands last."""
    before, after = old.by_id(), new.by_id()
    names = {**before, **after}
    found: list[Change] = []
    head = [
        Field(str(_FIELDS[name]), *both)
        for name, both in (
            ("name", (old.name.get(lang), new.name.get(lang))),
            ("description", (old.description.get(lang), new.description.get(lang))),
        )
        if both[0] != both[1]
    ]
    if old.variables != new.variables:
        head.append(Field(_("Variables"), _variables(old), _variables(new)))
    if head:
        found.append(Change("changed", _("The plan itself"), head))
    for identity, step in after.items():
        if identity not in before:
            found.append(Change("added", _called(step, lang), []))
        elif before[identity] != step:
            found.append(
                Change("changed", _called(step, lang), _fields(before[identity], step, lang, names))
            )
    found += [Change("removed", _called(s, lang), []) for i, s in before.items() if i not in after]
    return found


def _variables(plan: Playbook) -> str:
    return ", ".join(one.name for one in plan.variables)


def _called(step: Step, lang: str) -> str:
    return step.name.get(lang) or type(step).__name__.lower()


def _fields(old: Step, new: Step, lang: str, names: dict[str, Step]) -> list[Field]:
    one, other = msgspec.structs.asdict(old), msgspec.structs.asdict(new)
    found = []
    for name in [*other, *(n for n in one if n not in other)]:
        if one.get(name) != other.get(name) and name != "id":
            title = str(_FIELDS.get(name, name))
            found.append(
                Field(
                    title, _shown(one.get(name), lang, names), _shown(other.get(name), lang, names)
                )
            )
    return found


def _shown(value: object, lang: str, names: dict[str, Step]) -> str:
    match value:
        case None | "" | () | 0:
            return "—"
        case Text():
            return value.get(lang)
        case tuple():
            return ", ".join(_shown(one, lang, names) for one in value)
        case dict():
            return ", ".join(f"{name} = {one}" for name, one in value.items()) or "—"
        case str() if value in names:
            return _called(names[value], lang)
    return str(value)

"""The forms that a step of a plan is written with, one for each kind of step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from guanlan.response.pages.plan_forms import NAMED, PlanForm, Texts, typed
from guanlan.response.plans.cacao import (
    LEAST_LIMIT,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_LIMIT,
    REFERENCE,
    Automatic,
    End,
    If,
    Manual,
    Parallel,
    Playbook,
    Step,
    Text,
    Value,
)
from guanlan.response.plans.comparing import Comparison, compared, written
from guanlan.response.plans.editing import END, lead, put, ways
from guanlan.response.plans.reading import known
from guanlan.response.plans.registry import Parameter, find_step, steps
from guanlan.response.plans.showing import Document, reader, role_title

KINDS: Final = {
    "manual": gettext_lazy("Action by a person"),
    "automatic": gettext_lazy("Automatic step"),
    "condition": gettext_lazy("Condition"),
    "parallel": gettext_lazy("At the same time"),
}
UNITS: Final = {
    60: gettext_lazy("minutes"),
    3600: gettext_lazy("hours"),
    86_400: gettext_lazy("days"),
}
YES_NO: Final = [("true", gettext_lazy("yes")), ("false", gettext_lazy("no"))]
SIGN_TITLES: Final = {
    "is": pgettext_lazy("comparison", "is so, or is"),
    "is_not": pgettext_lazy("comparison", "is not"),
    "more": pgettext_lazy("comparison", "is more than"),
    "at_least": pgettext_lazy("comparison", "is at least"),
    "less": pgettext_lazy("comparison", "is less than"),
    "at_most": pgettext_lazy("comparison", "is at most"),
}
NOWHERE: Final = pgettext_lazy("step of a plan", "nothing")
TOLD: Final = Texts("text", gettext_lazy("Instruction"), LONGEST_TEXT, 6)
SAID: Final = Texts("text", gettext_lazy("Description"), LONGEST_TEXT, 3)


class StepForm(PlanForm):
    """A step; `new` asks for no ways on, since it goes on with what stood at its place."""

    def __init__(self, plan: Playbook, step: Step, new: bool = False, data: Any = None) -> None:
        self.step: Any = step
        self.new = new
        super().__init__(plan, data)

    def own_start(self) -> dict[str, Any]:
        """What stands in the fields of this kind of step at first."""
        return {}

    def own(self) -> dict[str, forms.Field]:
        """The fields of this kind of step."""
        return {}

    def read(self, values: dict[str, Any]) -> dict[str, Any]:
        """The properties of the step that were written."""
        return {}

    def start(self) -> dict[str, Any]:
        found = NAMED.initial(self.step.name) | self.own_start()
        for way, target in self.onwards():
            found[f"way_{way}"] = END if self.is_end(target) else target
        return found

    def onwards(self) -> list[tuple[str, str]]:
        """The ways on that are asked for, with where they lead."""
        if self.new:
            return []
        found = ways(self.step)
        if isinstance(self.step, Parallel):
            found.insert(-1, (f"branch-{len(self.step.branches)}", ""))
        return found

    def make(self) -> dict[str, forms.Field]:
        fields = NAMED.fields(True) | self.own()
        places = [*targets(self.plan, self.step.id)]
        listed = {key for key, _title in places}
        for way, target in self.onwards():
            gone = target and target not in listed and not self.is_end(target)
            lost = [(target, _("a step that is not there"))] if gone else []
            fields[f"way_{way}"] = forms.ChoiceField(
                label=way_title(way, self.step),
                required=False,
                choices=[("", NOWHERE), (END, end_title(way, self.step)), *places, *lost],
            )
        return fields

    def is_end(self, target: str) -> bool:
        """Whether this is the id of an end."""
        return isinstance(self.plan.by_id().get(target), End)

    def made(self) -> Step:
        """The step as it was written, its ways on as they were."""
        values = self.cleaned_data
        found: Step = msgspec.structs.replace(
            self.step, name=NAMED.read(values), **self.read(values)
        )
        return found

    def apply(self) -> Playbook:
        """The plan with the step as it was written, leading where it was let lead."""
        plan = put(self.plan, self.made())
        # From the last branch to the first: one that is taken away moves those after it.
        for way, _target in reversed(self.onwards()):
            plan = lead(plan, self.step.id, way, self.cleaned_data[f"way_{way}"])
        return plan


class ManualForm(StepForm):
    """Done by people."""

    def own_start(self) -> dict[str, Any]:
        step: Manual = self.step
        unit = next((u for u in (86_400, 3600, 60) if step.limit and step.limit % u == 0), 60)
        amount = step.limit / unit if step.limit else None
        return {
            **TOLD.initial(step.instruction),
            "role": step.role,
            "limit": int(amount) if amount and amount == int(amount) else amount,
            "unit": unit,
            "asks": list(step.asks),
        }

    def own(self) -> dict[str, forms.Field]:
        asks = variables(self.plan)
        asks += [(one, one) for one in self.step.asks if one not in dict(asks)]
        fields: dict[str, forms.Field] = {
            "role": forms.ChoiceField(
                label=pgettext("of a step", "Owner"),
                required=False,
                choices=roles([self.step.role]),
            ),
            "limit": forms.FloatField(label=_("Time limit"), required=False),
            "unit": forms.TypedChoiceField(
                label=_("Unit of the time limit"), choices=[*UNITS.items()], coerce=int
            ),
            **TOLD.fields(False),
        }
        if asks:
            fields["asks"] = forms.MultipleChoiceField(
                label=_("Records"),
                required=False,
                choices=asks,
                widget=forms.CheckboxSelectMultiple,
                help_text=_("What whoever does the step has to record when it is done."),
            )
        return fields

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("limit") is not None and "unit" in values:
            seconds = values["limit"] * values["unit"]
            if not LEAST_LIMIT <= seconds <= MOST_LIMIT:
                self.add_error("limit", _("A time limit is 1 minute to 90 days."))
        return values

    def read(self, values: dict[str, Any]) -> dict[str, Any]:
        asked = values.get("asks", [])
        return {
            "instruction": TOLD.read(values),
            "role": values["role"],
            "limit": round((values["limit"] or 0) * values["unit"]),
            "asks": tuple(asked),
        }


class AutomaticForm(StepForm):
    """Done by a step of the registry, with its arguments."""

    def command(self) -> str:
        """The automatic step whose arguments are asked for."""
        posted = self.data.get("command") if self.is_bound else None
        return str(posted if posted is not None else self.step.command)

    def parameters(self) -> dict[str, Parameter]:
        """What the automatic step wants to be told."""
        found = find_step(self.command())
        return dict(found.parameters) if found is not None else {}

    def own_start(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "command": self.step.command,
            **SAID.initial(self.step.description),
        }
        for name, value in self.step.parameters.items():
            found[f"arg_{name}"] = typed(value)
        return found

    def own(self) -> dict[str, forms.Field]:
        choices = [("", "—"), *((one.name, str(one.title)) for one in steps())]
        if self.step.command and self.step.command not in dict(choices):
            choices.append((self.step.command, self.step.command))
        fields: dict[str, forms.Field] = {
            "command": forms.ChoiceField(label=_("What is done"), required=False, choices=choices)
        }
        for name, wanted in self.parameters().items():
            fields[f"arg_{name}"] = self.argument(name, wanted)
        return fields | SAID.fields(False)

    def argument(self, name: str, wanted: Parameter) -> forms.Field:
        """The field of an argument. In place of a value, a variable may be named."""
        told = [
            (f"__{key}__:value", _("what is recorded: %(name)s") % {"name": title})
            for key, title in variables(self.plan)
        ]
        now = self.step.parameters.get(name)
        if wanted.kind in ("role", "variable", "flag"):
            choices: dict[str, list[tuple[str, Any]]] = {
                "role": roles([])[1:],
                "variable": variables(self.plan),
                "flag": [*YES_NO],
            }
            offered = choices[wanted.kind]
            if wanted.kind != "variable":
                offered = [*offered, *told]
            said = "" if now is None else str(typed(now))
            if said and said not in dict(offered):
                offered = [*offered, (said, said)]
            return forms.ChoiceField(
                label=str(wanted.title), required=False, choices=[("", "—"), *offered]
            )
        shown = ", ".join(value for value, _title in told[:3])
        return forms.CharField(
            label=str(wanted.title),
            required=False,
            max_length=LONGEST_TEXT,
            help_text=_("Or what is recorded: %(names)s") % {"names": shown} if shown else "",
            widget=forms.TextInput(
                attrs={"inputmode": "numeric"} if wanted.kind == "whole" else {}
            ),
        )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        for name, wanted in self.parameters().items():
            said = values.get(f"arg_{name}", "")
            if wanted.kind != "whole" or not said or REFERENCE.fullmatch(said):
                continue
            digits = said.removeprefix("-")
            if not (digits.isdecimal() and digits.isascii() and len(digits) < 17):
                self.add_error(f"arg_{name}", _("Write a whole number."))
        return values

    def read(self, values: dict[str, Any]) -> dict[str, Any]:
        given: dict[str, Value] = {}
        for name, wanted in self.parameters().items():
            said: str = values[f"arg_{name}"]
            if not said:
                continue
            given[name] = said
            if wanted.kind == "flag" and said in ("true", "false"):
                given[name] = said == "true"
            elif wanted.kind == "whole" and not REFERENCE.fullmatch(said):
                given[name] = int(said)
        if find_step(values["command"]) is None and values["command"] == self.step.command:
            given = dict(self.step.parameters)  # what is not known here is left as it is
        return {
            "command": values["command"],
            "description": SAID.read(values),
            "parameters": given,
        }


class ConditionForm(StepForm):
    """One of two ways: by one comparison that is chosen, or by a condition that is typed."""

    def own_start(self) -> dict[str, Any]:
        one = compared(self.step.condition, self.plan.variables)
        if one is None:
            return {"sign": "is", "condition": self.step.condition}
        return {"variable": one.name, "sign": one.sign, "value": one.value}

    def own(self) -> dict[str, forms.Field]:
        return {
            "variable": forms.ChoiceField(
                label=_("What is asked"),
                required=False,
                choices=[("", _("the condition below")), *variables(self.plan)],
            ),
            "sign": forms.ChoiceField(label=_("Is it so?"), choices=[*SIGN_TITLES.items()]),
            "value": forms.CharField(
                label=pgettext("comparison", "Value"),
                required=False,
                max_length=LONGEST_NAME,
                help_text=_("Of a number or a text. What is yes or no needs none."),
            ),
            "condition": forms.CharField(
                label=_("Or a condition of several"),
                required=False,
                max_length=2000,
                widget=forms.Textarea(attrs={"rows": 2, "class": "mono", "spellcheck": "false"}),
                help_text=self.examples(),
            ),
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        kinds = {one.name: one.type for one in self.plan.variables}
        name = values.get("variable", "")
        if not name or "sign" not in values or "value" not in values:
            return values
        if values.get("condition"):
            self.add_error("condition", _("Choose a variable, or write a condition, not both."))
        try:
            chosen = Comparison(name, values["sign"], values["value"].strip())
            values["chosen"] = written(chosen, kinds[name])
        except ValueError as error:
            if str(error) == "sign":
                self.add_error("sign", _("More and less are of numbers: choose is or is not."))
            else:
                self.add_error("value", _("Write a whole number."))
        return values

    def examples(self) -> str:
        """How a condition is written, with the plan's own variables."""
        signs = {"bool": "", "integer": " > 100", "string": ' == "…"'}
        found = [one.name + signs[one.type] for one in self.plan.variables[:4]]
        if not found:
            return _("A condition speaks of variables: add one to the plan first.")
        if any(one.type == "bool" for one in self.plan.variables[:4]):
            first = next(one.name for one in self.plan.variables if one.type == "bool")
            found.append(f"not {first}")
        return _("Such as: %(examples)s. Join with and, or.") % {"examples": ", ".join(found)}

    def read(self, values: dict[str, Any]) -> dict[str, Any]:
        typed_in = values["condition"].replace("\r\n", "\n").strip()
        return {"condition": values.get("chosen", typed_in)}


FORMS: Final[dict[str, type[StepForm]]] = {
    "manual": ManualForm,
    "automatic": AutomaticForm,
    "condition": ConditionForm,
    "parallel": StepForm,
}


def blank(kind: str, identity: str) -> Step:
    """A step of this kind in which nothing is written yet."""
    made: dict[str, Any] = {
        "manual": lambda: Manual(id=identity, name=Text()),
        "automatic": lambda: Automatic(id=identity, name=Text()),
        "condition": lambda: If(id=identity, name=Text()),
        "parallel": lambda: Parallel(id=identity, name=Text()),
    }
    step: Step = made[kind]()
    return step


def roles(more: Iterable[str]) -> list[tuple[str, str]]:
    """The roles that may own a step, and those that are named all the same."""
    found = [(role, role_title(role)) for role in known().roles]
    return [("", "—"), *found, *((one, one) for one in more if one and one not in dict(found))]


def variables(plan: Playbook) -> list[tuple[str, str]]:
    """The variables of a plan with what they mean."""
    return [(one.name, one.text.get(reader()) or one.name) for one in plan.variables]


def targets(plan: Playbook, but: str) -> list[tuple[str, str]]:
    """The steps that another may lead to, numbered as the plan is read."""
    document = Document(plan)
    return [
        (line.step.id, f"{line.number} {line.step.name.get(reader()) or '—'}")
        for line in document.lines
        if line.step.id != but
    ]


def end_title(way: str, step: Step) -> str:
    """What it means that a way ends."""
    if way in ("on_true", "on_false") or way.startswith("branch"):
        return _("nothing more in this branch")
    return _("the end")


def way_title(way: str, step: Step) -> str:
    """A way on, in words."""
    if way.startswith("branch-"):
        at = int(way.removeprefix("branch-"))
        if at >= len(getattr(step, "branches", ())):
            return _("One more branch begins with")
        return _("Branch %(letter)s begins with") % {"letter": chr(ord("a") + at)}
    return {
        "on_true": lambda: _("If so"),
        "on_false": lambda: _("If not"),
        "on_failure": lambda: _("If it fails"),
        "next": lambda: (
            _("After all branches") if isinstance(step, Parallel)
            else _("After either") if isinstance(step, If) else _("Then")
        ),
    }[way]()  # fmt: skip

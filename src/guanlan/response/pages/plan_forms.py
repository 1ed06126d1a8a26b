"""The forms that a plan is written with: its name and its variables; steps: `step_forms`.

A draft may be unfinished: only what could not be kept is an error of a form. What is missing is
said among the problems of the draft, at the step that it concerns.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.response.plans.cacao import (
    LONGEST_NAME,
    LONGEST_TEXT,
    NAME,
    Playbook,
    Text,
    Value,
    Variable,
)
from guanlan.response.plans.showing import TYPES, reader


class Texts:
    """A text in the console's languages: a field each, the reader's own first."""

    def __init__(self, name: str, title: Any, most: int, rows: int = 0) -> None:
        self.name = name
        self.title = title
        self.most = most
        self.rows = rows

    def fields(self, required: bool) -> dict[str, forms.Field]:
        """One field a language; the reader's is required where one is."""
        own = reader()
        languages = sorted(settings.LANGUAGES, key=lambda one: one[0] != own)
        made: dict[str, forms.Field] = {}
        for at, (lang, title) in enumerate(languages):
            attrs: dict[str, Any] = {"lang": lang}
            widget: forms.Widget = forms.TextInput(attrs=attrs)
            if self.rows:
                widget = forms.Textarea(attrs={**attrs, "rows": self.rows if at == 0 else 3})
            made[f"{self.name}_{lang.replace('-', '_')}"] = forms.CharField(
                label=self.title if at == 0 else f"{self.title} · {title}",
                max_length=self.most,
                required=required and at == 0,
                widget=widget,
            )
        return made

    def initial(self, text: Text) -> dict[str, str]:
        """What the fields hold of a text."""
        return {f"{self.name}_{one}": getattr(text, one) for one in text.__struct_fields__}

    def read(self, values: dict[str, Any]) -> Text:
        """The text that was written."""
        return Text(**{one: values[f"{self.name}_{one}"] for one in Text.__struct_fields__})


NAMED: Final = Texts("name", gettext_lazy("Title"), LONGEST_NAME)
MEANT: Final = Texts("text", gettext_lazy("Meaning"), LONGEST_NAME)


class PlanForm(forms.Form):
    """A part of a plan: `start` fills it, `apply` puts what was written into the plan."""

    def __init__(self, plan: Playbook, data: Any = None) -> None:
        self.plan = plan
        super().__init__(data, initial=self.start(), auto_id="field_%s")
        self.fields.update(self.make())

    def start(self) -> dict[str, Any]:
        """What stands in the fields at first."""
        return {}

    def make(self) -> dict[str, forms.Field]:
        """The fields, in the order in which they are asked."""
        return {}

    def part(self, *names: str) -> list[forms.BoundField]:
        """The fields whose names begin so."""
        return [self[name] for name in self.fields if name.startswith(names)]

    @property
    def main(self) -> list[forms.BoundField]:
        """What is asked first: everything but texts in other languages and ways on."""
        others = {field.html_name for field in self.others}
        return [f for f in self if f.html_name not in others and not f.html_name.startswith("way_")]

    @property
    def others(self) -> list[forms.BoundField]:
        """Texts in languages other than the reader's."""
        own = reader().replace("-", "_")
        tails = tuple(f"_{code.replace('-', '_')}" for code, _title in settings.LANGUAGES)
        return [
            f for f in self if f.html_name.endswith(tails) and not f.html_name.endswith(f"_{own}")
        ]

    @property
    def wrong_elsewhere(self) -> bool:
        """Whether a text in another language is objected to."""
        return any(field.errors for field in self.others)

    @property
    def onward(self) -> list[forms.BoundField]:
        """Where the step leads."""
        return self.part("way_")


class GeneralForm(PlanForm):
    """What the plan is called, and when it is used."""

    described: Final = Texts("text", gettext_lazy("When it is used"), LONGEST_TEXT, 4)

    def start(self) -> dict[str, Any]:
        return NAMED.initial(self.plan.name) | self.described.initial(self.plan.description)

    def make(self) -> dict[str, forms.Field]:
        return NAMED.fields(True) | self.described.fields(False)

    def apply(self) -> Playbook:
        """The plan with what was written."""
        values = self.cleaned_data
        return msgspec.structs.replace(
            self.plan, name=NAMED.read(values), description=self.described.read(values)
        )


class VariableForm(PlanForm):
    """What conditions speak of and people record."""

    def __init__(self, plan: Playbook, name: str = "", data: Any = None) -> None:
        self.old = next((one for one in plan.variables if one.name == name), None)
        super().__init__(plan, data)

    def start(self) -> dict[str, Any]:
        one = self.old
        if one is None:
            return {"type": "bool"}
        return {"type": one.type, "value": typed(one.value), **MEANT.initial(one.text)}

    def make(self) -> dict[str, forms.Field]:
        found: dict[str, forms.Field] = {}
        if self.old is None:
            found["name"] = forms.RegexField(
                NAME.pattern + r"\Z",
                label=_("Name"),
                max_length=40,
                help_text=_("Small letters, digits and underscores, such as data_has_left."),
                error_messages={
                    "invalid": _("Small letters, digits and underscores, such as data_has_left.")
                },
            )
        found["type"] = forms.ChoiceField(
            label=_("What is recorded"), choices=[(name, say()) for name, say in TYPES.items()]
        )
        found["value"] = forms.CharField(
            label=_("At the start"),
            required=False,
            max_length=LONGEST_NAME,
            help_text=_("Empty: not known until somebody records it. Yes or no: true or false."),
        )
        return MEANT.fields(True) | found

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        said, kind = values.get("value", ""), values.get("type")
        if kind == "bool" and said not in ("", "true", "false"):
            self.add_error("value", _("Write true or false, or leave it empty."))
        digits = said.removeprefix("-")
        if kind == "integer" and said and not (digits.isdecimal() and len(digits) < 17):
            self.add_error("value", _("Write a whole number, or leave it empty."))
        return values

    def variable(self) -> Variable:
        """The variable that was written."""
        values = self.cleaned_data
        said, kind = values["value"], values["type"]
        value: Value | None = said or None
        if said and kind == "bool":
            value = said == "true"
        elif said and kind == "integer":
            value = int(said)
        name = self.old.name if self.old is not None else values["name"]
        return Variable(name, kind, MEANT.read(values), value)


def typed(value: Value | None) -> Value:
    """A value as it stands in a field."""
    if value is None:
        return ""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value

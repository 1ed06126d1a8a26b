"""What has to hold for a clock's rule: chosen in fields on a screen, JSON to a program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.response.clocks.facts import EVENTS, FLAGS, GRADES, KINDS, ROLES

_LISTS: Final = {
    "roles": (gettext_lazy("We are one of"), ROLES),
    "not_roles": (gettext_lazy("We are none of"), ROLES),
    "events": (gettext_lazy("What happened is one of"), EVENTS),
    "kinds": (gettext_lazy("The data are of one of the kinds"), KINDS),
}
_FLAG: Final = "flag_"
_ANY: Final = ("", gettext_lazy("does not matter"))
_YES_NO: Final = {"yes": True, "no": False}


class Parts(forms.Form):
    """A field for each fact, with how it is compared; what is left empty does not matter."""

    roles, not_roles, events, kinds = (
        forms.MultipleChoiceField(
            label=title,
            choices=list(words.items()),
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )
        for title, words in _LISTS.values()
    )
    grade = forms.ChoiceField(
        label=gettext_lazy("The grade is at least"), choices=[_ANY, *GRADES.items()], required=False
    )


_flags: dict[str, Any] = dict(FLAGS)
for _name, _title in _flags.items():
    Parts.base_fields[_FLAG + _name] = forms.ChoiceField(
        label=_title,
        choices=[_ANY, ("yes", gettext_lazy("yes")), ("no", gettext_lazy("no"))],
        required=False,
    )


def parts_of(conditions: Mapping[str, Any]) -> dict[str, Any]:
    """Conditions as the fields hold them."""
    found = {name: conditions.get(name, []) for name in _LISTS}
    flags = {
        _FLAG + name: "yes" if value else "no"
        for name, value in conditions.get("flags", {}).items()
    }
    return {**found, "grade": conditions.get("grade", ""), **flags}


def conditions_of(parts: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields hold as conditions; what does not matter is left out."""
    found: dict[str, Any] = {name: list(parts[name]) for name in _LISTS if parts.get(name)}
    if parts.get("grade"):
        found["grade"] = parts["grade"]
    flags = {name: _YES_NO.get(parts.get(_FLAG + name) or "") for name in FLAGS}
    if known := {name: value for name, value in flags.items() if value is not None}:
        found["flags"] = known
    return found


class ConditionsWidget(forms.Widget):
    """The fields, in one frame. A program sends JSON under the one name instead."""

    use_fieldset = True

    def id_for_label(self, id_: str | None) -> str:
        """None of the many is the one that its title belongs to."""
        return ""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """The fields as HTML."""
        held = value if isinstance(value, dict) else {}
        return render_to_string(
            "response/clock_conditions.html", {"parts": Parts(initial=parts_of(held), prefix=name)}
        )

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """What was chosen, or the JSON text that was sent; None where there is neither."""
        if name in data:
            return data[name]
        parts = Parts(data, prefix=name)
        values = {
            field: bound.widget.value_from_datadict(data, files, parts.add_prefix(field))
            for field, bound in parts.fields.items()
        }
        return conditions_of({key: given for key, given in values.items() if given is not None})

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Boxes that are not ticked are not sent: it is never left out."""
        return False


class ConditionsField(forms.JSONField):
    """Conditions of a rule, as a dictionary."""

    widget = ConditionsWidget

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What the fields show again after something was wrong."""
        return data if isinstance(data, dict) else super().bound_data(data, initial)

    def prepare_value(self, value: Any) -> Any:
        """What the fields show."""
        return value if isinstance(value, dict) else super().prepare_value(value)

    def clean(self, value: Any) -> dict[str, Any]:
        """The conditions; raises ValidationError for what is no JSON object."""
        given = super().clean(value) or {}
        if not isinstance(given, dict):
            raise ValidationError(_("Write the conditions as {…}."))
        return given

"""Giving one thing or many to a person: the form of alerts, cases and complaints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject


class Giving(forms.Form):
    """To whom it is given."""

    person = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=150,
        required=False,
        help_text=gettext_lazy("“me” for yourself; nothing to give it to nobody."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "me"}),
    )


def giving_many(
    form: type[Giving], find: Callable[[str, Subject], object]
) -> Callable[[Subject], type[forms.Form]]:
    """The form for many: whether `find` knows a person who may work on them is found out once,
    before it is done to the first."""

    def made(subject: Subject) -> type[forms.Form]:
        class GivingMany(form):  # type: ignore[misc, valid-type]
            def clean(self) -> dict[str, Any]:
                said: dict[str, Any] = super().clean() or {}
                find(said.get("person", ""), subject)
                return said

        return GivingMany

    return made

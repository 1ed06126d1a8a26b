"""What is asked for when an incident is declared and worked on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.response.incidents.matrix import IMPACTS, URGENCIES
from guanlan.response.incidents.showing import titles
from guanlan.response.models import Plan, RoleHeld
from guanlan.response.plans.showing import titled
from guanlan.response.terms import CATEGORIES, SEVERITIES
from guanlan.web.resource import Related
from guanlan.web.resource.fields import MomentInput


def _time(label: Any, text: Any = "", *, required: bool = False) -> forms.DateTimeField:
    widget = MomentInput()
    return forms.DateTimeField(label=label, required=required, widget=widget, help_text=text)


def _reason(label: Any, *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=500,
        required=required,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Kept sealed; stands in the timeline."),
    )


def _person(label: Any, text: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "placeholder": "me"})
    return forms.CharField(
        label=label, max_length=150, required=False, help_text=text, widget=widget
    )


class Declaring(forms.Form):
    """A title, a category and an impact; the rest may be left as it is."""

    title = forms.CharField(
        label=gettext_lazy("What is wrong?"),
        max_length=120,
        help_text=gettext_lazy("In one line, without customers' data: Payments stand still"),
    )
    category = forms.ChoiceField(label=gettext_lazy("Category"), choices=[*CATEGORIES.items()])
    impact = forms.ChoiceField(label=gettext_lazy("Impact"), choices=[*IMPACTS.items()])
    urgency = forms.ChoiceField(
        label=gettext_lazy("Urgency"),
        choices=[*URGENCIES.items()],
        initial="medium",
        required=False,
        help_text=gettext_lazy("The matrix makes the severity of both."),
    )
    occurred = _time(
        gettext_lazy("Occurred"), gettext_lazy("Empty while it is unknown when it began.")
    )
    known = _time(
        gettext_lazy("Known since"), gettext_lazy("Empty: now. All clocks run from here.")
    )
    summary = forms.CharField(
        label=gettext_lazy("What happened"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Kept sealed; read by those who work on incidents."),
    )
    channel = forms.CharField(
        label=gettext_lazy("Where people talk"), max_length=120, required=False
    )
    confidential = forms.BooleanField(
        label=gettext_lazy("Confidential"),
        required=False,
        help_text=gettext_lazy(
            "Seen only by those with a role in it, and by those who manage incidents."
        ),
    )


class Noting(forms.Form):
    """What happened, and when."""

    text = forms.CharField(
        label=gettext_lazy("What happened"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Kept sealed. A line is never changed or deleted."),
    )
    at = _time(gettext_lazy("When"), gettext_lazy("Empty: now."))


class Stable(forms.Form):
    """Since when."""

    at = _time(gettext_lazy("Stable since"), gettext_lazy("Empty: now."))


class NewTask(forms.Form):
    """What is to be done, by whom, by when."""

    title = forms.CharField(label=gettext_lazy("What is to be done?"), max_length=120)
    due = _time(gettext_lazy("Due"), required=True)
    owner = _person(
        pgettext_lazy("of a thing", "Owner"),
        gettext_lazy("A user name, or “me”; empty for nobody yet."),
    )


class Assuming(forms.Form):
    """Which role, and who."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=RoleHeld.Role.choices)
    person = _person(gettext_lazy("Person"), gettext_lazy("A user name; empty for yourself."))


class Renouncing(forms.Form):
    """Which role."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=RoleHeld.Role.choices)


class PlanField(Related):
    """A choice among the plans in force that the subject sees."""

    def offer(self, subject: Subject) -> None:
        """Offer those with an approved version."""
        super().offer(subject)
        assert self.queryset is not None
        self.queryset = self.queryset.filter(current__isnull=False, retired=None).order_by(
            "category", "name"
        )

    def label_from_instance(self, obj: Any) -> str:
        """Its category and title."""
        return f"{CATEGORIES[obj.category]} · {titled(obj.titles) or obj.name}"


class Planning(forms.Form):
    """Which plan."""

    plan = PlanField(Plan, label=gettext_lazy("Plan"))


class Tying(forms.Form):
    """What kind of thing, and its number."""

    noun = forms.ChoiceField(label=gettext_lazy("Kind"), choices=lambda: [*titles().items()])
    key = forms.CharField(label=gettext_lazy("Number"), max_length=18)


class Severer(forms.Form):
    """Another severity."""

    severity = forms.ChoiceField(label=gettext_lazy("Severity"), choices=[*SEVERITIES.items()])
    reason = _reason(gettext_lazy("Reason"))


class Why(forms.Form):
    """Why one does it."""

    reason = _reason(gettext_lazy("Reason"))


class Closing(forms.Form):
    """Why it is closed, where that is not clear."""

    reason = _reason(
        gettext_lazy("Reason, where it is not stable or something is open"), required=False
    )

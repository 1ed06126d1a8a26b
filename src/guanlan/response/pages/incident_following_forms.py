"""What is asked for when news are told, costs added, and a closed incident is reviewed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from guanlan.response.models import IncidentCost, StakeholderUpdate


def _long(label: Any, *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=4000,
        required=required,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Kept sealed; read by those who work on incidents."),
    )


class Telling(forms.Form):
    """Who was told what, and how."""

    audience = forms.ChoiceField(
        label=gettext_lazy("Who was told?"), choices=StakeholderUpdate.Audience.choices
    )
    text = _long(gettext_lazy("What they were told"))
    how = forms.CharField(
        label=gettext_lazy("How"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Such as: by mail. The platform sends nothing itself here."),
    )


class Costing(forms.Form):
    """What it cost."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=IncidentCost.Kind.choices)
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        min_length=3,
        max_length=3,
        help_text=gettext_lazy("Three capital letters, such as CNY."),
    )
    amount = forms.IntegerField(
        label=gettext_lazy("Amount in minor units"),
        required=False,
        help_text=gettext_lazy("12345 is ¥123.45. A correction has a minus."),
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes of people's time"), required=False, min_value=1
    )
    rate = forms.IntegerField(
        label=gettext_lazy("Rate of an hour in minor units"), required=False, min_value=1
    )
    note = forms.CharField(label=gettext_lazy("Note"), max_length=200, required=False)


class Reviewing(forms.Form):
    """What people found."""

    causes = _long(gettext_lazy("Causes"))
    contributing = _long(gettext_lazy("Measures that failed or were missing"), required=False)
    went_well = _long(gettext_lazy("What went well"), required=False)


class NewLesson(forms.Form):
    """What is to be learnt; its actions are added on its own page."""

    title = forms.CharField(label=gettext_lazy("What is to be learnt?"), max_length=120)
    detail = _long(gettext_lazy("Details"), required=False)

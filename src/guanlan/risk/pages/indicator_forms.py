"""Forms of an indicator: its limits, its owner, an answer."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.core.models import User
from guanlan.risk import keeping
from guanlan.risk.models import Indicator, IndicatorLimits
from guanlan.risk.states import Limits
from guanlan.risk.terms import DIRECTIONS, VERDICTS
from guanlan.web.resource import Related
from guanlan.web.resource.fields import MomentInput

_UNITS: Final = {
    "share": gettext_lazy("A share from 0 to 1: 0.05 is 5 %."),
    "seconds": gettext_lazy("In seconds: 3600 is an hour."),
    "money": gettext_lazy("In minor units: 100 is 1.00."),
}


class LimitsForm(forms.Form):
    """From which values on it is amber and red, and why."""

    direction = forms.ChoiceField(
        label=gettext_lazy("Which side is bad"), choices=[*DIRECTIONS.items()]
    )
    amber = forms.FloatField(label=gettext_lazy("Amber from"))
    red = forms.FloatField(label=gettext_lazy("Red from"))
    amber_low = forms.FloatField(
        label=gettext_lazy("Amber below"), required=False,
        help_text=gettext_lazy("Only of a band: its lower end."),
    )  # fmt: skip
    red_low = forms.FloatField(
        label=gettext_lazy("Red below"), required=False,
        help_text=gettext_lazy("Only of a band."),
    )  # fmt: skip
    hysteresis = forms.FloatField(
        label=gettext_lazy("Hysteresis"), initial=0,
        help_text=gettext_lazy("By so much it comes back past a limit before the state follows."),
    )  # fmt: skip
    minimum_duration = forms.IntegerField(
        label=gettext_lazy("Least duration, minutes"), min_value=0, initial=0,
        help_text=gettext_lazy("So long a value is past a limit before the state follows."),
    )  # fmt: skip
    minimum_volume = forms.IntegerField(
        label=gettext_lazy("Least volume"), min_value=0, initial=0,
        help_text=gettext_lazy("What stands on less is unknown."),
    )  # fmt: skip
    stale_after = forms.IntegerField(
        label=gettext_lazy("Stale after, minutes"), min_value=1,
        help_text=gettext_lazy("What rests on older data is unknown."),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("Why these limits"),
        max_length=keeping.MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    effective = forms.DateTimeField(
        label=gettext_lazy("In force from"), required=False, widget=MomentInput(),
        help_text=gettext_lazy("Empty: at once."),
    )  # fmt: skip


class OwnerForm(forms.Form):
    """Who acts when it turns red or unknown, and how."""

    owner = Related(User, label=pgettext_lazy("of a thing", "Owner"), required=False)
    action = forms.CharField(
        label=gettext_lazy("What is to be done"), max_length=keeping.MOST_TEXT, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Such as: look at the newest complaints, call the product's owner."),
    )  # fmt: skip
    deadline_hours = forms.IntegerField(
        label=gettext_lazy("Answer within hours"), min_value=1, max_value=keeping.MOST_HOURS,
        initial=24,
    )  # fmt: skip


class AnswerForm(forms.Form):
    """What is being done about its state."""

    answer = forms.CharField(
        label=gettext_lazy("What is being done"), max_length=keeping.MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    verdict = forms.ChoiceField(
        label=gettext_lazy("What was it?"), required=False,
        choices=[("", gettext_lazy("not known yet")), *VERDICTS.items()],
        help_text=gettext_lazy("The backtest of its limits is held against this."),
    )  # fmt: skip


class JudgeForm(forms.Form):
    """What the newest warning turned out to be."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("What was the newest warning?"), choices=[*VERDICTS.items()]
    )


class MarkForm(forms.Form):
    """A time on the chart, in a few words."""

    at = forms.DateTimeField(label=gettext_lazy("When"), widget=MomentInput())
    text = forms.CharField(
        label=gettext_lazy("What happened"), max_length=keeping.MOST_NOTE,
        help_text=gettext_lazy(
            "Such as: campaign began, new fee schedule. Without customers' data."
        ),
    )  # fmt: skip


def _filled(form: type[forms.Form], unit: str, values: dict[str, Any]) -> type[forms.Form]:
    """A form of the same fields that begins with other values and tells the unit."""

    class Filled(form):  # type: ignore[valid-type,misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            for name, value in values.items():
                self.fields[name].initial = value
            for name in ("amber", "red"):
                if name in self.fields and unit in _UNITS:
                    self.fields[name].help_text = _UNITS[unit]

    return Filled


def limits_form(_subject: Subject, row: Indicator | None) -> type[forms.Form]:
    """The form, filled with the newest limits."""
    if row is None:
        return LimitsForm
    newest = IndicatorLimits.objects.filter(indicator=row).order_by("-version").first()
    if newest is None:
        return _filled(LimitsForm, row.unit, {})
    names = ("direction", "amber", "red", "amber_low", "red_low", "hysteresis", "minimum_volume")
    values = {name: getattr(newest, name) for name in names}
    values["minimum_duration"] = newest.minimum_duration // 60
    values["stale_after"] = max(1, newest.stale_after // 60)
    return _filled(LimitsForm, row.unit, values)


def owner_form(_subject: Subject, row: Indicator | None) -> type[forms.Form]:
    """The form, filled with the present owner."""
    if row is None:
        return OwnerForm
    values = {"owner": row.owner_id, "action": row.action, "deadline_hours": row.deadline_hours}
    return _filled(OwnerForm, row.unit, values)


def set_limits(row: Indicator, subject: Subject, values: dict[str, Any]) -> str:
    said = {
        name: values[name]
        for name in ("direction", "amber", "red", "amber_low", "red_low", "hysteresis",
                     "minimum_volume")
    }  # fmt: skip
    limits = Limits(
        **said,
        minimum_duration=dt.timedelta(minutes=values["minimum_duration"]),
        stale_after=dt.timedelta(minutes=values["stale_after"]),
    )
    made = keeping.set_limits(
        subject, row, limits, values["reason"], timezone.now(), values.get("effective")
    )
    return _("Version %(n)s of the limits is made.") % {"n": made.version}


def name_owner(row: Indicator, subject: Subject, values: dict[str, Any]) -> str:
    keeping.name_owner(subject, row, values["owner"], values["action"], values["deadline_hours"])
    return _("Owner and action are named.")


def answer(row: Indicator, subject: Subject, values: dict[str, Any]) -> str:
    keeping.answer(subject, row, values["answer"], timezone.now(), values.get("verdict") or "")
    return _("The answer is written down.")


def judge(row: Indicator, subject: Subject, values: dict[str, Any]) -> str:
    keeping.judge(subject, row, values["verdict"])
    return _("The judgement is written down.")


def mark(row: Indicator, subject: Subject, values: dict[str, Any]) -> str:
    keeping.mark(subject, row, values["at"], values["text"], timezone.now())
    return _("The time is marked.")


def acknowledge(row: Indicator, subject: Subject) -> str:
    keeping.acknowledge(subject, row, timezone.now())
    return _("Acknowledged.")


def switch_on(row: Indicator, subject: Subject) -> str:
    keeping.switch(subject, row, True, timezone.now())
    return _("It is measured again from the next minute on.")


def switch_off(row: Indicator, subject: Subject) -> str:
    keeping.switch(subject, row, False, timezone.now())
    return _("It is no longer measured.")

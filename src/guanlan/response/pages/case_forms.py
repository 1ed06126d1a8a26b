"""What is asked for when cases are opened and worked on."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.engine.scenario.vocabulary import CURRENCIES
from guanlan.response.alerts.handling import DISPOSITIONS
from guanlan.response.cases.deciding import LONGEST_DAYS, entities_of
from guanlan.response.cases.finding import LONGEST_REASON
from guanlan.response.cases.terms import TOLD_BY
from guanlan.response.incidents.matrix import IMPACTS, URGENCIES
from guanlan.response.kinds import every_kind, kind_title, masked
from guanlan.response.models import Case, CaseDecision, CaseItem, CaseQueue, Plan
from guanlan.response.pages import giving
from guanlan.response.pages.incident_forms import PlanField
from guanlan.response.restrictions.terms import REASONS
from guanlan.response.terms import CATEGORIES, ENTITY_KINDS, SEVERITIES
from guanlan.web.resource import Related
from guanlan.web.resource.fields import MomentInput

NOBODY: Final = ""


SEALED: Final = gettext_lazy("Kept sealed; stands in the timeline.")


def _reason(text: Any = SEALED) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=text,
    )


def _summary() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("What happened"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("Kept sealed; read by those who work on cases."),
    )


class Opening(forms.Form):
    """What it is about; alerts about the entity join it."""

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=120,
        help_text=gettext_lazy(
            "In one line, without customers' data: Several accounts, one device"
        ),
    )
    category = forms.ChoiceField(
        label=gettext_lazy("Category"), choices=[*CATEGORIES.items()], initial="fraud"
    )
    severity = forms.ChoiceField(
        label=gettext_lazy("Severity"), choices=[*SEVERITIES.items()], initial="medium"
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of entity"),
        choices=[(NOBODY, "—"), *ENTITY_KINDS.items()],
        required=False,
    )
    key = forms.CharField(
        label=gettext_lazy("Key of the entity"),
        max_length=256,
        required=False,
        help_text=gettext_lazy("As in its events. Alerts about it join the case."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    summary = _summary()


class Changing(forms.Form):
    """Its title and what happened."""

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Empty: as the worst of its alerts is called."),
    )
    summary = _summary()


class Giving(giving.Giving):
    """To whom, and what goes with it."""

    reason = forms.CharField(
        label=gettext_lazy("What they should know"),
        max_length=LONGEST_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Kept sealed; stands in the timeline."),
    )


class Why(forms.Form):
    """Why one does it."""

    reason = _reason()


class Closing(forms.Form):
    """What it was, and why one says so."""

    disposition = forms.ChoiceField(
        label=gettext_lazy("What was it?"),
        choices=DISPOSITIONS.items(),
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Its open alerts were that too. A severe case waits for a second person."
        ),
    )
    reason = _reason()


class Severer(forms.Form):
    """Another severity."""

    severity = forms.ChoiceField(label=gettext_lazy("Severity"), choices=[*SEVERITIES.items()])
    reason = _reason(gettext_lazy("The earlier deadlines hold, whichever way it changes."))


class Amount(forms.Form):
    """What is at stake."""

    amount = forms.DecimalField(
        label=gettext_lazy("Amount at stake"),
        min_value=0,
        max_digits=15,
        decimal_places=3,
        required=False,
        help_text=gettext_lazy("1200.50; nothing to go by what its alerts found."),
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"), choices=[(one, one) for one in sorted(CURRENCIES)],
        initial="CNY",
    )  # fmt: skip


class Queueing(forms.Form):
    """Which queue."""

    queue = Related(CaseQueue, label=pgettext_lazy("of cases", "Queue"), required=False)


class Merging(forms.Form):
    """Into which case."""

    into = forms.IntegerField(
        label=gettext_lazy("Into the case with the number"), min_value=1, max_value=2**62
    )
    reason = _reason(
        gettext_lazy("Alerts, entities and ties move there; this case is closed and points on.")
    )


class Linking(forms.Form):
    """To which case."""

    other = forms.IntegerField(
        label=gettext_lazy("Number of the other case"), min_value=1, max_value=2**62
    )


class Splitting(forms.Form):
    """Which alerts, and what the new case is called."""

    alerts = forms.CharField(
        label=gettext_lazy("Numbers of the alerts"),
        max_length=4000,
        help_text=gettext_lazy("With spaces or commas between them: 12, 15, 18."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    title = forms.CharField(label=gettext_lazy("Title of the new case"), max_length=120)
    reason = _reason()


class Adding(forms.Form):
    """Something more to do."""

    text = forms.CharField(label=gettext_lazy("What is to be done?"), max_length=200)


def ticking(subject: Subject, case: Case) -> type[forms.Form]:
    """Which item of the checklist, and whether it is done."""
    items = CaseItem.objects.for_user(subject).filter(case=case).order_by("place")

    class Ticking(forms.Form):
        place = forms.TypedChoiceField(
            label=gettext_lazy("Item"),
            coerce=int,
            choices=[(one.place, f"{one.place}. {_(one.text)}") for one in items],
        )
        done = forms.ChoiceField(
            label=gettext_lazy("Done"),
            choices=[("yes", gettext_lazy("yes")), ("no", gettext_lazy("no"))],
        )

    return Ticking


def deciding(subject: Subject, case: Case) -> type[forms.Form]:
    """What is decided, about which of the case's entities, and why."""
    kinds = every_kind()
    parts = [
        (one.entity_id, f"{kind_title(one.entity.kind, kinds)} {masked(one.entity, kinds)}")
        for one in entities_of(subject, case)
    ]

    class Deciding(forms.Form):
        what = forms.ChoiceField(
            label=pgettext_lazy("of a person", "Decision"),
            choices=CaseDecision.What.choices,
            widget=forms.RadioSelect,
            help_text=gettext_lazy(
                "A case knows no address of its customer, so nothing is sent to them from here:"
                " notify them first, then say how and when."
            ),
        )
        entity = forms.TypedChoiceField(
            label=gettext_lazy("About"),
            coerce=int,
            empty_value=None,
            required=False,
            choices=[("", "—"), *parts],
        )
        reason_code = forms.ChoiceField(
            label=gettext_lazy("Reason of a restriction"),
            choices=[*REASONS.items()],
            initial="inquiry",
        )
        days = forms.IntegerField(
            label=gettext_lazy("Days of a restriction"),
            min_value=1,
            max_value=LONGEST_DAYS,
            initial=7,
            help_text=gettext_lazy(
                "The entity is blocked for so long; it may wait for another person's approval."
            ),
        )
        way = forms.ChoiceField(
            label=gettext_lazy("Notified by"),
            choices=[("", "—"), *TOLD_BY.items()],
            required=False,
            help_text=gettext_lazy("Needed where the customer was notified."),
        )
        told = forms.DateTimeField(
            label=gettext_lazy("Notified at"),
            widget=MomentInput(),
            required=False,
        )
        reason = _reason()

    return Deciding


class Planning(forms.Form):
    """Which plan."""

    plan = PlanField(Plan, label=gettext_lazy("Plan"))


class Declaring(forms.Form):
    """What the incident is called, and how bad it is."""

    title = forms.CharField(
        label=gettext_lazy("What is wrong?"),
        max_length=120,
        help_text=gettext_lazy("In one line, without customers' data: Payments stand still"),
    )
    impact = forms.ChoiceField(label=gettext_lazy("Impact"), choices=[*IMPACTS.items()])
    urgency = forms.ChoiceField(
        label=gettext_lazy("Urgency"), choices=[*URGENCIES.items()], initial="medium"
    )

"""Forms of measures, and what they call."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from babel.numbers import get_currency_precision
from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.core.access.table import ROLES
from guanlan.risk.measure import costs, duties, effects, keeping, testing
from guanlan.risk.measure.catalogue import own_words
from guanlan.risk.measure.costs import register_currency
from guanlan.risk.measure.terms import LAYERS, person_named
from guanlan.risk.models import Measure, MeasureCost, MeasureDuty, Risk
from guanlan.risk.terms import CATEGORIES
from guanlan.web.resource import Related, Saved
from guanlan.web.resource.fields import DayInput, MomentInput

MOST: Final = Decimal(10) ** 13
_AREA: Final = {"rows": 3}


class MeasureForm(forms.Form):
    """What it is, whose, how often, at what cost."""

    title = forms.CharField(
        label=gettext_lazy("What is done"), max_length=160,
        help_text=gettext_lazy("Such as: accesses are reviewed each quarter."),
    )  # fmt: skip
    purpose = forms.CharField(
        label=gettext_lazy("Purpose"), max_length=1000, widget=forms.Textarea(attrs=_AREA)
    )
    category = forms.ChoiceField(label=gettext_lazy("Kind of risk"), choices=[*CATEGORIES.items()])
    acts = forms.ChoiceField(
        label=gettext_lazy("Works on"), choices=Measure.Acts.choices,
        help_text=gettext_lazy(
            "Preventive ones make a risk rarer, the others make an event cheaper."
        ),
    )  # fmt: skip
    layer = forms.ChoiceField(
        label=gettext_lazy("Line of defence"), choices=[*LAYERS.items()],
        help_text=gettext_lazy("Of one line the best measure counts; lines multiply."),
    )  # fmt: skip
    owner = forms.CharField(
        label=pgettext_lazy("of a thing", "Owner"), max_length=150,
        help_text=gettext_lazy("A user name."),
    )  # fmt: skip
    deputy = forms.CharField(
        label=gettext_lazy("Deputy"), max_length=150, required=False,
        help_text=gettext_lazy("A user name."),
    )  # fmt: skip
    every_days = forms.IntegerField(
        label=gettext_lazy("Due every so many days"), required=False, min_value=1,
        max_value=keeping.MOST_DAYS,
        help_text=gettext_lazy("Empty: it runs by itself, and nothing falls due."),
    )  # fmt: skip
    test = forms.ChoiceField(
        label=gettext_lazy("Automatic test"), required=False,
        help_text=gettext_lazy("What the platform finds out by itself each day."),
    )  # fmt: skip
    setup = forms.DecimalField(
        label=gettext_lazy("Set-up cost"), min_value=0, max_value=MOST, initial=0
    )
    yearly = forms.DecimalField(
        label=gettext_lazy("Cost a year, planned"), min_value=0, max_value=MOST, initial=0
    )
    planned = forms.DateField(
        label=gettext_lazy("Planned for"), required=False, widget=DayInput(),
        help_text=gettext_lazy("When it is to come into force; until then it counts as target."),
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["test"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", "—"), *testing.choices()]


class StepForm(forms.Form):
    """A step of the operating guide."""

    title = forms.CharField(label=gettext_lazy("What is done"), max_length=160)
    instruction = forms.CharField(
        label=gettext_lazy("Instruction"), max_length=2000, required=False,
        widget=forms.Textarea(attrs=_AREA),
    )  # fmt: skip
    when = forms.CharField(
        label=pgettext_lazy("step", "When"), max_length=120, required=False,
        help_text=gettext_lazy("Such as: within 24 hours, on each 5th by noon."),
    )  # fmt: skip
    responsible = forms.CharField(
        label=gettext_lazy("Responsible"), max_length=120,
        help_text=gettext_lazy("Who does it: a role, or a user name. Several with commas."),
    )  # fmt: skip
    accountable = forms.CharField(
        label=gettext_lazy("Accountable"), max_length=120, required=False,
        help_text=gettext_lazy("Who answers for it."),
    )  # fmt: skip
    consulted = forms.CharField(label=gettext_lazy("Consulted"), max_length=200, required=False)
    informed = forms.CharField(label=gettext_lazy("Informed"), max_length=200, required=False)
    evidence = forms.CharField(
        label=gettext_lazy("Evidence"), max_length=300, required=False,
        help_text=gettext_lazy("What shows later that it was done."),
    )  # fmt: skip


class EffectForm(forms.Form):
    """What it is worth against a risk."""

    risk = Related(Risk, "risk.register", label=pgettext_lazy("of a measure", "Risk"))
    design = forms.FloatField(
        label=gettext_lazy("Takes away"), min_value=0, max_value=1,
        help_text=gettext_lazy("Share of the risk, where it works: 0.6 is 60 %. 0 ends it."),
    )  # fmt: skip
    coverage = forms.FloatField(
        label=gettext_lazy("Reaches"), min_value=0, max_value=1, initial=1,
        help_text=gettext_lazy("Share of cases it reaches, as measured."),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("Why these numbers"), max_length=effects.MOST_REASON,
        widget=forms.Textarea(attrs=_AREA),
    )  # fmt: skip


class TestForm(forms.Form):
    """What a person's test found."""

    at = forms.DateTimeField(label=gettext_lazy("Tested up to"), widget=MomentInput())
    passed = forms.IntegerField(label=gettext_lazy("Worked, times"), min_value=0)
    failed = forms.IntegerField(label=gettext_lazy("Did not work, times"), min_value=0)
    evidence = forms.CharField(
        label=gettext_lazy("Evidence"), max_length=1000, widget=forms.Textarea(attrs=_AREA),
        help_text=gettext_lazy("What was looked at, and where it is kept. Nothing personal."),
    )  # fmt: skip


class CostForm(forms.Form):
    """What was spent."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of resource"), choices=MeasureCost.Kind.choices
    )
    amount = forms.DecimalField(
        label=gettext_lazy("Amount"), min_value=-MOST, max_value=MOST,
        help_text=gettext_lazy("A correction has a minus."),
    )  # fmt: skip
    at = forms.DateField(label=gettext_lazy("Day"), widget=DayInput())
    note = forms.CharField(label=gettext_lazy("Note"), max_length=200, required=False)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)


class DoneForm(forms.Form):
    evidence = forms.CharField(
        label=gettext_lazy("Evidence"), max_length=1000, widget=forms.Textarea(attrs=_AREA),
        help_text=gettext_lazy("What was done, and what shows it. Nothing personal."),
    )  # fmt: skip


def minor(amount: Decimal, currency: str) -> int:
    """Minor units of an amount as people write it."""
    return int((amount * 10 ** get_currency_precision(currency)).to_integral_value())


def typed(amount: int, currency: str) -> Decimal:
    """An amount as people write it."""
    return Decimal(amount).scaleb(-int(get_currency_precision(currency)))


def initial(row: Measure) -> dict[str, Any]:
    """What the form of a measure begins with."""
    currency = register_currency(timezone.now())
    return {
        "title": own_words(row.title), "purpose": own_words(row.purpose),
        "category": row.category, "acts": row.acts, "layer": row.layer,
        "owner": row.owner.get_username() if row.owner else "",
        "deputy": row.deputy.get_username() if row.deputy else "",
        "every_days": row.every_days, "test": row.test, "planned": row.planned,
        "setup": typed(row.setup, currency), "yearly": typed(row.yearly, currency),
    }  # fmt: skip


def _said(values: dict[str, Any]) -> keeping.Said:
    currency = register_currency(timezone.now())
    deputy = values.get("deputy") or ""
    return keeping.Said(
        title=values["title"], purpose=values["purpose"], category=values["category"],
        acts=values["acts"], layer=values["layer"], owner=person_named("owner", values["owner"]),
        deputy=person_named("deputy", deputy) if deputy.strip() else None,
        every_days=values.get("every_days"), test=values.get("test") or "",
        setup=minor(values["setup"], currency), yearly=minor(values["yearly"], currency),
        planned=values.get("planned"),
    )  # fmt: skip


def add(subject: Subject, values: dict[str, Any]) -> Saved:
    made = keeping.add_measure(subject, _said(values), timezone.now())
    return Saved(made, _("It is planned. Say its steps and what it is worth, then begin with it."))


def change(subject: Subject, row: Measure, values: dict[str, Any]) -> Saved:
    return Saved(keeping.change_measure(subject, row, _said(values), timezone.now()))


def step_of(values: dict[str, Any]) -> keeping.SaidStep:
    """A step as a form says it; names of roles in the reader's language become roles."""
    known = {str(title).casefold(): name for name, title in ROLES.items()}
    roles = {
        name: ", ".join(
            known.get(part.strip().casefold(), part.strip())
            for part in str(values.get(name) or "").replace("，", ",").replace("、", ",").split(",")
            if part.strip()
        )
        for name in ("responsible", "accountable", "consulted", "informed")
    }
    return keeping.SaidStep(
        title=values["title"], instruction=values.get("instruction") or "",
        when=values.get("when") or "", evidence=values.get("evidence") or "", **roles,
    )  # fmt: skip


def add_step(row: Measure, subject: Subject, values: dict[str, Any]) -> str:
    made = keeping.add_step(subject, row, step_of(values))
    return _("Step %(n)s is added.") % {"n": made.position}


def set_effect(row: Measure, subject: Subject, values: dict[str, Any]) -> str:
    made = effects.set_effect(
        subject, row, values["risk"], design=values["design"], coverage=values["coverage"],
        reason=values["reason"], now=timezone.now(),
    )  # fmt: skip
    return _("Version %(n)s of what it is worth is written down.") % {"n": made.version}


def record_test(row: Measure, subject: Subject, values: dict[str, Any]) -> str:
    testing.record_test(subject, row, now=timezone.now(), **values)
    return _("The test is written down.")


def record_cost(row: Measure, subject: Subject, values: dict[str, Any]) -> str:
    now = timezone.now()
    costs.record_cost(
        subject, row, kind=values["kind"], at=values["at"], note=values.get("note") or "", now=now,
        amount=minor(values["amount"], register_currency(now)),
    )  # fmt: skip
    return _("The cost is written down.")


def start(row: Measure, subject: Subject) -> str:
    keeping.bring_into_force(subject, row, timezone.now())
    return _("It is in force from now on.")


def retire(row: Measure, subject: Subject, values: dict[str, Any]) -> str:
    keeping.retire(subject, row, values["reason"], timezone.now())
    return _("It is retired.")


def done(row: MeasureDuty, subject: Subject, values: dict[str, Any]) -> str:
    duties.do_duty(subject, row, values["evidence"], timezone.now())
    return _("It is written down as done.")

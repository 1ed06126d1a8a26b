"""Forms of assessments: the plan, signers, answers, proposals."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject
from guanlan.core.models import User
from guanlan.risk.assessment import answering, campaigns, signing, taking
from guanlan.risk.assessment.questions import CHOICES, NEWEST, QUESTIONNAIRES, Given
from guanlan.risk.models import Assessment, AssessmentItem, Product, RiskParameters
from guanlan.risk.terms import CATEGORIES
from guanlan.web.resource import Related, Saved
from guanlan.web.resource.fields import DayInput, MomentInput

AREA: Final = {"rows": 2}
MOST_AMOUNT: Final = 2**53


class PlanForm(forms.Form):
    """What an assessment is about, by when it is answered, how many sign."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=120)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=Assessment.Kind.choices
    )  # fmt: skip
    begin = forms.DateField(label=gettext_lazy("First day of the period"), widget=DayInput())
    end = forms.DateField(label=gettext_lazy("Last day of the period"), widget=DayInput())
    due = forms.DateTimeField(label=gettext_lazy("Answers due"), widget=MomentInput())
    signatures = forms.IntegerField(
        label=gettext_lazy("Signatures required"), min_value=2, max_value=9, initial=2
    )
    categories = forms.MultipleChoiceField(
        label=gettext_lazy("Kinds of risk"), choices=[*CATEGORIES.items()], required=False,
        widget=forms.CheckboxSelectMultiple(),
        help_text=gettext_lazy("None: all of them."),
    )  # fmt: skip
    product = Related(
        Product, noun="risk.register", label=gettext_lazy("Product"), required=False,
        help_text=gettext_lazy("Empty: every product."),
    )  # fmt: skip
    corrects = Related(
        Assessment, noun="risk.assessment", label=gettext_lazy("Corrects"), required=False,
        help_text=gettext_lazy("A signed assessment that this one, an ad hoc one, corrects."),
    )  # fmt: skip


def said(values: dict[str, Any]) -> campaigns.Plan:
    product = values.pop("product")
    return campaigns.Plan(
        **values | {"categories": tuple(values["categories"])},
        products=(product,) if product is not None else (),
    )


def add(subject: Subject, values: dict[str, Any]) -> Saved:
    row = campaigns.plan(subject, said(values), timezone.now())
    return Saved(row, _("Planned. Name the signers, then open it."))


def change(subject: Subject, row: Assessment, values: dict[str, Any]) -> Saved:
    return Saved(campaigns.change(subject, row, said(values), timezone.now()), _("Changed."))


def initial(row: Assessment) -> dict[str, Any]:
    names = ("title", "kind", "begin", "end", "due", "signatures", "categories", "corrects")
    return {name: getattr(row, name) for name in names} | {"product": row.products.first()}


class SignerForm(forms.Form):
    person = Related(User, label=gettext_lazy("Person"))
    role = forms.CharField(
        label=gettext_lazy("Signs as"), max_length=80,
        help_text=gettext_lazy("Such as: chair of the risk committee."),
    )  # fmt: skip


class PersonForm(forms.Form):
    person = Related(User, label=gettext_lazy("Person"))


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)


def name_signer(row: Assessment, subject: Subject, values: dict[str, Any]) -> str:
    campaigns.name_signer(subject, row, values["person"], values["role"])
    return _("The signer is named.")


def remove_signer(row: Assessment, subject: Subject, values: dict[str, Any]) -> str:
    campaigns.remove_signer(subject, row, values["person"])
    return _("The signer is removed.")


def open_it(row: Assessment, subject: Subject) -> str:
    count = campaigns.open_campaign(subject, row, timezone.now())
    return _("Opened; the owners of %(n)s risks are asked.") % {"n": count}


def cancel(row: Assessment, subject: Subject, values: dict[str, Any]) -> str:
    campaigns.cancel(subject, row, values["reason"])
    return _("Cancelled.")


def to_sign(row: Assessment, subject: Subject) -> str:
    signing.put_to_signature(subject, row, timezone.now())
    return _("Put to signature; the signers are told.")


def sign(row: Assessment, subject: Subject) -> str:
    if signing.sign(subject, row, timezone.now()) is not None:
        return _("Signed; with your signature the assessment is frozen.")
    return _("Signed; others are still to sign.")


def refuse(row: Assessment, subject: Subject, values: dict[str, Any]) -> str:
    signing.refuse(subject, row, values["reason"], timezone.now())
    return _("Refused; it is being answered again.")


def answer_form(subject: Subject, item: AssessmentItem | None) -> type[forms.Form]:
    """A form with every question, what was answered so far filled in; of none, the newest ones."""
    given = {one.question: one for one in item.answers.all()} if item is not None else {}
    asked = item.assessment.questions if item is not None else NEWEST
    fields: dict[str, forms.Field] = {}
    for one in QUESTIONNAIRES[asked]:
        kept = given.get(one.key)
        value = kept.value if kept else ""
        if one.kind == "choice":
            fields[one.key] = forms.ChoiceField(
                label=str(one.text), choices=[("", "—"), *CHOICES.items()], required=False,
                initial=value,
            )  # fmt: skip
        elif one.kind == "number":
            fields[one.key] = forms.CharField(
                label=str(one.text), max_length=16, required=False, initial=value
            )
        else:
            fields[one.key] = forms.CharField(
                label=str(one.text), max_length=1000, required=False, initial=value,
                widget=forms.Textarea(attrs=AREA),
            )  # fmt: skip
        if one.kind == "choice":
            fields[f"{one.key}_comment"] = forms.CharField(
                label=gettext_lazy("Comment"), max_length=1000, required=False,
                initial=kept.comment if kept else "", widget=forms.Textarea(attrs=AREA),
            )  # fmt: skip
        if one.prove:
            fields[f"{one.key}_evidence"] = forms.CharField(
                label=gettext_lazy("Evidence"), max_length=300, required=False,
                initial=kept.evidence if kept else "",
                help_text=gettext_lazy("A document, a report, a link."),
            )  # fmt: skip
    return type("AnswerForm", (forms.Form,), fields)


def answer(item: AssessmentItem, subject: Subject, values: dict[str, Any]) -> str:
    given = {
        one.key: Given(
            values[one.key],
            values.get(f"{one.key}_comment", ""),
            values.get(f"{one.key}_evidence", ""),
        )
        for one in QUESTIONNAIRES[item.assessment.questions]
        if values[one.key]
    }
    count = answering.answer(subject, item, given, timezone.now())
    return _("%(n)s answers are kept.") % {"n": count}


class ProposalForm(forms.Form):
    """How often, and what one event costs: intervals that hold nine times in ten."""

    often_low = forms.FloatField(label=gettext_lazy("At least so many a year"), min_value=0)
    often_high = forms.FloatField(label=gettext_lazy("At most so many a year"), min_value=0)
    loss_low = forms.IntegerField(
        label=gettext_lazy("One costs at least"), min_value=1, max_value=MOST_AMOUNT,
        help_text=gettext_lazy("In minor units: 100 is 1.00."),
    )  # fmt: skip
    loss_high = forms.IntegerField(
        label=gettext_lazy("One costs at most"), min_value=1, max_value=MOST_AMOUNT,
        help_text=gettext_lazy("In minor units: 100 is 1.00."),
    )  # fmt: skip
    knowledge = forms.ChoiceField(
        label=gettext_lazy("Strength of knowledge"), choices=RiskParameters.Knowledge.choices
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs=AREA)
    )


def propose(item: AssessmentItem, subject: Subject, values: dict[str, Any]) -> str:
    said = {
        "frequency": {"interval": [values["often_low"], values["often_high"]]},
        "severity": {"lognormal": {"interval": [values["loss_low"], values["loss_high"]]}},
        "knowledge": values["knowledge"], "reason": values["reason"],
    }  # fmt: skip
    answering.judge(subject, item, said)
    return _("Proposed; the register takes it over once the assessment is signed.")


def accept(item: AssessmentItem, subject: Subject) -> str:
    answering.judge(subject, item, None)
    return _("The parameters stay.")


def hand_in(item: AssessmentItem, subject: Subject) -> str:
    answering.hand_in(subject, item, timezone.now())
    return _("Handed in.")


def reopen(item: AssessmentItem, subject: Subject, values: dict[str, Any]) -> str:
    answering.reopen(subject, item, values["reason"])
    return _("Given back to be answered again.")


def take(item: AssessmentItem, subject: Subject) -> str:
    made = taking.take_over(subject, item, timezone.now())
    return _("Taken over as version %(n)s of the parameters.") % {"n": made.version}

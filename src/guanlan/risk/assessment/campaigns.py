"""Planning an assessment, opening it, naming who signs, cancelling it.

row = plan(subject, Plan(title=…, kind="quarterly", begin=…, end=…, due=…, signatures=2), now)
name_signer(subject, row, person, "chair of the committee")
open_campaign(subject, row, now)        # each open risk in scope gets an item for its owner
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from msgspec import Struct

from guanlan.core import outbox
from guanlan.core.access import Subject, require, subject_of
from guanlan.core.access.policy import may
from guanlan.core.access.revealing import checked_reason
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.risk.assessment.questions import NEWEST
from guanlan.risk.models import Assessment, AssessmentItem, AssessmentSigner, Product, Risk
from guanlan.risk.models.assessments import ASSESSMENT
from guanlan.risk.terms import CATEGORIES

State = Assessment.State
LEAST_SIGNATURES, MOST_SIGNATURES = 2, 9
LONGEST: Final = dt.timedelta(days=400)

outbox.template(
    "assessment.item",
    names={"risk": 2, "assessment": 2, "due": 2},
    texts={
        "en": (
            "Please assess {risk}",
            "It is part of “{assessment}”. Answers are wanted by {due}.",
        ),
        "zh-hans": ("请评估 {risk}", "该风险属于“{assessment}”，请于 {due} 前作答。"),
        "zh-hant": ("請評估 {risk}", "此風險屬於「{assessment}」，請於 {due} 前作答。"),
    },
)


class Plan(Struct, frozen=True, kw_only=True):
    """What an assessment is about; no products and no categories are all of them."""

    title: str
    kind: str
    begin: dt.date
    end: dt.date
    due: dt.datetime
    signatures: int
    categories: tuple[str, ...] = ()
    products: tuple[Product, ...] = ()
    corrects: Assessment | None = None


def plan(subject: Subject, said: Plan, now: dt.datetime) -> Assessment:
    """Plan an assessment. Raises Denied, ValidationError by field."""
    require(subject, "add", ASSESSMENT)
    title = _checked(said, now)
    row = Assessment(
        title=title, kind=said.kind, begin=said.begin, end=said.end, due=said.due,
        signatures=said.signatures, categories=sorted(set(said.categories)), questions=NEWEST,
        corrects=said.corrects, previous=said.corrects or _previous(said), created=now,
        created_by_id=subject.id,
    )  # fmt: skip
    with act("assessment.add", detail={"kind": said.kind}) as on:
        row.save()
        row.products.set(said.products)
        on(row)
    return row


def change(subject: Subject, row: Assessment, said: Plan, now: dt.datetime) -> Assessment:
    """Plan it otherwise, while it is a draft. Raises Denied, ValidationError by field."""
    require(subject, "change", ASSESSMENT)
    title = _checked(said, now)
    with act("assessment.change", row):
        kept = locked(row, State.DRAFT)
        kept.title, kept.kind, kept.begin, kept.end = title, said.kind, said.begin, said.end
        kept.due, kept.signatures = said.due, said.signatures
        kept.categories = sorted(set(said.categories))
        kept.corrects, kept.previous = said.corrects, said.corrects or _previous(said)
        kept.save()
        kept.products.set(said.products)
    return kept


def _checked(said: Plan, now: dt.datetime) -> str:
    title = " ".join(said.title.split())
    if not 3 <= len(title) <= 120:
        raise ValidationError({"title": _("Write 3 to %(n)s characters.") % {"n": 120}})
    if said.kind not in Assessment.Kind.values:
        raise ValidationError({"kind": _("Choose one of the kinds of assessment.")})
    if not said.begin < said.end <= said.begin + LONGEST:
        text = _("The period ends after it begins, and is a year at most.")
        raise ValidationError({"end": text})
    if said.due <= now:
        raise ValidationError({"due": _("Choose a time that is still to come.")})
    if not LEAST_SIGNATURES <= said.signatures <= MOST_SIGNATURES:
        values = {"low": LEAST_SIGNATURES, "high": MOST_SIGNATURES}
        text = _("Ask for %(low)s to %(high)s signatures.") % values
        raise ValidationError({"signatures": text})
    if not set(said.categories) <= CATEGORIES.keys():
        raise ValidationError({"categories": _("Choose among the kinds of risk.")})
    if said.corrects is not None:
        if said.corrects.state != State.SIGNED:
            raise ValidationError({"corrects": _("Only a signed assessment is corrected.")})
        if said.kind != Assessment.Kind.AD_HOC:
            raise ValidationError({"kind": _("A correction is an ad hoc assessment.")})
    return title


def _previous(said: Plan) -> Assessment | None:
    """The signed one of this kind that ended last before this one begins; of any regular kind
    where there is none."""
    before = Assessment.objects.filter(state=State.SIGNED, end__lte=said.begin).order_by("-end")
    return (
        before.filter(kind=said.kind).first() or before.exclude(kind=Assessment.Kind.AD_HOC).first()
    )


def in_scope(row: Assessment) -> QuerySet[Risk]:
    """The open risks that it is about."""
    risks = Risk.objects.filter(state=Risk.State.OPEN)
    if row.categories:
        risks = risks.filter(category__in=row.categories)
    products = list(row.products.values_list("pk", flat=True))
    if products:
        risks = risks.filter(product__in=products)
    return risks.order_by("code")


def name_signer(subject: Subject, row: Assessment, person: User, role: str) -> AssessmentSigner:
    """Name somebody who signs, in the capacity of `role`. Raises Denied, ValidationError."""
    require(subject, "change", ASSESSMENT)
    said = " ".join(role.split())
    if not 2 <= len(said) <= 80:
        raise ValidationError({"role": _("Write 2 to %(n)s characters.") % {"n": 80}})
    if not person.is_active or not may(subject_of(person), "approve", ASSESSMENT):
        text = _("This person may not sign assessments: their role does not allow it.")
        raise ValidationError({"person": text})
    with act("assessment.signer", row, detail={"person": person.pk}):
        kept = locked(row, State.DRAFT, State.OPEN)
        made, new = AssessmentSigner.objects.get_or_create(
            assessment=kept, person=person, defaults={"role": said}
        )
        if not new:
            raise ValidationError({"person": _("This person is named already.")})
    return made


def remove_signer(subject: Subject, row: Assessment, person: User) -> None:
    """Ask somebody no more. Raises Denied, ValidationError."""
    require(subject, "change", ASSESSMENT)
    with act("assessment.unname", row, detail={"person": person.pk}):
        kept = locked(row, State.DRAFT, State.OPEN)
        if not kept.signers.filter(person=person).delete()[0]:
            raise ValidationError({"person": _("This person is not named.")})


def open_campaign(subject: Subject, row: Assessment, now: dt.datetime) -> int:
    """Give each risk in scope an item for its owner, who is told; how many. Raises Denied,
    ValidationError where nobody could answer or not enough people could sign."""
    require(subject, "change", ASSESSMENT)
    with act("assessment.open", row):
        kept = locked(row, State.DRAFT)
        risks = list(in_scope(kept).select_related("owner"))
        if not risks:
            raise ValidationError(_("No open risk is in its scope."))
        if ownerless := [one.code for one in risks if one.owner is None]:
            raise ValidationError(
                _("These risks have no owner who could answer: %(risks)s.")
                % {"risks": ", ".join(ownerless[:10])}
            )
        named = kept.signers.count()
        if named < kept.signatures:
            raise ValidationError(
                _("%(named)s of %(wanted)s signers are named.")
                % {"named": named, "wanted": kept.signatures}
            )
        if kept.due <= now:
            raise ValidationError(_("Its due date has passed: set another first."))
        items = [
            AssessmentItem(assessment=kept, risk=one, owner=one.owner, due=kept.due)
            for one in risks
        ]
        AssessmentItem.objects.bulk_create(items, batch_size=500)
        kept.state, kept.opened = State.OPEN, now
        kept.save(update_fields=["state", "opened"])
        for item in items:
            if item.owner is None:
                continue
            outbox.send(
                "assessment.item", to=item.owner,
                context={"risk": str(item.risk)[:200], "assessment": kept.title,
                         "due": f"{kept.due:%Y-%m-%d}"},
                about=item, dedup=f"assessment-item-{item.pk}", now=now,
            )  # fmt: skip
    return len(items)


def cancel(subject: Subject, row: Assessment, reason: str) -> None:
    """Give it up, for a reason. Raises Denied, ValidationError."""
    require(subject, "change", ASSESSMENT)
    try:
        why = checked_reason(reason)
    except ValidationError as error:
        raise ValidationError({"reason": error.messages}) from None
    with act("assessment.cancel", row, reason=why):
        kept = locked(row, State.DRAFT, State.OPEN)
        kept.state, kept.reason = State.CANCELLED, why
        kept.save(update_fields=["state", "reason"])


def locked(row: Assessment, *states: str) -> Assessment:
    """The assessment, locked, as it is now. Raises ValidationError in another state."""
    kept = Assessment.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if kept.state == State.SIGNED:
        text = _("It is signed and frozen: correct it by a new ad hoc assessment.")
        raise ValidationError(text)
    if kept.state not in states:
        raise ValidationError(_("It is in another state by now: look again."))
    return kept

"""Which assessments wait for whom."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanlan.risk.models import (
    Assessment,
    AssessmentItem,
    AssessmentSignature,
    AssessmentSigner,
)
from guanlan.risk.registry import address
from guanlan.web.overview import Figure, Glance, Waiting, loop, waits
from guanlan.web.words import number


@loop("assess", noun="risk.assessment", order=30)
def running(glance: Glance) -> Figure:
    """Assessments that are answered or signed."""
    state = Assessment.State
    rows = Assessment.objects.for_user(glance.subject)
    n = rows.filter(state__in=(state.OPEN, state.SIGNING)).count()
    text = ngettext("assessment under way", "assessments under way", n)
    return Figure(number(n), text, address("assessments", "state:open,signing"))


@waits(noun="risk.answer")
def own_items(glance: Glance, most: int) -> Sequence[Waiting]:
    """Risks that they are to judge in an assessment."""
    rows = AssessmentItem.objects.for_user(glance.subject).filter(
        owner=glance.subject.id, state=AssessmentItem.State.OPEN,
        assessment__state=Assessment.State.OPEN,
    )  # fmt: skip
    found = rows.select_related("risk").order_by("due", "pk")[:most]
    return [
        Waiting(_("Risk to be assessed"), str(one.risk), reverse("assessed_risk", args=[one.pk]),
                one.due)
        for one in found
    ]  # fmt: skip


@waits(noun="risk.assessment")
def to_sign(glance: Glance, most: int) -> Sequence[Waiting]:
    """Assessments that they are to sign."""
    me = glance.subject.id
    named = AssessmentSigner.objects.filter(assessment=OuterRef("pk"), person=me)
    said = AssessmentSignature.objects.filter(
        assessment=OuterRef("pk"), person=me, round=OuterRef("round")
    )
    rows = Assessment.objects.for_user(glance.subject).filter(
        Exists(named), ~Exists(said), state=Assessment.State.SIGNING
    )
    return [
        Waiting(_("Assessment to be signed"), one.title, reverse("assessment", args=[one.pk]),
                one.due)
        for one in rows.order_by("due", "pk")[:most]
    ]  # fmt: skip

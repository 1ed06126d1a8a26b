"""Parameters that an owner proposed in an assessment, taken over into the register by another
person once it is signed."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.risk.assessment.gathering import newest
from guanlan.risk.models import Assessment, AssessmentItem, Risk, RiskParameters
from guanlan.risk.value.effects import left_of


def can_take(subject: Subject, item: AssessmentItem) -> bool:
    """Whether it is for this subject: who proposed does not take over."""
    return subject.id is not None and subject.id != item.answered_by_id


def take_over(subject: Subject, item: AssessmentItem, now: dt.datetime) -> RiskParameters:
    """Make the proposed parameters a version of the risk's. Raises Denied, ValidationError."""
    scope = item.risk.product.code if item.risk.product else "*"
    require(subject, "approve", "risk.register", scope=scope)
    if item.verdict != AssessmentItem.Verdict.PROPOSE or item.proposed is None:
        raise ValidationError(_("Nothing is proposed for this risk."))
    if not can_take(subject, item):
        raise ValidationError(_("Who proposed parameters does not take them over."))
    if item.assessment.state != Assessment.State.SIGNED:
        raise ValidationError(_("Proposals are taken over once the assessment is signed."))
    said = item.proposed
    with act("assessment.take", item):
        risk = Risk.objects.select_for_update(of=("self",)).get(pk=item.risk_id)
        versions = newest(risk.parameters.all(), "risk_id")
        last = versions[0] if versions else None
        if last is None:
            raise ValidationError(_("The risk has no parameters yet: state them in the register."))
        if item.answered is not None and last.created > item.answered:
            raise ValidationError(_("Its parameters have changed since they were proposed."))
        left = left_of(risk, now)
        return RiskParameters.objects.create(
            risk=risk, version=last.version + 1, currency=last.currency,
            frequency=said["frequency"], severity=said["severity"], insurance=last.insurance,
            year_insurance=last.year_insurance, basis=RiskParameters.Basis.CURRENT,
            frequency_left=left.frequency, severity_left=left.severity,
            counted_from=now if last.counted_from is not None else None,
            knowledge=said["knowledge"], reason=said["reason"], created=now,
            created_by_id=subject.id, effective=now,
        )  # fmt: skip

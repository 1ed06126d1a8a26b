"""What the owner of a risk answers, and whether its parameters stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may, require
from guanlan.core.access.revealing import checked_reason
from guanlan.core.audit import act
from guanlan.quant import Invalid
from guanlan.risk.assessment.campaigns import locked
from guanlan.risk.assessment.questions import QUESTIONNAIRES, Given, checked, missing
from guanlan.risk.models import Assessment, AssessmentAnswer, AssessmentItem, RiskParameters
from guanlan.risk.models.assessments import ANSWER
from guanlan.risk.value.stated import frequency_of, severity_of

State, Verdict = AssessmentItem.State, AssessmentItem.Verdict
MOST_REASON: Final = 500


def may_answer(subject: Subject, item: AssessmentItem) -> bool:
    """Whether it is theirs: its owner's, or of who may change every answer."""
    scope = item.risk.product.code if item.risk.product else "*"
    if not may(subject, "change", ANSWER, scope=scope):
        return False
    return subject.id == item.owner_id or may(subject, "change", "risk.register", scope=scope)


def answer(
    subject: Subject, item: AssessmentItem, given: Mapping[str, Given], now: dt.datetime
) -> int:
    """Keep answers by their questions' keys; how many. Raises Denied, ValidationError."""
    _mine(subject, item)
    questions = {one.key: one for one in QUESTIONNAIRES[item.assessment.questions]}
    if unknown := given.keys() - questions.keys():
        raise ValidationError(_("There is no question %(key)s.") % {"key": min(unknown)})
    kept = {key: checked(questions[key], one) for key, one in given.items()}
    with act("assessment.answer", item, detail={"answers": len(kept)}):
        _open(item)
        for key, one in kept.items():
            AssessmentAnswer.objects.update_or_create(
                item=item, question=key,
                defaults={"value": one.value, "comment": one.comment, "evidence": one.evidence,
                          "at": now, "by_id": subject.id},
            )  # fmt: skip
    return len(kept)


def judge(subject: Subject, item: AssessmentItem, proposed: Mapping[str, Any] | None) -> None:
    """Say that the parameters stay (None), or propose others: frequency, severity, knowledge,
    reason, as in RiskParameters. Raises Denied, ValidationError by field."""
    _mine(subject, item)
    kept = None if proposed is None else _proposal(proposed)
    verdict = Verdict.ACCEPT if kept is None else Verdict.PROPOSE
    with act("assessment.answer", item, detail={"verdict": verdict.value}):
        _open(item)
        item.verdict, item.proposed = verdict, kept
        item.save(update_fields=["verdict", "proposed"])


def _proposal(said: Mapping[str, Any]) -> dict[str, Any]:
    reason = " ".join(str(said.get("reason", "")).split())
    if not 5 <= len(reason) <= MOST_REASON:
        text = _("Write %(low)s to %(high)s characters.") % {"low": 5, "high": MOST_REASON}
        raise ValidationError({"reason": text})
    if said.get("knowledge") not in RiskParameters.Knowledge.values:
        raise ValidationError({"knowledge": _("Say how strong the knowledge behind it is.")})
    try:
        frequency_of(said["frequency"])
    except (Invalid, KeyError) as error:
        raise ValidationError({"frequency": str(error)}) from None
    try:
        severity_of(said["severity"], None)
    except (Invalid, KeyError) as error:
        raise ValidationError({"severity": str(error)}) from None
    return {
        "frequency": said["frequency"], "severity": said["severity"],
        "knowledge": said["knowledge"], "reason": reason,
    }  # fmt: skip


def hand_in(subject: Subject, item: AssessmentItem, now: dt.datetime) -> None:
    """Say that the risk is assessed. Raises Denied, ValidationError naming what is missing."""
    _mine(subject, item)
    with act("assessment.submit", item):
        _open(item)
        given = dict(item.answers.values_list("question", "value"))
        if left := missing(item.assessment.questions, given):
            raise ValidationError(
                _("%(n)s questions are not answered yet; the first: %(question)s")
                % {"n": len(left), "question": left[0].text}
            )
        if item.verdict == Verdict.NONE:
            raise ValidationError(_("Say whether the parameters stay, or propose others."))
        item.state, item.answered, item.answered_by_id = State.ANSWERED, now, subject.id
        item.save(update_fields=["state", "answered", "answered_by"])


def reopen(subject: Subject, item: AssessmentItem, reason: str) -> None:
    """Give answers back for another look, for a reason. Raises Denied, ValidationError."""
    require(subject, "change", "risk.assessment")
    try:
        why = checked_reason(reason)
    except ValidationError as error:
        raise ValidationError({"reason": error.messages}) from None
    with act("assessment.reopen", item, reason=why):
        locked(item.assessment, Assessment.State.OPEN)
        kept = AssessmentItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
        if kept.state != State.ANSWERED:
            raise ValidationError(_("It is not answered yet."))
        kept.state, kept.answered, kept.answered_by = State.OPEN, None, None
        kept.save(update_fields=["state", "answered", "answered_by"])


def _mine(subject: Subject, item: AssessmentItem) -> None:
    if not may_answer(subject, item):
        # Who may do it everywhere is refused as one whose own it is not.
        require(subject, "approve", ANSWER)


def _open(item: AssessmentItem) -> None:
    """Lock the assessment and the item, and read the item as it is now."""
    locked(item.assessment, Assessment.State.OPEN)
    found = AssessmentItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
    if found.state != State.OPEN:
        raise ValidationError(_("It is answered already: have it opened again first."))
    item.state, item.verdict, item.proposed = found.state, found.verdict, found.proposed

"""Signing: all sign the same text; with the last signature it is frozen.

put_to_signature(subject, row, now)   # every risk answered: the text is made
sign(subject, row, now)               # by each named signer, once, with proof on the page
refuse(subject, row, reason, now)     # back to answering; the next round begins anew
"""

from __future__ import annotations

import datetime as dt
import json

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core import outbox
from guanlan.core.access import Subject, require
from guanlan.core.access.revealing import checked_reason
from guanlan.core.audit import act
from guanlan.quant import Invalid
from guanlan.risk.assessment.campaigns import locked
from guanlan.risk.assessment.gathering import canonical, digest_of, gather, moment, name
from guanlan.risk.models import (
    Assessment,
    AssessmentItem,
    AssessmentSignature,
    AssessmentSigner,
    AssessmentSnapshot,
    RiskValue,
)
from guanlan.risk.models.assessments import ASSESSMENT
from guanlan.risk.value.keeping import latest_value, refresh

State, Said = Assessment.State, AssessmentSignature.Said

outbox.template(
    "assessment.sign",
    names={"assessment": 2},
    texts={
        "en": ("Please sign “{assessment}”", "Every risk in it is answered; you are a signer."),
        "zh-hans": ("请签署“{assessment}”", "其中各项风险均已作答，您是签署人之一。"),
        "zh-hant": ("請簽署「{assessment}」", "其中各項風險均已作答，您是簽署人之一。"),
    },
)


def open_items(row: Assessment) -> list[str]:
    """The codes of the risks that are not answered yet."""
    waiting = row.items.filter(state=AssessmentItem.State.OPEN)
    return list(waiting.order_by("risk__code").values_list("risk__code", flat=True))


def put_to_signature(subject: Subject, row: Assessment, now: dt.datetime) -> str:
    """Make the text that is signed, tell the signers; its digest. Raises Denied, ValidationError
    where a risk is not answered or only those who answered would sign."""
    require(subject, "change", ASSESSMENT)
    _complete(row)
    value = _value(now)
    with act("assessment.to_sign", row, detail={"round": row.round + 1}):
        kept = locked(row, State.OPEN)
        _complete(kept)
        answered = set(kept.items.values_list("answered_by", flat=True))
        signers = list(kept.signers.select_related("person"))
        if len(signers) < kept.signatures:
            raise ValidationError(
                _("%(named)s of %(wanted)s signers are named.")
                % {"named": len(signers), "wanted": kept.signatures}
            )
        if all(one.person_id in answered for one in signers):
            raise ValidationError(_("Name a signer who has answered nothing of it."))
        kept.prepared = canonical(gather(kept, value, now))
        kept.digest = digest_of(kept.prepared)
        kept.state, kept.round, kept.reason = State.SIGNING, kept.round + 1, ""
        kept.save(update_fields=["prepared", "digest", "state", "round", "reason"])
        for one in signers:
            outbox.send(
                "assessment.sign", to=one.person, context={"assessment": kept.title}, about=kept,
                dedup=f"assessment-sign-{kept.pk}-{kept.round}-{one.person_id}", now=now,
            )  # fmt: skip
    return kept.digest


def _value(now: dt.datetime) -> RiskValue | None:
    """The risk value of this moment; None where the register has none yet."""
    try:
        refresh(now, whole=True)
    except Invalid as error:
        text = _("The risk value cannot be computed now: %(why)s") % {"why": str(error)}
        raise ValidationError(text) from None
    return latest_value()


def _complete(row: Assessment) -> None:
    if left := open_items(row):
        raise ValidationError(
            _("%(n)s risks are not answered yet: %(risks)s.")
            % {"n": len(left), "risks": ", ".join(left[:10])}
        )


def signer_of(subject: Subject, row: Assessment) -> AssessmentSigner | None:
    """The subject among its signers."""
    if subject.id is None:
        return None
    return row.signers.filter(person_id=subject.id).first()


def waits_for(subject: Subject, row: Assessment) -> bool:
    """Whether this subject is a signer who has not spoken in this round."""
    return (
        subject.id is not None
        and row.state == State.SIGNING
        and row.signers.filter(person_id=subject.id).exists()
        and not row.said.filter(round=row.round, person_id=subject.id).exists()
    )


def sign(subject: Subject, row: Assessment, now: dt.datetime) -> AssessmentSnapshot | None:
    """Sign; the snapshot where this was the last signature. The page asks for proof of who it is
    first. Raises Denied, ValidationError."""
    kept_signer = _signer(subject, row)
    if row.state == State.OPEN:
        _complete(row)
    with act("assessment.sign", row, detail={"round": row.round, "digest": row.digest}):
        kept = _speak(row, kept_signer, Said.SIGNED, "", now)
        return _freeze(kept, now)


def refuse(subject: Subject, row: Assessment, reason: str, now: dt.datetime) -> None:
    """Refuse to sign, for a reason: it is answered further. Raises Denied, ValidationError."""
    kept_signer = _signer(subject, row)
    try:
        why = checked_reason(reason)
    except ValidationError as error:
        raise ValidationError({"reason": error.messages}) from None
    with act("assessment.refuse", row, reason=why):
        kept = _speak(row, kept_signer, Said.REFUSED, why, now)
        kept.state, kept.prepared, kept.digest, kept.reason = State.OPEN, "", "", why
        kept.save(update_fields=["state", "prepared", "digest", "reason"])


def _signer(subject: Subject, row: Assessment) -> AssessmentSigner:
    require(subject, "approve", ASSESSMENT)
    found = signer_of(subject, row)
    if found is None:
        raise ValidationError(_("You are not among its signers."))
    return found


def _speak(
    row: Assessment, signer: AssessmentSigner, said: str, reason: str, now: dt.datetime
) -> Assessment:
    kept = locked(row, State.SIGNING)
    if kept.digest != row.digest or kept.round != row.round:
        raise ValidationError(_("What is to be signed is another text by now: look again."))
    if kept.said.filter(round=kept.round, person=signer.person_id).exists():
        raise ValidationError(_("You have spoken in this round already."))
    AssessmentSignature.objects.create(
        assessment=kept, round=kept.round, person_id=signer.person_id, role=signer.role,
        said=said, reason=reason, digest=kept.digest, at=now,
    )  # fmt: skip
    return kept


def signatures_of(row: Assessment) -> list[AssessmentSignature]:
    """The signatures under the present text, in the order in which they were given."""
    said = row.said.filter(round=row.round, said=Said.SIGNED).select_related("person")
    return list(said.order_by("at", "pk"))


def enough(row: Assessment, signed: list[AssessmentSignature]) -> bool:
    """Whether so many have signed as are required, one of them without any answer in it."""
    answered = set(row.items.values_list("answered_by", flat=True))
    return len(signed) >= row.signatures and any(one.person_id not in answered for one in signed)


def _freeze(row: Assessment, now: dt.datetime) -> AssessmentSnapshot | None:
    """With the last signature: keep what was signed for good, and its digest in the audit log."""
    signed = signatures_of(row)
    if not enough(row, signed):
        return None
    text = canonical({
        "content": json.loads(row.prepared),
        "content_digest": row.digest,
        "signatures": [written(one) for one in signed],
    })  # fmt: skip
    made = AssessmentSnapshot(assessment=row, text=text, digest=digest_of(text), at=now)
    with act("assessment.freeze", row, detail={"digest": made.digest}):
        made.save(force_insert=True)
        row.state, row.signed = State.SIGNED, now
        row.save(update_fields=["state", "signed"])
    return made


def written(one: AssessmentSignature) -> dict[str, object]:
    """A signature as it is kept in the snapshot."""
    return {
        "person": name(one.person), "role": one.role, "round": one.round, "digest": one.digest,
        "at": moment(one.at),
    }  # fmt: skip

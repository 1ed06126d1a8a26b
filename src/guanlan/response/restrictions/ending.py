"""Lifting, renewing and expiring restrictions, and appeals against them."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Denied, Subject, require
from guanlan.core.audit import act
from guanlan.response.models import Appeal, Restriction, RestrictionState
from guanlan.response.restrictions.holding import ask_sinks
from guanlan.response.restrictions.never import protect
from guanlan.response.restrictions.proposing import check_approver
from guanlan.response.restrictions.terms import APPELLANTS, needs_approval


def _said(text: str, field: str) -> str:
    """A text somebody wrote. Raises ValidationError for one that says nothing."""
    text = text.strip()
    if not 3 <= len(text) <= 2000:
        raise ValidationError({field: _("Write 3 to 2000 characters.")})
    return text


def _in_force(row: Restriction) -> Restriction:
    found = Restriction.objects.select_for_update().get(pk=row.pk)
    if found.state != RestrictionState.IN_FORCE:
        raise ValidationError(_("This restriction is not in force."))
    return found


def lift(
    subject: Subject, row: Restriction, reason: str, now: datetime | None = None
) -> Restriction:
    """End a restriction before its time. Raises Denied, ValidationError."""
    require(subject, "change", "response.restriction")
    return _lift(subject, row, _said(reason, "reason"), now or timezone.now())


def _lift(subject: Subject, row: Restriction, reason: str, now: datetime) -> Restriction:
    with act("restriction.lift", row, detail={"effect": row.effect, "kind": row.kind}):
        found = _in_force(row)
        found.state, found.ended, found.ended_by_id = RestrictionState.LIFTED, now, subject.id
        found.end_reason = reason
        found.save(update_fields=["state", "ended", "ended_by", "end_reason"])
        ask_sinks(found, wanted=False, now=now)
    return found


def renew(
    subject: Subject, row: Restriction, expires: datetime | None, now: datetime | None = None
) -> Restriction:
    """Let it last until another time (None: without an end). Where so long a restriction needs
    approval, somebody who may approve does it, and not its author.

    Raises Denied, ValidationError.
    """
    require(subject, "change", "response.restriction")
    moment = now or timezone.now()
    if expires is not None and expires <= moment:
        raise ValidationError({"expires": _("It must end after it begins, and not in the past.")})
    lasts = None if expires is None else expires - row.starts
    if needs_approval(row.effect, row.kind, lasts, network=row.network):
        check_approver(subject, row)
    with act("restriction.renew", row, detail={"effect": row.effect, "kind": row.kind}):
        found = _in_force(row)
        Restriction.objects.filter(pk=found.pk).update(expires=expires)
        found.expires = expires
        ask_sinks(found, wanted=True, now=moment)
    return found


def expire(now: datetime | None = None) -> int:
    """End what is over; sinks stopped acting on it by the clock already. How many."""
    moment = now or timezone.now()
    over = Restriction.objects.filter(state=RestrictionState.IN_FORCE, expires__lte=moment)
    done = 0
    for row in over.order_by("expires")[:1000]:
        with act("restriction.expire", row), transaction.atomic():
            found = Restriction.objects.select_for_update().get(pk=row.pk)
            if found.state != RestrictionState.IN_FORCE or (found.expires or moment) > moment:
                continue
            Restriction.objects.filter(pk=row.pk).update(
                state=RestrictionState.EXPIRED, ended=row.expires
            )
            ask_sinks(row, wanted=False, now=moment)
            done += 1
    return done


def protect_and_lift(
    subject: Subject, *, kind: str, key: str, reason: str, now: datetime | None = None
) -> tuple[int, int]:
    """Put something on the never-block list; what it forbids is lifted, or refused where it
    waits, in the same transaction. Primary key of the entry, and how many were ended.

    Raises Denied, ValidationError.
    """
    moment = now or timezone.now()
    with transaction.atomic():
        made, forbidden = protect(subject, kind=kind, key=key, reason=reason, now=moment)
        for row in forbidden:
            if row.state == RestrictionState.IN_FORCE:
                _lift(subject, row, reason.strip(), moment)
            else:
                with act("restriction.refuse", row):
                    row.state, row.ended = RestrictionState.REFUSED, moment
                    row.ended_by_id, row.decided = subject.id, moment
                    row.save(update_fields=["state", "ended", "ended_by", "decided"])
    return made.pk, len(forbidden)


def appeal(
    subject: Subject, row: Restriction, *, by: str, text: str, now: datetime | None = None
) -> Appeal:
    """Write down that somebody objects. Raises Denied, ValidationError: not in force, or an
    appeal is open already."""
    require(subject, "add", "response.appeal")
    if by not in APPELLANTS:
        raise ValidationError({"by": _("Choose who objects.")})
    said = _said(text, "text")
    try:
        with act("restriction.appeal", row, detail={"by": by}), transaction.atomic():
            _in_force(row)
            return Appeal.objects.create(
                restriction=row, by=by, text=said, received=now or timezone.now(),
                recorded_by_id=subject.id,
            )  # fmt: skip
    except IntegrityError:
        raise ValidationError(_("An appeal against it is open already.")) from None


def decide_appeal(
    subject: Subject, one: Appeal, *, lifts: bool, answer: str, now: datetime | None = None
) -> Appeal:
    """Lift the restriction, or uphold it. Raises Denied to who authored the restriction or
    agreed to it, ValidationError where it was decided before."""
    require(subject, "approve", "response.appeal")
    moment = now or timezone.now()
    restriction = one.restriction
    if subject.id is not None and subject.id in (restriction.author_id, restriction.approver_id):
        raise Denied(
            f"{subject.name} may not decide on their own restriction", "approve", "response.appeal"
        )
    said = _said(answer, "answer")
    with act("restriction.appeal_decided", restriction, detail={"lifts": lifts}):
        found = Appeal.objects.select_for_update().get(pk=one.pk)
        if found.outcome != "open":
            raise ValidationError(_("This was decided already."))
        found.outcome = "lifted" if lifts else "upheld"
        found.decided, found.decided_by_id, found.answer = moment, subject.id, said
        found.save(update_fields=["outcome", "decided", "decided_by", "answer"])
        now_row = Restriction.objects.get(pk=restriction.pk)
        if lifts and now_row.state == RestrictionState.IN_FORCE:
            _lift(subject, now_row, said, moment)
    return found

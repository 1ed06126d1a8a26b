"""Deciding on the customer of a case: written down, and where it restricts, done."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access import Subject
from guanlan.core.audit import act
from guanlan.response.cases.finding import open_row, reason_of
from guanlan.response.cases.handling import answered
from guanlan.response.cases.terms import TOLD_BY
from guanlan.response.cases.timeline import enter
from guanlan.response.entities import Named
from guanlan.response.models import Case, CaseDecision, CaseEntity, EntityRef, Restriction
from guanlan.response.restrictions import Terms, propose

What = CaseDecision.What
LONGEST_DAYS: Final = 365
SLACK: Final = dt.timedelta(minutes=1)  # a form says whole minutes


def decide(
    subject: Subject,
    case: Case,
    what: str,
    reason: str,
    *,
    entity: int | None = None,
    reason_code: str = "inquiry",
    days: int = 7,
    way: str = "",
    told: dt.datetime | None = None,
    now: dt.datetime,
) -> CaseDecision:
    """Write down what was decided about the customer, an entity of the case by its number. A
    decision is never changed: a later one stands above it.

    To restrict blocks the entity for so many days, by the rules of restrictions: it may wait for
    another's approval. That the customer was notified says by which `way` (one of TOLD_BY) a person
    did so and when: nothing is sent from here, where entities have keys and no address. Raises
    Denied, or ValidationError by field.
    """
    said = reason_of(reason)
    if what not in What.values:
        raise ValidationError({"what": _("Choose one of the decisions listed.")})
    if what == What.RESTRICT and entity is None:
        raise ValidationError({"entity": _("Choose whom or what to restrict.")})
    if not 1 <= days <= LONGEST_DAYS:
        raise ValidationError({"days": _("From 1 to %(n)s days.") % {"n": LONGEST_DAYS}})
    notified = what == What.NOTIFY
    if notified:
        _check_told(way, told, now)
    with act("case.decide", case, detail={"what": what}):
        row = open_row(subject, case)
        named = EntityRef.objects.filter(case_parts__case=row)
        ref = None if entity is None else named.filter(pk=entity).first()
        if entity is not None and ref is None:
            raise ValidationError({"entity": _("The case is not about this entity.")})
        made = CaseDecision(
            case=row, what=what, entity=ref, reason=said, made=now, made_by_id=subject.id,
            way=way if notified else "", told=told if notified else None,
        )  # fmt: skip
        if what == What.RESTRICT and ref is not None:
            made.restriction = _restrict(subject, row, ref, said, reason_code, days, now)
        answered(row, subject, now)
        row.save()
        made.save(force_insert=True)
        values: dict[str, str | int | None] = {"what": what}
        if made.told is not None:
            values |= {"way": way, "told": made.told.isoformat()}
        enter(row, "decided", now, subject, text=said, values=values)
    return made


def _check_told(way: str, told: dt.datetime | None, now: dt.datetime) -> None:
    wrong = {}
    if way not in TOLD_BY:
        wrong["way"] = _("Say by which way the customer was notified: nothing is sent from here.")
    if told is None or told > now + SLACK:
        wrong["told"] = _("Say when the customer was notified: now or before.")
    if wrong:
        raise ValidationError(wrong)


def _restrict(
    subject: Subject, row: Case, ref: EntityRef, reason: str, code: str, days: int, now: dt.datetime
) -> Restriction:
    terms = Terms(
        effect="block", reason_code=code, reason=reason, expires=now + dt.timedelta(days=days)
    )
    named = Named(ref.kind, str(ref.key))
    try:
        return propose(subject, named, terms, origin=("response.case", str(row.pk)), now=now)
    except ValidationError as error:
        # Its fields are those of another form: what is wrong is said beside the entity.
        raise ValidationError({"entity": error.messages}) from None


def entities_of(subject: Subject, case: Case) -> list[CaseEntity]:
    """Whom a decision may be about, by whom the case is grouped first."""
    rows = CaseEntity.objects.for_user(subject).filter(case=case).select_related("entity")
    return list(rows.order_by("-grouping", "pk")[:50])

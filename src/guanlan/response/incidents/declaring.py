"""Declaring an incident: title, category and impact; the rest is derived."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.core.jobs import nudge
from guanlan.core.models import User
from guanlan.response.incidents.commanding import ask, duty_of
from guanlan.response.incidents.finding import NOUN
from guanlan.response.incidents.matrix import matrix_in_force
from guanlan.response.incidents.roles import put_in_role
from guanlan.response.incidents.telling import tell_declared
from guanlan.response.incidents.timeline import Value, enter
from guanlan.response.models import DeclarationCriterion, Incident
from guanlan.response.terms import CATEGORIES

LONGEST_TITLE = 120
FOLLOW = "incidents.follow"  # the job that starts plans and reminds of news
LONGEST_SUMMARY = 4000


def declare(
    subject: Subject,
    title: str,
    category: str,
    impact: str,
    *,
    now: dt.datetime,
    urgency: str = "medium",
    summary: str = "",
    occurred: dt.datetime | None = None,
    known: dt.datetime | None = None,
    confidential: bool = False,
    channel: str = "",
    commander: User | None = None,
    criterion: DeclarationCriterion | None = None,
) -> Incident:
    """Declare an incident; `known` is now where it is not said, and `occurred` stays unknown.

    Severity and deadlines come from the matrix in force; whoever declares by hand commands it
    unless another is named. Where a `criterion` declares it, nobody does yet. Who is on duty for
    its category is asked to take command, and the plan of its category starts where the matrix
    says so.
    Those who manage incidents are told.
    Raises Denied, or ValidationError by field.
    """
    require(subject, "add", NOUN)
    matrix = matrix_in_force()
    severity = matrix.severity(impact, urgency)
    since = known or now
    row = Incident(
        title=_title(title),
        summary=_summary(summary),
        category=_category(category),
        severity=int(severity),
        impact=impact,
        urgency=urgency,
        matrix=matrix.version,
        confidential=confidential,
        how="criterion" if criterion else "by_hand",
        by_criterion=criterion,
        criterion=criterion.name if criterion else "",
        channel=channel.strip()[:120],
        occurred=occurred,
        known=since,
        declared=now,
        declared_by_id=subject.id,
        stable_due=matrix.stable_by(severity, since),
        update_due=matrix.told_by(severity, now),
    )
    if matrix.starts_plan(impact, urgency):
        row.to_start_id = matrix.plans.get(row.category)
    _in_order(row, now)
    detail = {"category": category, "severity": severity.name, "how": row.how}
    with act("incident.declare", detail=detail) as on:
        row.save()
        on(row)
        values: dict[str, Value] = {"severity": int(severity), "criterion": row.criterion}
        enter(row, "declared", now, subject, values=values)
        if commander is not None:
            put_in_role(row, "commander", commander, subject, now)
        elif subject.id is not None and not criterion:
            put_in_role(row, "commander", User.objects.get(pk=subject.id), subject, now)
        row.save()
        on_duty = duty_of(row.category, now) if commander is None else None
        if on_duty is not None and on_duty.pk != row.commander_id:
            ask(row, on_duty, now)
        if row.to_start_id is not None:
            transaction.on_commit(lambda: nudge(FOLLOW), robust=True)
        tell_declared(row, now)
    return row


def _title(text: str) -> str:
    said = " ".join(text.replace("\0", "").split())
    if not 3 <= len(said) <= LONGEST_TITLE:
        values = {"n": LONGEST_TITLE}
        raise ValidationError({"title": _("Write 3 to %(n)s characters.") % values})
    return said


def _summary(text: str) -> str:
    said = text.replace("\0", "").strip()
    if len(said) > LONGEST_SUMMARY:
        text = _("At most %(n)s characters.") % {"n": LONGEST_SUMMARY}
        raise ValidationError({"summary": text})
    return said


def _category(name: str) -> str:
    if name not in CATEGORIES:
        text = _("The category is one of %(names)s.") % {"names": ", ".join(CATEGORIES)}
        raise ValidationError({"category": text})
    return name


def _in_order(row: Incident, now: dt.datetime) -> None:
    if row.known > now:
        raise ValidationError({"known": _("This is in the future.")})
    if row.occurred is not None and row.occurred > row.known:
        text = _("It cannot have occurred after it was known.")
        raise ValidationError({"occurred": text})

"""How an incident goes on: severity, stable, closed, opened again, what it is tied to.

Clocks run from when it was known and are never set back: opening again gives no new time, and of
two deadlines the earlier holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from guanlan.core.access import Subject
from guanlan.core.audit import act
from guanlan.response.incidents.duties import follow_severity, handled, open_clocks
from guanlan.response.incidents.finding import locked, reason_of
from guanlan.response.incidents.matrix import matrix_in_force
from guanlan.response.incidents.timeline import enter
from guanlan.response.models import Incident, IncidentLink, IncidentTask, Plan, PlanRun
from guanlan.response.plans.cacao import Value
from guanlan.response.plans.running import start_run
from guanlan.response.terms import Severity

State = Incident.State


def change_severity(
    subject: Subject, incident: Incident, severity: Severity, reason: str, *, now: dt.datetime
) -> Incident:
    """Make it more or less severe; of two deadlines the earlier holds. Raises Denied, or
    ValidationError by field."""
    said = reason_of(reason)
    with act("incident.severity", incident, detail={"to": severity.name}):
        row = locked(subject, incident)
        _open(row)
        if row.severity == severity:
            raise ValidationError({"severity": _("It has this severity already.")})
        matrix = matrix_in_force()
        row.stable_due = earlier(row.stable_due, matrix.stable_by(severity, row.known))
        row.update_due = earlier(row.update_due, matrix.told_by(severity, now))
        values = {"from": row.severity, "to": int(severity)}
        row.severity, row.matrix = int(severity), None
        row.save()
        enter(row, "severity", now, subject, text=said, values=values)
        follow_severity(row, now)
    return row


def earlier(one: dt.datetime | None, other: dt.datetime | None) -> dt.datetime | None:
    """The earlier of two deadlines; None is no deadline."""
    there = [at for at in (one, other) if at is not None]
    return min(there) if there else None


def stabilise(
    subject: Subject, incident: Incident, *, now: dt.datetime, at: dt.datetime | None = None
) -> Incident:
    """Say that it does no more harm, since `at` or now. Raises Denied, or ValidationError."""
    moment = at or now
    with act("incident.stable", incident):
        row = locked(subject, incident)
        if row.state != State.ACTIVE:
            raise ValidationError(_("Only an active incident becomes stable."))
        if not row.known <= moment <= now:
            text = _("This is between when it was known and now.")
            raise ValidationError({"at": text})
        row.state, row.stable = State.STABLE, moment
        row.save()
        enter(row, "stable", moment, subject, written=now)
        handled(row, moment, now)
    return row


def close(subject: Subject, incident: Incident, *, now: dt.datetime, reason: str = "") -> Incident:
    """Close a stable incident and end its roles; its clocks run on. One that is not stable, or has
    open tasks or clocks, needs a reason. Raises Denied, or ValidationError by field."""
    said = reason_of(reason) if reason.strip() else ""
    with act("incident.close", incident):
        row = locked(subject, incident)
        _open(row)
        left = row.tasks.filter(state=IncidentTask.State.OPEN).count()
        others = row.roles.filter(renounced_at=None).exclude(role="commander").count()
        clocks = open_clocks(row)
        active = row.state == State.ACTIVE
        if (left or others or clocks or active) and not said:
            raise ValidationError({"reason": _why_not(row, left, others, clocks)})
        row.state, row.closed, row.closed_by_id = State.CLOSED, now, subject.id
        row.closed_with, row.commander, row.update_due = left, None, None
        row.save()
        row.roles.filter(renounced_at=None).update(renounced_at=now)
        if active:
            handled(row, now, now)
        enter(row, "closed", now, subject, text=said, values={"tasks": left, "roles": others})
    return row


def _why_not(row: Incident, left: int, others: int, clocks: int) -> str:
    if row.state == State.ACTIVE:
        return _("It is not stable yet: say why it is closed all the same.")
    if left:
        return _("%(n)s tasks are open: say why it is closed all the same.") % {"n": left}
    if clocks:
        text = _("%(n)s clocks wait for a report and run on: say why it is closed all the same.")
        return text % {"n": clocks}
    return _("%(n)s roles are held: end them, or say why it is closed.") % {"n": others}


def reopen(subject: Subject, incident: Incident, reason: str, *, now: dt.datetime) -> Incident:
    """Open it again, with the deadlines it had; how long it took is counted to the next time it
    is stable. Raises Denied, or ValidationError by field."""
    said = reason_of(reason)
    with act("incident.reopen", incident):
        row = locked(subject, incident)
        if row.state == State.ACTIVE:
            raise ValidationError(_("It is active."))
        row.state, row.stable, row.closed, row.closed_by = State.ACTIVE, None, None, None
        row.reviewed = None
        row.reopened += 1
        row.update_due = earlier(row.update_due, matrix_in_force().told_by(row.severity, now))
        row.save()
        enter(row, "reopened", now, subject, text=said)
    return row


def link(
    subject: Subject, incident: Incident, noun: str, key: str, *, now: dt.datetime
) -> IncidentLink:
    """Tie something to it, by its noun and key; whoever calls this has seen that it is there.
    Raises Denied, or ValidationError where it is tied already."""
    with act("incident.link", incident, detail={"noun": noun, "key": key}):
        row = locked(subject, incident)
        if row.links.filter(noun=noun, key=key).exists():
            raise ValidationError({"key": _("It is tied to this incident already.")})
        tie = IncidentLink(incident=row, noun=noun, key=key, added=now, added_by_id=subject.id)
        tie.save()
        enter(row, "linked", now, subject, values={"noun": noun, "key": key})
    return tie


def start_plan(
    subject: Subject,
    incident: Incident,
    plan: Plan,
    *,
    now: dt.datetime,
    variables: Mapping[str, Value] | None = None,
) -> PlanRun:
    """Carry out a plan because of it. Raises Denied, or ValidationError where the plan has no
    approved version or a variable does not fit."""
    with transaction.atomic():
        _open(locked(subject, incident))
    # By itself: a run writes each step down before the next one, in transactions of its own.
    origin = (incident._meta.label_lower, str(incident.pk))
    run = start_run(subject, plan, now=now, origin=origin, variables=variables)
    with act("incident.plan", incident, detail={"plan": plan.pk}):
        row = locked(subject, incident)
        enter(row, "plan", now, subject, values=_named(plan) | {"run": run.pk})
    return run


def _named(plan: Plan) -> dict[str, str | int | None]:
    """The plan's name in each language it has, since others read the timeline later."""
    names: dict[str, str | int | None] = {"plan": plan.name}
    return names | {f"title_{language}": name for language, name in plan.titles.items() if name}


def _open(row: Incident) -> None:
    if row.state == State.CLOSED:
        raise ValidationError(_("The incident is closed."))

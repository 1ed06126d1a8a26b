"""What a case leads to: a plan that is carried out, an incident that is declared."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from guanlan.core.access import Subject
from guanlan.core.audit import act
from guanlan.response.cases.finding import NOUN, open_row
from guanlan.response.cases.handling import answered
from guanlan.response.cases.timeline import enter
from guanlan.response.incidents.declaring import declare
from guanlan.response.incidents.moving import link
from guanlan.response.models import Case, Incident, Plan, PlanRun
from guanlan.response.plans.running import start_run


def start_plan(subject: Subject, case: Case, plan: Plan, *, now: dt.datetime) -> PlanRun:
    """Carry out a plan because of it. Raises Denied, or ValidationError where the plan has no
    approved version."""
    with transaction.atomic():
        open_row(subject, case)
    # By itself: a run writes each step down before the next one, in transactions of its own.
    run = start_run(subject, plan, now=now, origin=(NOUN, str(case.pk)))
    with act("case.plan", case, detail={"plan": plan.pk}):
        row = open_row(subject, case)
        answered(row, subject, now)
        row.save()
        enter(row, "plan", now, subject, values={"name": plan.name})
    return run


def declare_incident(
    subject: Subject, case: Case, title: str, impact: str, urgency: str, *, now: dt.datetime
) -> Incident:
    """Declare an incident of the case's category, known since the case was opened, and tie the
    case to it. Raises Denied, or ValidationError by field."""
    with act("case.incident", case):
        row = open_row(subject, case)
        made = declare(
            subject, title, row.category, impact, urgency=urgency, known=row.opened, now=now
        )
        link(subject, made, NOUN, str(row.pk), now=now)
        answered(row, subject, now)
        row.save()
        enter(row, "incident", now, subject, values={"name": f"#{made.pk} {made.title}"})
    return made

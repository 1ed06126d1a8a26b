"""Automatic steps that speak to the rest of response."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy, gettext_noop

from guanlan.core.access import SYSTEM
from guanlan.core.audit import act
from guanlan.response.cases.opening import open_case as open_by_hand
from guanlan.response.cases.timeline import enter
from guanlan.response.entities import Named
from guanlan.response.incidents.declaring import declare
from guanlan.response.models import Alert, AlertEntity, Case, CaseLink, Incident, IncidentLink
from guanlan.response.plans.origins import entities_of
from guanlan.response.plans.registry import (
    Parameter,
    Result,
    StepContext,
    StepFailed,
    playbook_step,
)
from guanlan.response.restrictions.proposing import Terms, propose
from guanlan.response.terms import Severity


@playbook_step(
    "restrict",
    gettext_lazy("Restrict entities"),
    {
        "kind": Parameter(gettext_lazy("Kind of the entities, such as user")),
        "effect": Parameter(gettext_lazy("block, limit or watch")),
        "capabilities": Parameter(
            gettext_lazy("Capabilities, separated by commas; empty: any"), required=False
        ),
        "reason_code": Parameter(gettext_lazy("Reason, by its name in the list of reasons")),
        "hours": Parameter(gettext_lazy("For how many hours, at most 720"), "whole"),
    },
    outside=True,
)
def restrict(
    context: StepContext,
    kind: str,
    effect: str,
    reason_code: str,
    hours: int,
    capabilities: str = "",
) -> Result:
    """Restrict every entity of a kind that the alert, case or incident speaks of, for some hours.
    Who stands on the never-block list is left out and counted."""
    asked = tuple(part for part in capabilities.replace(" ", "").split(",") if part)
    terms = Terms(
        effect=effect,
        capabilities=asked or ("any",),
        reason_code=reason_code,
        expires=context.now + dt.timedelta(hours=max(hours, 0)),
    )
    done = refused = 0
    why = ""
    for entity in entities_of(context, kind):
        try:
            propose(
                SYSTEM,
                Named(entity.kind, entity.key),
                terms,
                automatic=True,
                origin=("response.planrun", str(context.run)),
                key=f"{context.key}:{entity.pk}",
                now=context.now,
            )
        except ValidationError as error:
            refused, why = refused + 1, error.messages[0]
        else:
            done += 1
    if not done:
        raise StepFailed(gettext_noop("Nothing was restricted: %(why)s"), why=why)
    return Result(
        gettext_noop("%(n)s restricted, %(refused)s not."), {"n": done, "refused": refused}
    )


@restrict.rehearsed
def _rehearse_restrict(context: StepContext, kind: str, **_asked: object) -> Result:
    return Result(
        gettext_noop("Would have restricted each entity of the kind %(kind)s."), {"kind": kind}
    )


@playbook_step(
    "declare_incident",
    gettext_lazy("Declare an incident"),
    {
        "title": Parameter(gettext_lazy("Title")),
        "category": Parameter(gettext_lazy("Category of risk")),
        "impact": Parameter(gettext_lazy("Impact")),
        "urgency": Parameter(gettext_lazy("Urgency"), required=False),
    },
    outside=True,
)
def declare_incident(
    context: StepContext, title: str, category: str, impact: str, urgency: str = "medium"
) -> Result:
    """Declare an incident in the name of the run; who commands it is settled by people."""
    try:
        made = declare(
            SYSTEM,
            title,
            category,
            impact,
            urgency=urgency,
            now=context.now,
        )
    except ValidationError as error:
        raise StepFailed(
            gettext_noop("The incident was not declared: %(why)s"), why=error.messages[0]
        ) from None
    return Result(gettext_noop("Incident %(n)s is declared."), {"n": made.pk})


@declare_incident.rehearsed
def _rehearse_incident(context: StepContext, title: str, **_asked: object) -> Result:
    return Result(gettext_noop("Would have declared an incident: %(title)s."), {"title": title})


@playbook_step(
    "open_case",
    gettext_lazy("Open a case"),
    {
        "title": Parameter(gettext_lazy("Title, where one is opened")),
        "category": Parameter(gettext_lazy("Category of risk"), required=False),
        "severity": Parameter(gettext_lazy("Severity, such as high"), required=False),
    },
    outside=True,
)
def open_case(context: StepContext, title: str, category: str = "", severity: str = "") -> Result:
    """Have what the run was started for worked on in a case: the one it is in, where that is open,
    else a new one with the entities of the alert."""
    found, alert = _case_of(context)
    if found is not None and found.live:
        enter(found, "plan", context.now, SYSTEM, values={"name": f"#{context.run}"})
        return Result(gettext_noop("Case %(n)s is open already."), {"n": found.pk})
    asked = severity or (Severity(alert.severity).name if alert is not None else "medium")
    if asked not in Severity.__members__:
        raise StepFailed(gettext_noop("There is no such severity: %(name)s."), name=asked[:32])
    parts = AlertEntity.objects.filter(alert=alert).select_related("entity").order_by("pk")
    try:
        made = open_by_hand(
            SYSTEM,
            title=title,
            category=category or (alert.category if alert is not None else ""),
            severity=Severity[asked],
            entities=[(one.role, Named(one.entity.kind, one.entity.key)) for one in parts],
            now=context.now,
        )
    except ValidationError as error:
        raise StepFailed(
            gettext_noop("No case was opened: %(why)s"), why=error.messages[0]
        ) from None
    if found is not None:
        with act("case.link", made, detail={"other": found.pk}):
            CaseLink.objects.create(
                case=made, other=found, kind=CaseLink.Kind.RELATED, added=context.now
            )
            enter(made, "linked", context.now, SYSTEM, values={"case": found.pk})
    elif alert is not None:
        with act("case.group", ("response.case", str(made.pk)), detail={"alerts": 1, "opened": 0}):
            Alert.objects.filter(pk=alert.pk).update(case=made, case_pending=False)
            Case.objects.filter(pk=made.pk).update(alert_count=1)
            enter(made, "joined", context.now, SYSTEM, values={"n": 1})
    enter(made, "plan", context.now, SYSTEM, values={"name": f"#{context.run}"})
    return Result(gettext_noop("Case %(n)s is opened."), {"n": made.pk})


@open_case.rehearsed
def _rehearse_case(context: StepContext, title: str, **_asked: object) -> Result:
    return Result(gettext_noop("Would have opened a case: %(title)s."), {"title": title})


def _case_of(context: StepContext) -> tuple[Case | None, Alert | None]:
    """The case of what the run was started for, and the alert where it was one; locked, since
    alerts are grouped into cases at the same time."""
    label, identity = context.origin
    alert, number = None, 0
    if label == Alert._meta.label_lower:
        alert = Alert.objects.select_for_update().filter(pk=identity).first()
        number = (alert.case_id or 0) if alert is not None else 0
    elif label == Case._meta.label_lower:
        number = int(identity)
    elif label == Incident._meta.label_lower:
        ties = IncidentLink.objects.filter(incident_id=identity, noun=Case._meta.label_lower)
        tied = Case.objects.filter(pk__in=[int(key) for key in ties.values_list("key", flat=True)])
        number = tied.order_by("-live", "-pk").values_list("pk", flat=True).first() or 0
    case = Case.objects.select_for_update().filter(pk=number).first()
    while case is not None and case.merged_into_id is not None:
        case = Case.objects.select_for_update().get(pk=case.merged_into_id)
    return case, alert

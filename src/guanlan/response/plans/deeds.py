"""Automatic steps that speak to the rest of response."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy, gettext_noop

from guanlan.core.access import SYSTEM
from guanlan.core.audit import act
from guanlan.response.cases.opening import open_case as open_by_hand
from guanlan.response.cases.timeline import enter
from guanlan.response.entities import Named
from guanlan.response.incidents.declaring import declare
from guanlan.response.incidents.moving import link
from guanlan.response.models import (
    Alert,
    AlertEntity,
    Case,
    CaseEntity,
    CaseLink,
    Incident,
    IncidentLink,
)
from guanlan.response.plans.origins import MOST, entities_of
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
    else a new one with its entities, of its category and severity where none are named."""
    about = _about(context)
    found = about.case
    if found is not None and found.live:
        enter(found, "plan", context.now, SYSTEM, values={"name": f"#{context.run}"})
        return Result(gettext_noop("Case %(n)s is open already."), {"n": found.pk})
    source = about.incident or (about.alerts[0] if about.alerts else found)
    asked = severity or Severity(source.severity if source else Severity.medium).name
    if asked not in Severity.__members__:
        raise StepFailed(gettext_noop("There is no such severity: %(name)s."), name=asked[:32])
    try:
        made = open_by_hand(
            SYSTEM,
            title=title,
            category=category or (source.category if source else ""),
            severity=Severity[asked],
            entities=about.entities(),
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
    if free := [one.pk for one in about.alerts if one.case_id is None]:
        detail = {"alerts": len(free), "opened": 0}
        with act("case.group", ("response.case", str(made.pk)), detail=detail):
            Alert.objects.filter(pk__in=free).update(case=made, case_pending=False)
            Case.objects.filter(pk=made.pk).update(alert_count=len(free))
            enter(made, "joined", context.now, SYSTEM, values={"n": len(free)})
    if about.incident is not None:
        link(SYSTEM, about.incident, Case._meta.label_lower, str(made.pk), now=context.now)
    enter(made, "plan", context.now, SYSTEM, values={"name": f"#{context.run}"})
    return Result(gettext_noop("Case %(n)s is opened."), {"n": made.pk})


@open_case.rehearsed
def _rehearse_case(context: StepContext, title: str, **_asked: object) -> Result:
    return Result(gettext_noop("Would have opened a case: %(title)s."), {"title": title})


class _About(NamedTuple):
    """What a run was started for: its alerts, the case it is in, and the incident that it is."""

    alerts: list[Alert]
    case: Case | None = None
    incident: Incident | None = None

    def entities(self) -> list[tuple[str, Named]]:
        """What its alerts speak of, by role; without alerts, what its case does."""
        parts: list[AlertEntity] | list[CaseEntity]
        if self.alerts:
            rows = AlertEntity.objects.filter(alert__in=self.alerts)
            parts = list(rows.select_related("entity").order_by("pk")[:MOST])
        else:
            parts = list(CaseEntity.objects.filter(case=self.case).select_related("entity")[:MOST])
        return [(one.role, Named(one.entity.kind, one.entity.key)) for one in parts]


def _about(context: StepContext) -> _About:
    """What the run was started for; alerts and cases locked, since alerts are grouped into cases
    at the same time."""
    label, identity = context.origin
    if label == Alert._meta.label_lower:
        alerts = _alerts([identity])
        return _About(alerts, _open_first([one.case_id for one in alerts]))
    if label == Case._meta.label_lower:
        return _About([], _open_first([int(identity)]))
    if label != Incident._meta.label_lower:
        return _About([])
    ties = list(IncidentLink.objects.filter(incident_id=identity).values_list("noun", "key"))
    alerts = _alerts([key for noun, key in ties if noun == Alert._meta.label_lower])
    cases = [int(key) for noun, key in ties if noun == Case._meta.label_lower]
    numbers = [*cases, *(one.case_id for one in alerts)]
    incident = Incident.objects.filter(pk=identity).first()
    return _About(alerts, _open_first(numbers), incident)


def _alerts(keys: list[str]) -> list[Alert]:
    rows = Alert.objects.select_for_update().filter(pk__in=[int(key) for key in keys])
    return list(rows.order_by("pk")[:MOST])


def _open_first(numbers: list[int | None]) -> Case | None:
    """Of these cases, or those that they were merged into, the newest that is open; else the
    newest; None where there are none."""
    found: dict[int, Case] = {}
    wanted = {number for number in numbers if number is not None}
    while wanted:
        rows = Case.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
        found |= {row.pk: row for row in rows}
        merged = {row.merged_into_id for row in found.values() if row.merged_into_id is not None}
        wanted = merged - found.keys()
    ends = [row for row in found.values() if row.merged_into_id is None]
    return max(ends, key=lambda row: (row.live, row.pk), default=None)

"""Automatic steps that speak to the rest of response."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy, gettext_noop

from guanlan.core.access import SYSTEM
from guanlan.response.entities import Named
from guanlan.response.incidents.declaring import declare
from guanlan.response.plans.origins import entities_of
from guanlan.response.plans.registry import (
    Parameter,
    Result,
    StepContext,
    StepFailed,
    playbook_step,
)
from guanlan.response.restrictions.proposing import Terms, propose


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

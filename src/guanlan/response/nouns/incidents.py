"""What the policy says of incidents.

Everybody who responds sees incidents and works on them; who manages incidents also sees those
that are confidential, and keeps the matrix of severities.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.core.audit.acts import declare_acts
from guanlan.response.nouns.roles import INFORMED, RESPONDERS, REVEALS, each

_LEADERS: Final = ("risk_owner", "security_engineer", "operations")
_ALL: Final = (*RESPONDERS, *INFORMED)
_WORKING: Final = (*RESPONDERS, "customer_service", "communications")


def declare() -> None:
    """Register the nouns, and name what is done with them."""
    declare_acts(
        {
            "criterion.add": _("Add a criterion for incidents"),
            "criterion.change": _("Change a criterion for incidents"),
            "criterion.meet": _("Find that a criterion for incidents is met"),
            "criterion.switch": _("Put a criterion for incidents in or out of force"),
            "incident.assume": _("Give a role in an incident"),
            "incident.close": _("Close an incident"),
            "incident.cost": _("Add a cost of an incident"),
            "incident.declare": _("Declare an incident"),
            "incident.link": _("Tie something to an incident"),
            "incident.note": _("Write in the timeline of an incident"),
            "incident.plan_missing": _("Find that the plan of an incident cannot start"),
            "incident.plan": _("Start a plan for an incident"),
            "incident.renounce": _("End a role in an incident"),
            "incident.reopen": _("Open an incident again"),
            "incident.review": _("Review an incident"),
            "incident.severity": _("Change the severity of an incident"),
            "incident.stable": _("Say that an incident is stable"),
            "incident.task": _("Add a task to an incident"),
            "incident.task_done": _("Say that a task is done"),
            "incident.task_drop": _("Drop a task"),
            "incident.task_verify": _("Verify a task"),
            "incident.update": _("Record news about an incident"),
            "matrix.add": _("Put a matrix of severities in force"),
        }
    )
    rights = (
        each(_ALL)
        | each(_WORKING, "see add change export")
        | each(("risk_owner", "security_engineer"), "see add change export manage")
    )
    for noun, title in (
        ("response.incident", _("Incidents")),
        ("response.incidenttask", _("Tasks of incidents")),
    ):
        register_noun(
            noun,
            title,
            level=3,
            verbs="see add change export reveal manage",
            rights=rights,
            reveals=REVEALS,
        )
    register_noun(
        "response.declarationcriterion",
        _("Criteria for incidents"),
        verbs="see add change export",
        rights=each(_ALL) | each(_LEADERS, "see add change export"),
    )
    register_noun(
        "response.severitymatrix",
        _("Matrix of severities"),
        verbs="see add export",
        rights=each(_ALL) | each(_LEADERS, "see add export"),
    )

"""What the policy says of cases.

Who responds works on cases; closing a severe one is confirmed by another of those who approve.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.core.audit.acts import declare_acts
from guanlan.response.nouns.roles import INFORMED, RESPONDERS, REVEALS, each

_ALL: Final = (*RESPONDERS, *INFORMED)
_WORKING: Final = (*RESPONDERS, "customer_service")
_ARRANGING: Final = ("risk_owner", "scenario_approver", "security_engineer", "compliance_officer")


def declare() -> None:
    """Register the nouns, and name what is done with them."""
    declare_acts(
        {
            "case.group": _("Group alerts into cases"),
            "case.open": _("Open a case"),
            "case.acknowledge": _("Acknowledge a case"),
            "case.contain": _("Contain a case"),
            "case.assign": _("Give a case to a person"),
            "case.queue": _("Put a case into a queue"),
            "case.severity": _("Change the severity of a case"),
            "case.amount": _("Change the amount at stake in a case"),
            "case.title": _("Change the title of a case"),
            "case.wait": _("Have a case wait for the customer"),
            "case.resume": _("Go on with a case that waited"),
            "case.item": _("Change the checklist of a case"),
            "case.decide": _("Decide on the customer of a case"),
            "case.ask_to_close": _("Ask for a case to be closed"),
            "case.refuse_to_close": _("Refuse that a case is closed"),
            "case.close": _("Close a case"),
            "case.reopen": _("Open a case again"),
            "case.merge": _("Merge a case into another"),
            "case.split": _("Split a case"),
            "case.link": _("Tie a case to another"),
            "case.plan": _("Start a plan for a case"),
            "case.incident": _("Declare an incident from a case"),
            "case.call": _("Tell that a case was closed"),
            "case.late": _("Find that a case is late"),
            "casequeue.arrange": _("Arrange a queue of cases"),
            "caserule.change": _("Change what holds for cases"),
            "casedeadline.change": _("Change a deadline of cases"),
        }
    )
    register_noun(
        "response.case",
        _("Cases"),
        level=3,
        verbs="see add change approve export reveal",
        rights=each(_ALL)
        | each(_WORKING, "see add change export")
        | each(_ARRANGING, "see add change approve export"),
        reveals=REVEALS,
    )
    for name, title, verbs in (
        ("response.caserule", _("What holds for cases"), "see change export"),
        ("response.casedeadline", _("Deadlines of cases"), "see change export"),
        ("response.casequeue", _("Queues of cases"), "see add change export"),
    ):
        register_noun(
            name, title, verbs=verbs, rights=each(RESPONDERS) | each(_ARRANGING, verbs)
        )  # fmt: skip

"""What the policy says of plans, their runs and drills, and of lessons.

Everybody who responds sees plans and works on runs; who leads (risk owners, operations, security)
also writes plans, starts runs and drills. A plan is approved by another person than its author.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.response.nouns.roles import INFORMED, RESPONDERS, REVEALS, each

_LEADERS: Final = ("risk_owner", "security_engineer", "operations")
_WRITERS: Final = (*_LEADERS, "compliance_officer", "privacy_officer", "fraud_analyst")
_ALL: Final = (*RESPONDERS, *INFORMED)


def declare() -> None:
    """Register the nouns."""
    writing = each(_ALL) | each(_WRITERS, "see add change export")
    approving = each(("risk_owner", "compliance_officer"), "see add change approve export")
    for noun, title in (
        ("response.plan", _("Emergency plans")),
        ("response.planversion", _("Versions of emergency plans")),
    ):
        register_noun(
            noun,
            title,
            verbs="see add change approve export",
            rights=writing | approving | {"scenario_approver": "see approve"},
        )
    # Whoever owns a step does it: communications and customer service have steps of their own.
    working = each(_ALL, "see change") | {"committee_member": "see"}
    for noun, title in (
        ("response.planrun", _("Runs of plans")),
        ("response.steprun", _("Steps of runs")),
    ):
        register_noun(
            noun,
            title,
            level=3,
            verbs="see add change export reveal manage",
            rights=working | each(_LEADERS, "see add change export manage"),
            reveals=REVEALS,
        )
    for noun, title in (
        ("response.drill", _("Drills")),
        ("response.drillparticipant", _("People in drills")),
        ("response.inject", _("Injects of drills")),
        ("response.observation", _("Observations of drills")),
    ):
        register_noun(
            noun,
            title,
            level=3 if noun == "response.observation" else 2,
            verbs="see add change export",
            rights=each(_ALL) | each((*_LEADERS, "compliance_officer"), "see add change export"),
        )
    for noun, title in (
        ("response.lesson", _("Lessons")),
        ("response.lessonaction", _("Actions of lessons")),
    ):
        register_noun(
            noun,
            title,
            level=3,
            verbs="see add change approve export",
            rights=each(_ALL, "see change")
            | {"committee_member": "see"}
            | each(_WRITERS, "see add change approve export"),
        )

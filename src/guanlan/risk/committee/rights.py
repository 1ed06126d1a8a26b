"""What the policy says of the committee: members see and approve, who answers for risk or
compliance keeps its papers; an action is changed by whoever has to do it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.core.audit.acts import declare_acts

_DOING = ("security_engineer", "privacy_officer", "operations", "communications", "fraud_analyst")


def declare() -> None:
    """Register the nouns, and name what is done with them."""
    register_noun(
        "risk.committee",
        _("Risk committee"),
        verbs="see add change approve export",
        rights=dict.fromkeys(("risk_owner", "compliance_officer"), "see add change export")
        | {"committee_member": "see add change approve export", "administrator": "see"},
    )
    register_noun(
        "risk.committeeaction",
        _("Actions of the committee"),
        verbs="see add change approve export",
        rights=dict.fromkeys(_DOING, "see change")
        | dict.fromkeys(
            ("risk_owner", "compliance_officer", "committee_member"),
            "see add change approve export",
        )
        | {"administrator": "see"},
    )
    register_noun(
        "risk.committeemember",
        _("Members of the committee"),
        verbs="see add change export",
        rights=dict.fromkeys(
            ("risk_owner", "compliance_officer", "committee_member"), "see add change export"
        )
        | {"administrator": "see"},
    )
    declare_acts(
        {
            "committee.action": _("Have something done for a resolution"),
            "committee.agenda": _("Decide on a point of the agenda"),
            "committee.approve": _("Approve minutes"),
            "committee.attend": _("Write down who attended"),
            "committee.cancel": _("Cancel a meeting"),
            "committee.done": _("Do an action of the committee"),
            "committee.drop": _("Drop an action of the committee"),
            "committee.escalate": _("Escalate a late action of the committee"),
            "committee.freeze": _("Freeze approved minutes"),
            "committee.hand_in": _("Hand in minutes"),
            "committee.member": _("Name a member of the committee"),
            "committee.leave": _("End a membership of the committee"),
            "committee.meeting": _("Plan a meeting"),
            "committee.minutes": _("Write minutes"),
            "committee.propose": _("Propose an agenda"),
            "committee.remind": _("Remind of an action of the committee"),
            "committee.reopen": _("Reopen an action of the committee"),
            "committee.resolve": _("Write down a resolution"),
            "committee.send_back": _("Send minutes back"),
            "committee.verify": _("Verify an action of the committee"),
        }
    )

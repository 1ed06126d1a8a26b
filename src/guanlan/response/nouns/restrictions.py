"""What the policy says of restrictions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.core.audit.acts import declare_acts
from guanlan.response.nouns.roles import RESPONDERS, each


def declare() -> None:
    """Register the nouns, and name the acts on them."""
    declare_acts(
        {
            "never_block.add": _("Protect from being blocked"),
            "never_block.remove": _("End a protection from being blocked"),
            "restriction.appeal": _("Record an appeal against a restriction"),
            "restriction.appeal_decided": _("Decide on an appeal against a restriction"),
            "restriction.approve": _("Approve a restriction"),
            "restriction.expire": _("End a restriction that is over"),
            "restriction.lift": _("Lift a restriction"),
            "restriction.propose": _("Restrict an entity"),
            "restriction.refuse": _("Refuse a restriction"),
            "restriction.renew": _("Renew a restriction"),
            "restriction.repair": _("Repair what a sink holds"),
        }
    )
    register_noun(
        "response.restriction",
        _("Restrictions"),
        level=3,
        verbs="see add change approve export",
        rights=each((*RESPONDERS, "customer_service"))
        | each(("fraud_analyst", "security_engineer"), "see add change export")
        | {
            "risk_owner": "see add change approve export",
            "scenario_approver": "see add change approve export",
            "compliance_officer": "see add export",
            "customer_service": "see add",
        },
    )
    register_noun(
        "response.neverblock",
        _("What is never blocked"),
        level=3,
        verbs="see add delete export",
        rights=each(RESPONDERS)
        | each(("risk_owner", "scenario_approver", "operations"), "see add delete export"),
    )
    register_noun(
        "response.appeal",
        _("Appeals against restrictions"),
        level=3,
        verbs="see add approve export",
        rights=each(RESPONDERS)
        | each(("fraud_analyst", "customer_service"), "see add")
        | each(("risk_owner", "scenario_approver", "compliance_officer"), "see add approve export"),
    )
    register_noun(
        "response.sink",
        _("Sinks of restrictions"),
        verbs="see export",
        rights=each((*RESPONDERS, "administrator"), "see export"),
    )

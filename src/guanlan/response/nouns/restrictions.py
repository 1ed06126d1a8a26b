"""What the policy says of restrictions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.response.nouns.roles import RESPONDERS, each


def declare() -> None:
    """Register the nouns."""
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

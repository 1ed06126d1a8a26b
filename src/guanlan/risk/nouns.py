"""What the policy says of indicators.

Everybody who responds to risk or decides on it sees them. Their limits and owners are for those
who answer for a risk, and for administrators.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.core.audit.acts import declare_acts

_SEEING: Final = (
    "fraud_analyst", "scenario_approver", "security_engineer", "privacy_officer",
    "compliance_officer", "operations", "customer_service", "communications",
)  # fmt: skip


def declare() -> None:
    """Register the noun, and name what is done with it."""
    register_noun(
        "risk.indicator",
        _("Risk indicators"),
        verbs="see change export",
        rights=dict.fromkeys(_SEEING, "see")
        | dict.fromkeys(("compliance_officer", "committee_member"), "see export")
        | dict.fromkeys(("risk_owner", "administrator"), "see change export"),
    )
    declare_acts(
        {
            "indicator.acknowledge": _("Acknowledge the state of an indicator"),
            "indicator.answer": _("Answer for the state of an indicator"),
            "indicator.limits": _("Set the limits of an indicator"),
            "indicator.owner": _("Name the owner of an indicator"),
            "indicator.switch": _("Switch an indicator on or off"),
        }
    )

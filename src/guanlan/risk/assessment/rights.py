"""What the policy says of assessments.

Who answers for a risk makes campaigns and answers; members of the committee, and whoever else is
named as a signer and answers for risk or compliance, sign.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.core.audit.acts import declare_acts

_OWNING = ("security_engineer", "privacy_officer", "operations", "communications", "fraud_analyst")


def declare() -> None:
    """Register the nouns, and name what is done with them."""
    register_noun(
        "risk.assessment",
        _("Assessments"),
        verbs="see add change approve export",
        rights=dict.fromkeys((*_OWNING, "administrator"), "see")
        | dict.fromkeys(("risk_owner", "compliance_officer"), "see add change approve export")
        | {"committee_member": "see approve export"},
    )
    register_noun(
        "risk.answer",
        _("Answers of assessments"),
        verbs="see change export",
        rights=dict.fromkeys(_OWNING, "see change")
        | dict.fromkeys(("risk_owner", "compliance_officer"), "see change export")
        | {"committee_member": "see export", "administrator": "see"},
        scoped=True,
    )
    declare_acts(
        {
            "assessment.add": _("Plan an assessment"),
            "assessment.answer": _("Answer for a risk in an assessment"),
            "assessment.cancel": _("Cancel an assessment"),
            "assessment.change": _("Change the plan of an assessment"),
            "assessment.freeze": _("Freeze a signed assessment"),
            "assessment.open": _("Open an assessment"),
            "assessment.refuse": _("Refuse to sign an assessment"),
            "assessment.remind": _("Remind of an assessment"),
            "assessment.reopen": _("Open an answered risk again"),
            "assessment.sign": _("Sign an assessment"),
            "assessment.signer": _("Name a signer"),
            "assessment.submit": _("Hand in the answers for a risk"),
            "assessment.take": _("Take over proposed parameters"),
            "assessment.to_sign": _("Put an assessment to signature"),
            "assessment.unname": _("Remove a signer"),
        }
    )

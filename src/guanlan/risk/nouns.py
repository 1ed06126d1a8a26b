"""What the policy says of risk.

Everybody who responds to risk or decides on it sees it. Indicators' limits and owners are for those
who answer for a risk, and for administrators; so are measures. What the register holds is for those
who answer for a risk; losses are written down by whoever deals with them. What people propose of a
risk's rating is decided by others than the platform.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.core.access.table import ROLES
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
    watching = dict.fromkeys((*_SEEING, "administrator"), "see")
    for name, title in (("risk.product", _("Products")), ("risk.asset", _("Assets"))):
        register_noun(
            name,
            title,
            verbs="see add change export",
            rights=dict.fromkeys(_SEEING, "see")
            | dict.fromkeys(("risk_owner", "compliance_officer", "administrator"),
                            "see add change export")
            | {"committee_member": "see export"},
            scoped=True,
        )  # fmt: skip
    register_noun(
        "risk.register",
        _("Risk register"),
        verbs="see add change approve export",
        rights=watching
        | {
            "risk_owner": "see add change approve export",
            "compliance_officer": "see add change export",
            "committee_member": "see approve export",
        },
        scoped=True,
    )
    register_noun(
        "risk.loss",
        _("Loss events"),
        verbs="see add change approve export",
        rights=watching
        | dict.fromkeys(
            ("fraud_analyst", "security_engineer", "operations", "privacy_officer"),
            "see add change",
        )
        | dict.fromkeys(("risk_owner", "compliance_officer"), "see add change approve export")
        | {"committee_member": "see export"},
        scoped=True,
    )
    register_noun(
        "risk.measure",
        _("Measures"),
        verbs="see add change approve export",
        rights=watching
        | dict.fromkeys(
            ("risk_owner", "compliance_officer", "administrator"), "see add change approve export"
        )
        | dict.fromkeys(("security_engineer", "privacy_officer", "operations"), "see add change")
        | {"committee_member": "see approve export"},
    )
    register_noun(
        "risk.duty",
        _("Duties of measures"),
        verbs="see change export",
        rights=watching
        | dict.fromkeys(("risk_owner", "compliance_officer", "administrator"), "see change export")
        | {"committee_member": "see export"},
    )
    register_noun(
        "risk.target",
        _("Targets"),
        verbs="see add change export",
        rights=dict.fromkeys((role for role in ROLES if role not in ("owner", "auditor")), "see")
        | dict.fromkeys(("risk_owner", "compliance_officer"), "see add change export")
        | {"committee_member": "see add change export"},
    )
    register_noun(
        "risk.value",
        _("Risk value"),
        verbs="see approve export",
        rights=watching
        | dict.fromkeys(
            ("risk_owner", "committee_member", "compliance_officer"), "see approve export"
        ),
        scoped=True,
    )
    register_noun(
        "risk.reassessment",
        _("Reassessments"),
        verbs="see approve export",
        rights=watching
        | dict.fromkeys(
            ("risk_owner", "committee_member", "compliance_officer"), "see approve export"
        ),
        scoped=True,
    )
    declare_acts(
        {
            "asset.add": _("Write an asset down"),
            "asset.change": _("Change an asset"),
            "loss.accept": _("Accept a proposed loss"),
            "loss.add": _("Write a loss down"),
            "loss.change": _("Change a loss"),
            "loss.close": _("Close a loss"),
            "loss.propose": _("Propose a loss"),
            "loss.recover": _("Note what came back of a loss"),
            "loss.refuse": _("Refuse a proposed loss"),
            "product.add": _("Write a product down"),
            "product.change": _("Change a product"),
            "risk.add": _("Write a risk down"),
            "risk.change": _("Change a risk"),
            "risk.close": _("Close a risk"),
            "risk.driver": _("State how an indicator moves a risk"),
            "risk.open": _("Open a risk"),
            "risk.parameters": _("Set the parameters of a risk"),
            "reassessment.accepted": _("Accept the reassessment of a risk"),
            "reassessment.refused": _("Refuse the reassessment of a risk"),
            "indicator.acknowledge": _("Acknowledge the state of an indicator"),
            "indicator.answer": _("Answer for the state of an indicator"),
            "indicator.compose": _("Compose an indicator"),
            "indicator.judge": _("Judge a warning of an indicator"),
            "indicator.limits": _("Set the limits of an indicator"),
            "indicator.note": _("Mark a time on the chart of an indicator"),
            "indicator.owner": _("Name the owner of an indicator"),
            "indicator.switch": _("Switch an indicator on or off"),
            "measure.add": _("Add a measure"),
            "measure.change": _("Change a measure"),
            "measure.cost": _("Write down a measure's cost"),
            "measure.done": _("Do what is due for a measure"),
            "measure.effect": _("Say what a measure is worth"),
            "measure.escalate": _("Escalate what is late"),
            "measure.plan": _("Plan what is due next"),
            "measure.remind": _("Remind of what is late"),
            "measure.retire": _("Retire a measure"),
            "measure.start": _("Bring a measure into force"),
            "measure.step": _("Write a step of a measure"),
            "measure.test": _("Test a measure"),
            "target.add": _("Set a target"),
            "target.switch": _("Have a target judged, or no more"),
            "measure.unstep": _("Take out a step of a measure"),
        }
    )

"""What the policy says of user fraud."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.core.audit.acts import declare_acts

_WORKING: Final = (
    "risk_owner", "fraud_analyst", "scenario_approver", "security_engineer", "privacy_officer",
    "compliance_officer", "operations",
)  # fmt: skip
_INVESTIGATION: Final = "fraud_investigation incident_response"
_REVEALS: Final = {
    "fraud_analyst": (3, _INVESTIGATION),
    "risk_owner": (3, _INVESTIGATION),
    "security_engineer": (3, "incident_response"),
    "privacy_officer": (4, "customer_request incident_response legal_duty"),
    "compliance_officer": (3, "legal_duty"),
    "customer_service": (3, "customer_request"),
}


def _each(roles: tuple[str, ...], verbs: str = "see") -> dict[str, str]:
    return dict.fromkeys(roles, verbs)


def declare() -> None:
    """Register the nouns; the app does it while it starts."""
    exporting = _each(("risk_owner", "fraud_analyst", "compliance_officer"), "see export")
    register_noun(
        "fraud.decision",
        _("Decisions"),
        level=4,
        verbs="see add export reveal",
        rights=_each((*_WORKING, "customer_service"))
        | exporting
        | {"key events:write": "add", "key decisions:read": "see"},
        reveals=_REVEALS,
    )
    register_noun(
        "fraud.entity",
        _("Entities"),
        level=4,
        verbs="see export reveal",
        rights=_each((*_WORKING, "customer_service")) | exporting | {"key entities:read": "see"},
        reveals=_REVEALS,
    )
    for name, title in (
        ("fraud.entitydecision", _("Parts of entities in decisions")),
        ("fraud.label", _("Labels")),
    ):
        register_noun(
            name,
            title,
            level=3,
            verbs="see add export",
            rights=_each((*_WORKING, "customer_service")) | exporting,
        )
    register_noun(
        "fraud.listact",
        _("List changes"),
        level=3,
        verbs="see change export",
        rights=_each(_WORKING)
        | {"fraud_analyst": "see change export", "key lists:write": "change"},
    )
    register_noun(
        "fraud.figures",
        _("Figures of decisions"),
        verbs="see export",
        rights=_each((*_WORKING, "customer_service", "communications", "committee_member"))
        | exporting,
    )
    register_noun(
        "fraud.program",
        _("Scenarios"),
        verbs="see add change approve export",
        rights=_each((*_WORKING, "committee_member"))
        | {
            "fraud_analyst": "see add change export",
            "scenario_approver": "see approve export",
        },
    )
    register_noun(
        "fraud.backtest",
        _("Backtests"),
        verbs="see add export",
        rights=_each((*_WORKING, "committee_member"))
        | {"fraud_analyst": "see add export", "scenario_approver": "see export"},
    )
    declare_acts(
        {
            "backtest.store": _("Store a backtest"),
            "entry.remove": _("Take an entry off a list"),
            "entry.set": _("Put an entry on a list"),
            "label.write": _("Write labels of a case into the log"),
        }
    )

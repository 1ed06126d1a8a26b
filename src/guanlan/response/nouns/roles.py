"""Roles that rights of response are given to, together."""

from __future__ import annotations

from typing import Final

# Those who work on what was found; customers' keys are masked for all of them until revealed.
RESPONDERS: Final = (
    "risk_owner", "fraud_analyst", "scenario_approver", "security_engineer", "privacy_officer",
    "compliance_officer", "operations",
)  # fmt: skip
# Those who see that something happened and what is done about it.
INFORMED: Final = ("customer_service", "communications", "committee_member")
REVEALS: Final[dict[str, tuple[int, str]]] = {
    "fraud_analyst": (3, "fraud_investigation incident_response"),
    "risk_owner": (3, "fraud_investigation incident_response"),
    "security_engineer": (3, "incident_response"),
    "privacy_officer": (4, "customer_request incident_response legal_duty"),
    "compliance_officer": (3, "legal_duty"),
    "customer_service": (3, "customer_request"),
}


def each(roles: tuple[str, ...], verbs: str = "see") -> dict[str, str]:
    """The same verbs for each role."""
    return dict.fromkeys(roles, verbs)

"""What the policy says of people, and of the platform's own nouns.

Roles, verbs, purposes and their words; who may see, change and reveal what. A change here is a
change of policy: raise `nouns.POLICY_VERSION` with it, and make the golden files anew.
"""

from __future__ import annotations

from typing import Final

from django.apps import AppConfig
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guanlan.core.access.nouns import (
    TABLE,
    VERBS,
    Verb,
    declare_purposes,
    declare_roles,
    register_noun,
)

ROLES: Final[dict[str, str | Promise]] = {
    "owner": _("Owner"),
    "administrator": _("Administrator"),
    "risk_owner": _("Risk owner"),
    "fraud_analyst": _("Fraud analyst"),
    "scenario_approver": _("Scenario approver"),
    "security_engineer": _("Security engineer"),
    "privacy_officer": _("Privacy officer"),
    "compliance_officer": _("Compliance officer"),
    "operations": _("Operations"),
    "customer_service": _("Customer service"),
    "communications": _("Communications"),
    "committee_member": _("Committee member"),
    "auditor": _("Auditor"),
}
ROLE_NOTES: Final[dict[str, str | Promise]] = {
    "owner": _("Answers for the installation; may do everything, and gives the first roles."),
    "administrator": _("Gives roles, keeps keys, jobs and settings running; sees no customer."),
    "risk_owner": _("Answers for a risk: its register, indicators and measures."),
    "fraud_analyst": _("Investigates decisions and entities, and writes scenarios."),
    "scenario_approver": _("Approves what a fraud analyst has written."),
    "security_engineer": _("Watches the platform itself: sign-ins, keys, the audit log."),
    "privacy_officer": _("Decides who reads personal data, and answers its subjects."),
    "compliance_officer": _("Answers to the regulator."),
    "operations": _("Keeps the platform running."),
    "customer_service": _("Answers customers."),
    "communications": _("Speaks to the public."),
    "committee_member": _("Sees figures, decides on risks."),
    "auditor": _("Reads everything masked, changes nothing; goes with no other role."),
}
VERB_TITLES: Final[dict[Verb, str | Promise]] = {
    "see": _("see"),
    "add": _("add"),
    "change": _("change"),
    "delete": _("delete"),
    "approve": _("approve"),
    "export": _("export"),
    "reveal": _("reveal"),
    "manage": _("manage"),
}
PURPOSES: Final[dict[str, str | Promise]] = {
    "fraud_investigation": _("Investigation of a fraud"),
    "customer_request": _("Request of the customer"),
    "incident_response": _("Response to an incident"),
    "audit": _("Audit"),
    "legal_duty": _("Duty under the law"),
    "maintenance": _("Maintenance"),
}
KEY_SCOPES: Final = (
    "events:write", "decisions:read", "entities:read", "lists:write", "metrics:read",
    "complaints:write",
)  # fmt: skip

declare_roles(ROLES)
declare_roles(f"key {scope}" for scope in KEY_SCOPES)
declare_purposes(PURPOSES)

ALONE: Final = "auditor"  # a role that nobody holds beside another one
GIVEN_BY: Final[dict[str, frozenset[str]]] = {
    # Who may give a role; what is not named here is given by owners and administrators.
    "owner": frozenset({"owner"}),
    "administrator": frozenset({"owner"}),
    "auditor": frozenset({"owner"}),
}
GIVERS: Final = frozenset({"owner", "administrator"})

_EVERY_VERB: Final = " ".join(VERBS)
_WATCHERS: Final = ("administrator", "security_engineer", "privacy_officer", "compliance_officer")


def _each(roles: tuple[str, ...], verbs: str) -> dict[str, str]:
    return dict.fromkeys(roles, verbs)


def declare() -> None:
    """Register the platform's own nouns; `guanlan.core` does it while it starts."""
    register_noun(
        "core.user",
        _("People"),
        level=3,
        verbs="see add change delete export reveal manage",
        rights={
            "administrator": "see add change delete manage",
            **_each(("security_engineer", "privacy_officer"), "see"),
        },
        reveals={
            "administrator": (3, "maintenance"),
            "security_engineer": (3, "incident_response"),
            "privacy_officer": (3, "customer_request incident_response legal_duty"),
        },
    )
    register_noun(
        "core.linkedidentity",
        _("Links to single sign-on"),
        verbs="see delete export",
        rights={
            "administrator": "see delete",
            **_each(("security_engineer", "privacy_officer"), "see"),
        },
    )
    register_noun(
        "core.roleassignment",
        _("Roles of people"),
        verbs="see add delete export",
        rights={**_each(_WATCHERS, "see"), "administrator": "see add delete"},
    )
    register_noun(
        "core.clearance",
        _("Clearances of people"),
        verbs="see change export",
        rights={**_each(_WATCHERS, "see"), "administrator": "see change"},
    )
    everyone = {role: "see add" for role in ROLES if role not in ("owner", "auditor")}
    register_noun(
        "core.accessgrant",
        _("Grants for a time"),
        level=3,
        verbs="see add delete approve export",
        rights=everyone
        | {
            "privacy_officer": "see add delete approve",
            "administrator": "see add delete",
            "security_engineer": "see add delete",
        },
    )
    register_noun(
        "core.breakglass",
        _("Emergency access"),
        level=3,
        verbs="see add approve export",
        rights={
            **_each(("fraud_analyst", "risk_owner", "operations", "administrator"), "see add"),
            **_each(("customer_service", "security_engineer"), "see add"),
            **_each(("privacy_officer", "compliance_officer"), "see add approve"),
        },
    )
    register_noun(
        "core.policy", _("Access policy"), verbs="see export", rights=_each(_WATCHERS, "see export")
    )
    register_noun(
        "core.apikey",
        _("API keys"),
        verbs="see add change delete export manage",
        rights={
            **_each(("administrator", "security_engineer"), "see add change delete manage"),
            "operations": "see",
        },
    )
    register_noun(
        "core.health",
        _("Health"),
        verbs="see manage",
        rights={
            **_each((*_WATCHERS, "risk_owner", "fraud_analyst", "scenario_approver"), "see"),
            "operations": "see manage",
            "key metrics:read": "see",
        },
    )
    register_noun(
        "core.auditentry",
        _("Audit log"),
        verbs="see export",
        rights={
            "security_engineer": "see export",
            **_each(("privacy_officer", "compliance_officer"), "see export"),
        },
    )


_REST_TITLES: Final[dict[str, str | Promise]] = {
    "core.attempt": _("Attempts to sign in"),
    "core.auditcursor": _("Reading positions of the audit log"),
    "core.invitation": _("Invitations"),
    "core.keycheck": _("Checks of keys"),
    "core.organisation": _("Organisation"),
    "core.preference": _("Notification preferences"),
    "core.remembered": _("What is remembered for minutes"),
    "core.signedin": _("Sessions"),
    "core.worker": _("Workers"),
}


def declare_rest(app: AppConfig) -> None:
    """Give every model of `app` that was not registered the cautious rule: the owner, an
    administrator and (reading) the auditor, nobody else."""
    for model in app.get_models():
        name = model._meta.label_lower
        if name not in TABLE.nouns:
            register_noun(
                name,
                _REST_TITLES.get(name, model._meta.verbose_name_plural or name),
                verbs=_EVERY_VERB,
                rights={"administrator": "see add change delete manage"},
            )

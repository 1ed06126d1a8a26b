"""What the policy says of reports of suspicious transactions.

Who works on cases may begin one and sees their own; only those who approve such reports see all.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.core.audit.acts import declare_acts
from guanlan.response.nouns.roles import each

_AUTHORS = ("fraud_analyst", "risk_owner")


def declare() -> None:
    """Register the noun, and name what is done with it."""
    register_noun(
        "response.suspicionreport",
        _("Suspicious-transaction reports"),
        level=3,
        verbs="see add change approve export",
        rights=each(_AUTHORS, "see add change")
        | {"compliance_officer": "see add change approve export"},
    )
    declare_acts(
        {
            "suspicion.approve": _("Approve a suspicious-transaction report"),
            "suspicion.draft": _("Begin a suspicious-transaction report"),
            "suspicion.hand_in": _("Hand in a suspicious-transaction report"),
            "suspicion.read": _("Read a suspicious-transaction report"),
            "suspicion.rewrite": _("Change a suspicious-transaction report"),
            "suspicion.send": _("Send a suspicious-transaction report"),
            "suspicion.send_back": _("Send back a suspicious-transaction report"),
            "suspicion.withdraw": _("Withdraw a suspicious-transaction report"),
        }
    )

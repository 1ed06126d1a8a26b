"""What the policy says of the public status page.

Everybody who responds sees its components; who speaks for the organisation or runs its services
keeps them, switches the page and sets their states.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.core.audit.acts import declare_acts
from guanlan.response.nouns.roles import INFORMED, RESPONDERS, each


def declare() -> None:
    """Register the noun, and name what is done with it."""
    register_noun(
        "response.statuscomponent",
        _("Status page and its components"),
        verbs="see add change manage export",
        rights=each((*RESPONDERS, *INFORMED))
        | each(("operations", "communications"), "see add change export")
        | each(("risk_owner", "security_engineer"), "see add change manage export"),
    )
    declare_acts(
        {
            "status.component": _("Add or change a component of the status page"),
            "status.maintenance": _("Show maintenance on the status page"),
            "status.post": _("Say something on the status page"),
            "status.retire": _("Take a component off the status page"),
            "status.set": _("Set states on the status page"),
            "status.switch": _("Switch the status page on or off"),
            "status.withdraw": _("Withdraw news from the status page"),
        }
    )

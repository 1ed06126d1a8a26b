"""What the acts of the audit log are called.

A row holds the code of its act, such as `key.revoke`; a page shows its name. Each app names its
acts while it starts, and a test of the house finds an act that nobody has named.

    declare_acts({"key.revoke": _("Revoke an API key")})
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTS: Final[dict[str, str | Promise]] = {}
# What acts are done to that is no noun of the policy.
OBJECTS: Final[dict[str, str | Promise]] = {
    "core.instance": _("Installation"),
    "door": _("Entrance"),
    "fraud.list": _("List"),
    "mfa.authenticator": _("Second factor"),
}
OUTCOMES: Final[dict[str, str | Promise]] = {
    "done": _("done"),
    "seen": _("read"),
    "refused": _("refused"),
    "failed": _("failed"),
    "undone": _("undone"),
}


def declare_acts(names: Mapping[str, str | Promise]) -> None:
    """Name acts; raises ValueError for a code that has a name already."""
    if again := ACTS.keys() & names.keys():
        raise ValueError(f"act {min(again)} is named twice")
    ACTS.update(names)


def act_name(code: str) -> str:
    """The name of an act in the reader's language; the code itself where it has none, as for
    an act of an earlier version."""
    return str(ACTS.get(code, code))


declare_acts(
    {
        "access.refuse": _("Try what is not allowed"),
        "input.refuse": _("Send what is not accepted"),
        "audit.gap": _("Miss rows in the audit log"),
        "channel.add": _("Add a channel"),
        "channel.change": _("Change a channel"),
        "channel.disable": _("Take a channel out of use"),
        "channel.enable": _("Take a channel into use"),
        "channel.test": _("Test a channel"),
        "clearance.set": _("Set a clearance"),
        "glass.break": _("Take emergency access"),
        "glass.escalate": _("Escalate an overdue review"),
        "glass.remind": _("Remind of a review"),
        "glass.review": _("Review emergency access"),
        "grant.approve": _("Approve a request for access"),
        "grant.ask": _("Ask for access"),
        "grant.refuse": _("Refuse a request for access"),
        "grant.revoke": _("End lent access"),
        "instance.backup": _("Make a backup"),
        "invitation.accept": _("Accept an invitation"),
        "invitation.make": _("Invite a person"),
        "invitation.renew": _("Renew an invitation"),
        "invitation.revoke": _("Revoke an invitation"),
        "job.cancel": _("Cancel a job"),
        "job.retry": _("Try a job again"),
        "job.run": _("Start a job"),
        "key.create": _("Make an API key"),
        "key.remind": _("Remind of a key that expires"),
        "key.revoke": _("Revoke an API key"),
        "key.take": _("Take over an API key"),
        "key.destroy": _("Destroy an encryption key"),
        "key.reencrypt": _("Encrypt data anew"),
        "key.rotate": _("Rotate an encryption key"),
        "message.acknowledge": _("Acknowledge a message"),
        "message.escalate": _("Escalate a message"),
        "message.send": _("Send a message"),
        "organisation.change": _("Change the organisation"),
        "organisation.setup": _("Set up the organisation"),
        "password.change": _("Change a password"),
        "preference.change": _("Change notification preferences"),
        "role.found": _("Make the first owner"),
        "role.give": _("Give a role"),
        "role.take": _("Take a role away"),
        "session.revoke": _("End sessions"),
        "sso.link": _("Link single sign-on"),
        "sso.unlink": _("Unlink single sign-on"),
        "sso.use": _("Sign in by single sign-on"),
        "user.disable": _("Disable an account"),
        "user.enable": _("Enable an account"),
        "value.reveal": _("Reveal a value"),
    }
)

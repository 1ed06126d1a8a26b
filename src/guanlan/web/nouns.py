"""What the policy says of the console's own nouns."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.core.access.table import ROLES
from guanlan.core.audit.acts import declare_acts


def declare() -> None:
    """Register the nouns and name the acts; the app does it while it starts.

    A comment and a file are seen by who may see the object they belong to; `guanlan.web.
    discussion` asks for both. The auditor reads and says nothing.
    """
    working = dict.fromkeys((role for role in ROLES if role not in ("owner", "auditor")), "see add")
    register_noun("web.comment", _("Comments"), level=3, verbs="see add export", rights=working)
    register_noun(
        "web.attachment",
        _("Attachments"),
        level=3,
        verbs="see add delete export",
        rights=working | {"privacy_officer": "see add delete"},
    )
    own = "see add change delete"
    register_noun(
        "web.savedview",
        _("Saved views"),
        level=3,
        verbs=own,
        rights=dict.fromkeys(working, own),
    )
    register_noun(
        "web.bulkact",
        _("Actions on many objects"),
        verbs="see change export",
        rights=dict.fromkeys(working, "see change"),
    )
    declare_acts(
        {
            "attachment.add": _("Attach a file"),
            "attachment.infected": _("Find a file infected"),
            "attachment.read": _("Read a file"),
            "attachment.remove": _("Remove a file"),
            "attachment.unreadable": _("Find a file unreadable"),
            "bulk.cancel": _("Cancel an action on many objects"),
            "bulk.start": _("Start an action on many objects"),
            "comment.add": _("Write a comment"),
            "comment.edit": _("Change a comment"),
            "comment.remove": _("Remove a comment"),
            "door.refuse": _("Turn a caller away for a while"),
            "factor.add": _("Add a second factor"),
            "factor.remove": _("Remove a second factor"),
            "factor.renew": _("Make new recovery codes"),
            "factor.reset": _("Reset another person's second factors"),
            "factor.spend": _("Use a recovery code"),
            "list.export": _("Export a list"),
            "passkey.copied": _("Notice a copied passkey"),
            "session.begin": _("Sign in"),
            "session.confirm": _("Confirm who one is"),
            "session.end": _("Sign out"),
            "signin.refuse": _("Refuse a sign-in"),
            "sso.fail": _("Fail to reach single sign-on"),
            "sso.refuse": _("Refuse single sign-on"),
            "view.remove": _("Remove a saved view"),
            "view.save": _("Save a view"),
        }
    )

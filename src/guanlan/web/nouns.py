"""What the policy says of the console's own nouns."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.core.access.table import ROLES


def declare() -> None:
    """Register the nouns; the app does it while it starts.

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

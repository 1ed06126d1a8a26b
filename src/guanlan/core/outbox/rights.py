"""What the policy says of jobs, channels and messages.

A person's own messages and wishes need no right; these are about everybody's.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun


def declare() -> None:
    """Register the nouns; `guanlan.core` does it while it starts."""
    register_noun(
        "core.job",
        _("Jobs"),
        verbs="see change export manage",
        rights={
            "administrator": "see change manage",
            "operations": "see change manage",
            "security_engineer": "see",
        },
    )
    register_noun(
        "core.jobrun",
        _("Runs of jobs"),
        verbs="see change export",
        rights={
            "administrator": "see change",
            "operations": "see change",
            "security_engineer": "see",
        },
    )
    register_noun(
        "core.channel",
        _("Channels"),
        level=4,
        verbs="see add change export manage",
        rights={
            "administrator": "see add change manage",
            "operations": "see",
            "security_engineer": "see",
        },
    )
    register_noun(
        "core.message",
        _("Messages"),
        level=4,
        verbs="see export manage",
        rights={
            "administrator": "see manage",
            "operations": "see",
            "security_engineer": "see",
            "communications": "see",
        },
    )
    register_noun(
        "core.delivery",
        _("Deliveries of messages"),
        level=4,
        verbs="see export",
        rights={"administrator": "see", "operations": "see", "security_engineer": "see"},
    )

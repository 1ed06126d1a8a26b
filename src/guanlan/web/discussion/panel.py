"""The discussion as a panel of a declared resource's objects."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanlan.web.discussion.showing import shown
from guanlan.web.resource import Panel


def discussion_panel(noun: str) -> Panel:
    """Comments and files of an object, on the right of its page; see `discussed`."""
    return Panel(
        title=_("Comments"),
        template="web/discussion.html",
        context=lambda row, subject: shown(subject, noun, row),
        wide=False,
    )

"""Half-written files do not stay: an upload that broke off with its process leaves one behind."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job
from guanlan.web.discussion.storing import sweep

JOB: Final = "attachments.sweep"


@job(JOB, title=_("Removal of unfinished uploads"), every=3600)
def sweep_uploads(progress: Progress) -> Told:
    """Remove what was begun a day ago and never kept."""
    return Told(gettext_noop("%(n)s files removed"), {"n": sweep()})

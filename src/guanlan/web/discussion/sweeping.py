"""Half-written files do not stay, nor those whose removal broke off: a process that ends in the
middle leaves either behind."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job
from guanlan.web.discussion.models import Attachment
from guanlan.web.discussion.storing import Kept, forget, sweep

JOB: Final = "attachments.sweep"
BATCH: Final = 500


@job(JOB, title=_("Removal of unfinished uploads"), every=3600)
def sweep_uploads(progress: Progress) -> Told:
    """Remove what was begun a day ago and never kept, and what was removed but for its bytes."""
    return Told(gettext_noop("%(n)s files removed"), {"n": sweep() + finish_removals()})


def finish_removals() -> int:
    """Remove the bytes of removed attachments that are still there; how many."""
    kept = [name for name, _key in Kept().each()]
    gone = 0
    for start in range(0, len(kept), BATCH):
        removed = Attachment.objects.filter(
            stored__in=kept[start : start + BATCH], removed__isnull=False
        )
        for stored in removed.values_list("stored", flat=True):
            forget(stored)
            gone += 1
    return gone

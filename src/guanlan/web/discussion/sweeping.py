"""Half-written files do not stay, nor those whose removal broke off, nor those that no row names: a
process that ends in the middle leaves any of them behind.

A file that no row names is not removed at once: it is set aside for a day, and put back where a row
names it by then, so that a row that was written while we looked never loses its bytes.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job
from guanlan.web.discussion.models import Attachment
from guanlan.web.discussion.storing import (
    Kept,
    begun,
    forget,
    long_kept,
    put_back,
    set_aside,
    sweep,
)

JOB: Final = "attachments.sweep"
BATCH: Final = 500


@job(JOB, title=_("Removal of unfinished uploads"), every=3600)
def sweep_uploads(progress: Progress) -> Told:
    """Remove what was begun a day ago and never kept, what was removed but for its bytes, and what
    no row has named for two days."""
    put_back_named()
    gone = sweep() + finish_removals()
    progress.check()
    set_nameless_aside()
    put_back_named()
    return Told(gettext_noop("%(n)s files removed"), {"n": gone})


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


def set_nameless_aside(now: float | None = None) -> int:
    """Set aside what was kept more than a day ago and no row names; how many."""
    old = list(long_kept(now))
    aside = 0
    for start in range(0, len(old), BATCH):
        names = old[start : start + BATCH]
        for stored in set(names) - _named(names):
            set_aside(stored)
            aside += 1
    return aside


def put_back_named() -> None:
    """Put back what was set aside and a row names after all."""
    names = begun()
    for start in range(0, len(names), BATCH):
        for stored in _named(names[start : start + BATCH]):
            put_back(stored)


def _named(names: list[str]) -> set[str]:
    rows = Attachment.objects.filter(stored__in=names)
    return set(rows.values_list("stored", flat=True))

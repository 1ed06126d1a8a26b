"""Moving everything to the current keys, as a job of the worker."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs.progress import Progress, Told
from guanlan.core.jobs.registry import job
from guanlan.core.sealing.rotating import reencrypt, waiting

JOB = "keys.reencrypt"


@job(JOB, title=_("Re-encryption under the current keys"), timeout=6 * 3600)
def move(progress: Progress) -> Told:
    """What a run has done stays done: the next one goes on from there."""
    progress.of(waiting())
    moved = reencrypt(progress.advance)
    return Told(
        gettext_noop(
            "%(n)s rows and %(files)s files moved, %(left)s left because they do not open"
        ),
        {"n": moved.rows, "files": moved.files, "left": moved.unreadable},
    )

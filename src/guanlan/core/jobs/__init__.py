"""Work that is done apart from any request: on a schedule, or soon.

    from guanlan.core.jobs import Progress, Told, job, nudge

    @job("lists.expire", title=_("Expired list entries"), every=3600)
    def expire(progress: Progress) -> Told:
        rows = ...
        progress.of(len(rows))
        for row in rows:
            ...
            progress.advance()
        return Told(gettext_noop("%(n)s entries expired"), {"n": len(rows)})

    nudge("lists.expire")      # run it soon; nothing is lost where nobody listens

An app's `jobs` module is imported while the app starts. The rows (`core.Job`, `core.JobRun`) are
the truth: what is due, what runs, what became of it. huey's queue carries nudges only; when it
is lost, or a worker is killed, a sweep finds what is still wanted and does it.
"""

from guanlan.core.jobs.progress import Progress, Told
from guanlan.core.jobs.registry import Spec, find_job, job, registered
from guanlan.core.jobs.wanting import (
    cancel,
    is_late,
    late_runs,
    nudge,
    retry,
    run_now,
    worker_alive,
)

__all__ = [
    "Progress",
    "Spec",
    "Told",
    "cancel",
    "find_job",
    "is_late",
    "job",
    "late_runs",
    "nudge",
    "registered",
    "retry",
    "run_now",
    "worker_alive",
]

"""The jobs that keep cases up."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job
from guanlan.response.cases.calling import CALLS, call_all
from guanlan.response.cases.grouping import JOB, group_all
from guanlan.response.cases.watching import find_late, rank


@job(JOB, title=_("Grouping of alerts into cases"), every=60, retries=0, timeout=600)
def sweep(progress: Progress) -> Told | None:
    """Group what waits."""
    n = group_all(timezone.now(), progress.check)
    return Told(gettext_noop("%(n)s alerts grouped"), {"n": n}) if n else None


@job("cases.rank", title=_("Priorities and deadlines of cases"), every=300)
def watch(progress: Progress) -> Told | None:
    """Reckon priorities anew, and tell of what is late."""
    now = timezone.now()
    late = find_late(now)
    progress.check()
    n = rank(now)
    if not n and not late:
        return None
    return Told(gettext_noop("%(n)s priorities changed, %(late)s late"), {"n": n, "late": late})


@job(CALLS, title=_("Closed cases told on"), every=60)
def call(progress: Progress) -> Told | None:
    """Call those who want to know of closed cases."""
    n = call_all(timezone.now())
    return Told(gettext_noop("%(n)s calls made"), {"n": n}) if n else None

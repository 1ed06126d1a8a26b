"""The job that keeps cases up."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job
from guanlan.response.cases.grouping import JOB, group_all


@job(JOB, title=_("Grouping of alerts into cases"), every=60, retries=0, timeout=600)
def sweep(progress: Progress) -> Told | None:
    """Group what waits."""
    n = group_all(timezone.now(), progress.check)
    return Told(gettext_noop("%(n)s alerts grouped"), {"n": n}) if n else None

"""The job that carries out runs. The rows are the truth: a run that nobody nudged is found."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job
from guanlan.response.lessons import remind_late
from guanlan.response.plans.advancing import JOB, advance_all
from guanlan.response.plans.drilling import remind_soon, throw_due


@job(JOB, title=_("Runs of emergency plans"), every=30)
def advance_plans(progress: Progress) -> Told:
    """Go on with every run, and find steps that are overdue or lost."""
    progress.check()
    now = timezone.now()
    throw_due(now)
    remind_soon(now)
    remind_late(now)
    return Told(gettext_noop("%(n)s runs looked at"), {"n": advance_all(now)})

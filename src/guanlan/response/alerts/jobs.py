"""The job that brings alerts to people."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job
from guanlan.response.alerts.escalating import sweep
from guanlan.response.alerts.raising import SWEEP


@job(SWEEP, title=_("Routing and escalation of alerts"), every=60, retries=0, timeout=300)
def bring(progress: Progress) -> Told:
    """Route alerts, do the steps that are due, end silences."""
    return Told(gettext_noop("%(n)s steps done"), {"n": sweep(timezone.now(), progress.check)})

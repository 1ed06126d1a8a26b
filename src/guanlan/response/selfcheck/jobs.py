"""The job that looks after the platform itself."""

from __future__ import annotations

import datetime as dt
import logging

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.faults import without_values
from guanlan.core.jobs import Progress, Told, job
from guanlan.response.alerts import evidence_link
from guanlan.response.alerts.resolving import keep_up
from guanlan.response.selfcheck.checks import CHECKS

logger = logging.getLogger(__name__)


def look_after(now: dt.datetime) -> tuple[int, int]:
    """Raise and resolve what each check says: how many of both. A check that fails leaves its
    alerts as they are and stops no other."""
    raised = resolved = 0
    for rule, check in CHECKS.items():
        try:
            made, gone = keep_up(rule, check(now), now)
        except Exception as error:  # noqa: BLE001 - the next look says more
            logger.error("the check %s failed: %s", rule, without_values(error))
            continue
        raised, resolved = raised + made, resolved + gone
    return raised, resolved


@job("platform.watch", title=_("Alerts about the platform itself"), every=60)
def watch(progress: Progress) -> Told | None:
    """Look after jobs, the audit log and sinks."""
    progress.check()
    raised, resolved = look_after(timezone.now())
    if not raised and not resolved:
        return None
    text = gettext_noop("%(raised)s alerts raised, %(resolved)s resolved")
    return Told(text, {"raised": raised, "resolved": resolved})


def _run(ref: str) -> str:
    return reverse("job_run", args=[int(ref)]) if ref.isdecimal() else ""


evidence_link("job_run", _("Run of a job"), _run)
evidence_link("sink", _("Sink"), lambda ref: reverse("restriction_sink", args=[ref]))

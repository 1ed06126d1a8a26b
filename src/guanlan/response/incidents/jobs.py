"""The job that checks the criteria. The rows are the truth: alerts that nudged nobody are found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job, nudge
from guanlan.response.alerts import on_raised
from guanlan.response.incidents.criteria import check_all
from guanlan.response.incidents.declaring import FOLLOW
from guanlan.response.incidents.reminding import remind_late_news, start_waiting
from guanlan.response.models import Alert

JOB: Final = "incidents.declare"


@job(JOB, title=_("Criteria that declare incidents"), every=60)
def check_criteria(progress: Progress) -> Told:
    """Declare what is to be declared."""
    progress.check()
    return Told(gettext_noop("%(n)s incidents declared"), {"n": check_all(timezone.now())})


@job(FOLLOW, title=_("Plans and news of incidents"), every=60)
def follow_incidents(progress: Progress) -> Told | None:
    """Start the plans that start by themselves; remind of news that are late."""
    progress.check()
    now = timezone.now()
    started, told = start_waiting(now), remind_late_news(now)
    if not started and not told:
        return None
    text = gettext_noop("%(plans)s plans started, %(told)s reminders of news")
    return Told(text, {"plans": started, "told": told})


def soon(_alerts: Sequence[Alert], _now: dt.datetime) -> None:
    """Have the criteria checked once what was raised is committed."""
    transaction.on_commit(lambda: nudge(JOB), robust=True)


on_raised(soon)

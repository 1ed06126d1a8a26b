"""The job of targets."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job
from guanlan.risk.target.judging import freeze
from guanlan.risk.target.keeping import ensure_mission


@job("targets.judge", title=_("Verdicts of targets"), every="5 * * * *")
def judge_quarters(progress: Progress) -> Told:
    """Write down the four of the mission, and the verdicts of quarters that are over."""
    now = timezone.now()
    ensure_mission(now)
    return Told(gettext_noop("%(n)s verdicts written"), {"n": freeze(now)})

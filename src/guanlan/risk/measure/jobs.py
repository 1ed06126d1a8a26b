"""The jobs of measures."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job
from guanlan.risk.measure.duties import plan_ahead, tell_late
from guanlan.risk.measure.testing import run_tests


@job("measures.due", title=_("What is due for measures"), every="*/10 * * * *")
def due(progress: Progress) -> Told:
    """Write what is due next, tell of what is late, escalate what stays so."""
    now = timezone.now()
    plan_ahead(now)
    progress.check()
    told, escalated = tell_late(now)
    return Told(
        gettext_noop("%(told)s late ones told, %(escalated)s escalated"),
        {"told": told, "escalated": escalated},
    )


@job("measures.test", title=_("Automatic tests of measures"), every="40 2 * * *")
def test(progress: Progress) -> Told:
    """Run the automatic tests of the days that have passed."""
    ran = run_tests(timezone.now(), progress.check)
    return Told(
        gettext_noop("%(n)s tests written, %(broken)s failed to run"),
        {"n": ran.written, "broken": len(ran.broken)},
    )

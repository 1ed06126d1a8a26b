"""Jobs of clocks: alarms each minute, missing years of calendars each morning."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job
from guanlan.response.clocks.watching import ring_due, tell_missing_years


@job("clocks.watch", title=_("Alarms of regulatory clocks"), every=60)
def watch(progress: Progress) -> Told | None:
    """Ring the alarms that are due."""
    n = ring_due()
    return Told(gettext_noop("%(n)s alarms rung"), {"n": n}) if n else None


@job("calendars.missing", title=_("Years without holidays"), every="20 8 * * *")
def missing(progress: Progress) -> Told | None:
    """Tell of years whose holidays nobody has entered."""
    n = tell_missing_years()
    return Told(gettext_noop("%(n)s messages about missing years"), {"n": n}) if n else None

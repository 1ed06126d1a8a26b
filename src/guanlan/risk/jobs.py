"""The jobs of indicators."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job
from guanlan.risk.measuring import ensure_indicators, measure_due
from guanlan.risk.models import IndicatorSample
from guanlan.risk.stillness import flag_still

KEPT: Final = dt.timedelta(days=800)  # two years and the quarter that looks back at them
BETWEEN: Final = dt.timedelta(hours=1)  # so long samples between two turns are kept
AT_ONCE: Final = 10_000


@job("indicators.measure", title=_("Measuring of indicators"), every=60, retries=0, timeout=300)
def measure(progress: Progress) -> Told | None:
    """Measure what is due; what this version has newly registered is."""
    now = timezone.now()
    ensure_indicators(now)
    IndicatorSample.objects.filter(live=True, at__lt=now - BETWEEN).delete()
    return measure_due(now, progress.check)


@job("indicators.forget", title=_("Old samples of indicators"), every="17 3 * * *")
def forget(progress: Progress) -> Told:
    """Forget samples that are older than anybody looks back."""
    before, gone = timezone.now() - KEPT, 0
    rows = IndicatorSample.objects.filter(at__lt=before).order_by("at")
    while keys := list(rows.values_list("pk", flat=True)[:AT_ONCE]):
        progress.check()
        gone += IndicatorSample.objects.filter(pk__in=keys).delete()[0]
    return Told(gettext_noop("%(n)s samples forgotten"), {"n": gone})


@job("indicators.still", title=_("Indicators whose limits tell nothing"), every="41 3 * * *")
def still(progress: Progress) -> Told:
    """Flag indicators that have been of one colour for too long."""
    return Told(gettext_noop("%(n)s indicators want new limits"), {"n": flag_still(timezone.now())})

"""Indicators that have been of one colour for so long that their limits tell nothing.

One that was never amber or red within eighteen months, or within all that is kept of it where that
is half a year at least, has limits too far away; one that has been red for a quarter has limits
that nobody minds. Both want new limits: that is shown, and a person decides.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Exists, OuterRef, Q

from guanlan.risk.models import Indicator, IndicatorChange, IndicatorSample

LONG: Final = dt.timedelta(days=548)  # eighteen months
ENOUGH: Final = dt.timedelta(days=180)  # of history, where there is no more
RED_LONG: Final = dt.timedelta(days=90)
_WARNING: Final = ("amber", "red")


def flag_still(now: dt.datetime) -> int:
    """Flag those that stand still, and take the flag from those that do not; how many are flagged.
    Four statements, however many there are."""
    changes = IndicatorChange.objects.filter(indicator=OuterRef("pk"), at__gt=now - LONG)
    warned = changes.filter(Q(after__in=_WARNING) | Q(before__in=_WARNING))
    samples = IndicatorSample.objects.filter(indicator=OuterRef("pk"), at__lte=now - ENOUGH)
    measured = Indicator.objects.filter(enabled=True)
    green = measured.filter(Exists(samples), ~Exists(warned), state="green")
    red = measured.filter(state="red", since__lte=now - RED_LONG)
    stands = {
        **dict.fromkeys(green.values_list("pk", flat=True), "green"),
        **dict.fromkeys(red.values_list("pk", flat=True), "red"),
    }
    changed = [
        row
        for row in Indicator.objects.filter(Q(pk__in=stands) | ~Q(still="")).only("pk", "still")
        if row.still != stands.get(row.pk, "")
    ]
    for row in changed:
        row.still = stands.get(row.pk, "")
    Indicator.objects.bulk_update(changed, ["still"], batch_size=500)
    return len(stands)

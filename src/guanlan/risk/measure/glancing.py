"""What measures say on the overview, and which duties wait for whom."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanlan.risk.models import Measure, MeasureDuty
from guanlan.risk.registry import address
from guanlan.web.overview import Figure, Glance, Waiting, loop, waits
from guanlan.web.words import number


@loop("improve", noun="risk.measure", order=20)
def in_force(glance: Glance) -> Figure:
    """Measures that are in force."""
    rows = Measure.objects.for_user(glance.subject).filter(state=Measure.State.IN_FORCE)
    n = rows.count()
    text = ngettext("measure in force", "measures in force", n)
    return Figure(number(n), text, address("measures", "state:in_force"))


@loop("review", noun="risk.duty", order=20)
def late_duties(glance: Glance) -> Figure:
    """Duties of measures that are overdue."""
    rows = MeasureDuty.objects.for_user(glance.subject).filter(done=None, due__lt=glance.now)
    n = rows.count()
    text = ngettext("overdue duty of a measure", "overdue duties of measures", n)
    return Figure(number(n), text, address("duties", "late:yes"), "bad" if n else "")


@waits(noun="risk.duty")
def own_duties(glance: Glance, most: int) -> Sequence[Waiting]:
    """What they are to do for a measure, or do for its owner."""
    me = glance.subject.id
    rows = MeasureDuty.objects.for_user(glance.subject).filter(
        Q(owner=me) | Q(measure__deputy=me), done=None
    )
    found = rows.select_related("measure").order_by("due", "pk")[:most]
    return [
        Waiting(_("Duty of a measure"), str(one.measure), reverse("duty", args=[one.pk]), one.due)
        for one in found
    ]

"""What indicators may count of decisions without code, and the releases that their charts mark."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.engine.scenario.model import Outcome
from guanlan.fraud.indicators import minutes
from guanlan.fraud.models import MinuteOutcome, Program
from guanlan.fraud.words import OUTCOMES
from guanlan.risk.counting import Choice, Countable, countable
from guanlan.risk.happened import MOST, Happened, on_chart
from guanlan.risk.models import Indicator

RECENT = 7 * 24 * 60  # minutes in which a type was seen that is offered


def types() -> Mapping[str, str]:
    """The types of events that came within the last days."""
    since = int(timezone.now().timestamp() // 60) - RECENT
    rows = MinuteOutcome.objects.filter(minute__gte=since).order_by("type")
    return {name: name for name in rows.values_list("type", flat=True).distinct()}


countable(
    Countable(
        name="decisions", title=gettext_lazy("Decisions"), category="fraud", route="decisions",
        rows=MinuteOutcome.objects.all, within=minutes, number="decisions",
        choices=(
            Choice("outcome", gettext_lazy("Outcome"), "outcome", OUTCOMES,
                   {one.name: int(one) for one in Outcome}),
            Choice("type", gettext_lazy("Type"), "type", types),
        ),
    )
)  # fmt: skip


@on_chart("releases")
def releases(row: Indicator, start: dt.datetime, end: dt.datetime) -> list[Happened]:
    """When a scenario began to decide, on indicators of fraud and operations."""
    if row.category not in ("fraud", "operations"):
        return []
    first, last = (int(at.timestamp() * 1_000_000) for at in (start, end))
    rows = Program.objects.filter(activated__gt=first, activated__lte=last).order_by("-activated")
    return [
        Happened(
            dt.datetime.fromtimestamp(at / 1_000_000, dt.UTC),
            _("Scenario %(name)s began to decide") % {"name": name},
        )
        for at, name in rows.values_list("activated", "name")[:MOST]
    ]

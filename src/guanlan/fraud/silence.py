"""Event sources that have fallen silent, as alerts.

A source is an event type. It is silent when nothing of it has been decided for more than twice the
longest pause of its last seven days, and for fifteen minutes at least; so what pauses each night
is not silent at night. A type seen in fewer than sixty minutes of those days has no usual pause
yet, and one that has been silent for thirty days is taken for gone.
"""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Final

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job
from guanlan.fraud.models import MinuteOutcome
from guanlan.response.alerts import Finding
from guanlan.response.alerts.resolving import keep_up
from guanlan.response.terms import Severity

RULE: Final = "platform.source_silent"
LEAST: Final = 15  # minutes
TIMES: Final = 2
SEEN: Final = 60  # minutes with events from which on there is a usual pause
WEEK: Final = 7 * 24 * 60
GONE: Final = 30 * 24 * 60


def silent_sources(now: dt.datetime) -> list[Finding]:
    """Event types that are silent beyond their own usual pause."""
    minute = int(now.timestamp() // 60)
    newest = MinuteOutcome.objects.filter(minute__gt=minute - GONE).values("type")
    last = dict(newest.annotate(last=Max("minute")).values_list("type", "last"))
    found = []
    for name, seen in sorted(last.items()):
        silence = minute - seen
        if silence < LEAST:
            continue
        usual = usual_pause(name, seen)
        if usual is not None and silence > TIMES * usual:
            found.append(_finding(name, silence, usual, seen))
    return found


def usual_pause(name: str, last: int) -> int | None:
    """The longest pause of a type in the seven days before its last event, in minutes; None where
    it was seen too seldom to tell."""
    rows = MinuteOutcome.objects.filter(type=name, minute__gt=last - WEEK, minute__lte=last)
    minutes = list(rows.order_by("minute").values_list("minute", flat=True).distinct())
    if len(minutes) < SEEN:
        return None
    return max(later - earlier for earlier, later in pairwise(minutes))


def _finding(name: str, silence: int, usual: int, last: int) -> Finding:
    return Finding(
        rule=RULE,
        category="operations",
        severity=Severity.high,
        text=gettext_noop(
            "No event of the type %(type)s for %(silence)s minutes; its longest pause of seven days"
            " was %(usual)s minutes"
        ),
        values={"type": name, "silence": silence, "usual": usual},
        key={"type": name},
        at=dt.datetime.fromtimestamp((last + 1) * 60, dt.UTC),
    )


@job("fraud.silence", title=_("Silent event sources"), every=300)
def watch_sources(progress: Progress) -> Told | None:
    """Raise and resolve alerts about event types that fell silent."""
    progress.check()
    now = timezone.now()
    raised, resolved = keep_up(RULE, silent_sources(now), now)
    if not raised and not resolved:
        return None
    text = gettext_noop("%(raised)s alerts raised, %(resolved)s resolved")
    return Told(text, {"raised": raised, "resolved": resolved})

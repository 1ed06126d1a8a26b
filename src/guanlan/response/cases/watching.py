"""What time does to cases: priorities rise, and who owns a late one is told once."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import transaction
from django.db.models import Q

from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.response.cases.letters import tell_late
from guanlan.response.cases.priority import set_priority
from guanlan.response.cases.timeline import enter
from guanlan.response.models import Case

AT_ONCE: Final = 500
LATE: Final = 100


def rank(now: dt.datetime) -> int:
    """Reckon the priorities of open cases anew; how many changed. Time moves only those that have
    a deadline before them and wait for nobody."""
    changed, last = 0, 0
    moving = Q(live=True, waiting=None, resolve_due__isnull=False)
    while True:
        rows = list(Case.objects.filter(moving, pk__gt=last).order_by("pk")[:AT_ONCE])
        fresh = [row for row in rows if set_priority(row, now)]
        for row in fresh:
            # Only where nobody changed it meanwhile: who did has reckoned it too.
            Case.objects.filter(pk=row.pk, live=True, waiting=None).update(priority=row.priority)
        changed += len(fresh)
        if len(rows) < AT_ONCE:
            return changed
        last = rows[-1].pk


def find_late(now: dt.datetime) -> int:
    """Tell of cases that were not resolved in time, each once; how many."""
    late = Q(live=True, waiting=None, told_late=False, resolve_due__lte=now)
    told = 0
    for number in list(Case.objects.filter(late).order_by("resolve_due").values_list("pk")[:LATE]):
        with transaction.atomic():
            rows = Case.objects.select_for_update(of=("self",)).select_related("queue")
            row = rows.filter(late, pk=number[0]).first()
            if row is not None:
                _tell(row, now)
                told += 1
    return told


def _tell(row: Case, now: dt.datetime) -> None:
    with act("case.late", row):
        row.told_late = True
        row.save(update_fields=["told_late"])
        enter(row, "late", now)
        people = [row.owner_id] if row.owner_id else row.queue.people if row.queue else []
        tell_late(row, User.objects.filter(pk__in=people, is_active=True), now)

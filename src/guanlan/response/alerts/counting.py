"""How many alerts live: what thresholds are held against. A closed alert counts for nothing."""

from __future__ import annotations

from datetime import datetime

from guanlan.response.models import Alert, EntityRef
from guanlan.response.terms import Severity


def live_count(
    *,
    category: str = "",
    rule_prefix: str = "",
    severity: Severity = Severity.info,
    entity: EntityRef | None = None,
    since: datetime | None = None,
    muted: bool = True,
) -> int:
    """The number of live alerts of this category, whose rule begins so, of this severity at
    least, about this entity, and last seen since then. `muted=False` leaves out those that are
    snoozed or within a maintenance window."""
    found = Alert.objects.filter(live=True, severity__gte=severity)
    if category:
        found = found.filter(category=category)
    if rule_prefix:
        found = found.filter(rule__startswith=rule_prefix)
    if entity is not None:
        found = found.filter(parts__entity=entity).distinct()
    if since is not None:
        found = found.filter(last_seen__gte=since)
    if not muted:
        found = found.filter(muted="")
    return found.count()

"""Alerts whose cause is gone: closed by the platform, as what they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from guanlan.core.access import SYSTEM
from guanlan.core.audit import act
from guanlan.response.alerts.finding import Finding, fingerprint
from guanlan.response.alerts.history import note
from guanlan.response.alerts.raising import raise_alerts
from guanlan.response.models import Alert

CONFIRMED: Final = "confirmed"


def resolve(alert: Alert, now: datetime) -> bool:
    """Close an alert whose cause is gone, as confirmed: it was so. False where it is closed."""
    with act("alert.resolve", alert):
        row = Alert.objects.select_for_update().get(pk=alert.pk)
        if not row.live:
            return False
        row.state, row.live, row.current, row.disposition = "closed", False, False, CONFIRMED
        row.closed, row.closed_by = now, None
        row.muted, row.muted_until, row.due = "", None, None
        row.save()
        note(row, "well", now, by=SYSTEM, values={"disposition": CONFIRMED})
    return True


def resolve_finding(rule: str, key: Mapping[str, str | int], now: datetime) -> int:
    """Close the live alerts of a rule and a key; how many."""
    rows = Alert.objects.filter(rule=rule, live=True, fingerprint=fingerprint(rule, key))
    return sum(resolve(one, now) for one in rows)


def keep_up(rule: str, findings: Iterable[Finding], now: datetime) -> tuple[int, int]:
    """Make the alerts of a rule say what is not well now: how many were raised and resolved.

    `findings` are all that hold now, each with `at` since when. One that has a live alert raises
    nothing more; nor does one that somebody has closed since then. Live alerts of the rule that
    are not among them are resolved.
    """
    held = {fingerprint(one.rule, one.key): one for one in findings}
    live = {one.fingerprint: one for one in Alert.objects.filter(rule=rule, live=True)}
    over = Alert.objects.filter(
        rule=rule, fingerprint__in=[*held.keys() - live.keys()], closed__isnull=False
    )
    closed: dict[str, datetime | None] = dict(
        over.order_by("closed").values_list("fingerprint", "closed")
    )
    fresh = [
        one
        for digest, one in held.items()
        if digest not in live and not ((at := closed.get(digest)) and at >= one.at)
    ]
    made = len(raise_alerts(fresh, now)) if fresh else 0
    return made, sum(resolve(one, now) for digest, one in live.items() if digest not in held)

"""Bringing alerts to people: routed once, then step by step until somebody acknowledges.

Each step is a row that is written before it is due. It is done in the transaction that sends its
messages and never again: a worker that dies in between has done all of it or nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction

from guanlan.core import outbox
from guanlan.core.audit import act
from guanlan.core.audit.recording import Detail
from guanlan.core.models import User
from guanlan.core.people.organisation import organisation
from guanlan.response.alerts.history import note
from guanlan.response.alerts.muting import come_back
from guanlan.response.alerts.oncall import turn
from guanlan.response.alerts.telling import on_duty, rota_of, tell
from guanlan.response.models import Alert, AlertCall, AlertRoute, OnCallSchedule
from guanlan.response.terms import Severity

AT_ONCE: Final = 500
OWNERS: Final = "owners"
Check = Callable[[], None]


def _nothing() -> None:
    """A sweep that nobody stops."""


def sweep(now: dt.datetime, check: Check = _nothing) -> int:
    """Everything that is due at `now`: silences that end, alerts to be routed, steps to be done,
    hand-overs to be told. How many steps were done. `check` is called between them."""
    come_back(now)
    due = Alert.objects.filter(due__lte=now).order_by("due", "pk")
    for key in list(due.values_list("pk", flat=True)[:AT_ONCE]):
        _route(key, now)
        check()
    done = 0
    steps = AlertCall.objects.filter(due__lte=now, done=None).order_by("due", "pk")
    for key in list(steps.values_list("pk", flat=True)[:AT_ONCE]):
        done += _step(key, now)
        check()
    hand_over(now)
    return done


def fits(route: AlertRoute, alert: Alert, now: dt.datetime, zone: ZoneInfo) -> bool:
    """Whether a routing rule speaks of this alert at this time of the week."""
    if not route.enabled or route.category not in ("", alert.category):
        return False
    if alert.severity < route.severity or not alert.rule.startswith(route.rule_prefix):
        return False
    local = now.astimezone(zone)
    day, clock = local.weekday(), local.time().replace(tzinfo=None)
    begin, end = route.from_time, route.to_time
    if begin is not None and end is not None and begin != end:
        if begin < end:
            if not begin <= clock < end:
                return False
        elif clock < end:
            day = (day - 1) % 7  # the night belongs to the day on which it began
        elif clock < begin:
            return False
    return not route.weekdays or day in route.weekdays


def _route(key: int, now: dt.datetime) -> None:
    """Write down the steps by which an alert is brought to people."""
    with transaction.atomic():
        alert = Alert.objects.select_for_update().get(pk=key)
        if alert.due is None or alert.due > now:
            return
        alert.due = None
        waits = alert.state == "new" and not alert.muted
        if not waits or alert.told_severity >= alert.severity:
            alert.save(update_fields=["due"])
            return
        with act("alert.route", alert, detail={"round": alert.told + 1}):
            AlertCall.objects.filter(alert=alert, done=None).update(done=now, outcome="spared")
            alert.told += 1
            alert.told_severity = alert.severity
            AlertCall.objects.bulk_create(_steps(alert, now))
            alert.save(update_fields=["due", "told", "told_severity"])


def _steps(alert: Alert, now: dt.datetime) -> list[AlertCall]:
    zone = organisation().zone
    calls: list[AlertCall] = []
    chained = False
    for route in AlertRoute.objects.select_related("chain").order_by("position", "pk"):
        if not fits(route, alert, now, zone):
            continue
        source = f"route:{route.pk}"
        if route.chain is not None:
            chained = True
            for step, (minutes, kind, target) in enumerate(route.chain.steps):
                due = now
                if step:
                    if alert.deadline is None:
                        break
                    due = alert.deadline + dt.timedelta(minutes=minutes)
                calls.append(_call(alert, source, step, kind, str(target), due))
        elif route.channel_id is not None:
            calls.append(_call(alert, source, 0, "channel", str(route.channel_id), now))
        else:
            calls.append(_call(alert, source, 0, "role", route.role, now))
        if route.last:
            break
    if not calls and alert.severity >= Severity.high:
        calls.append(_call(alert, OWNERS, 0, "role", "owner", now))
    if not chained and alert.deadline is not None:
        calls.append(_call(alert, OWNERS, 1, "role", "owner", alert.deadline))
    return calls


def _call(
    alert: Alert, source: str, step: int, kind: str, target: str, due: dt.datetime
) -> AlertCall:
    return AlertCall(
        alert=alert, round=alert.told, source=source, step=step, kind=kind, target=target, due=due
    )


def _step(key: int, now: dt.datetime) -> int:
    """Do a step, or spare it where somebody has acknowledged meanwhile; 1 where it was done."""
    with transaction.atomic():
        call = AlertCall.objects.select_for_update().filter(pk=key, done=None).first()
        if call is None:
            return 0
        alert = Alert.objects.select_for_update().get(pk=call.alert_id)
        if alert.state != "new" or alert.muted:
            AlertCall.objects.filter(pk=key).update(done=now, outcome="spared")
            return 0
        detail: Detail = {"step": call.step, "source": call.source}
        with act("alert.call", alert, detail=detail):
            call.outcome, messages = tell(alert, call, now)
            call.done, call.messages = now, [one.pk for one in messages]
            call.save()
            names = sorted({one.recipient.get_username() if one.recipient else str(one.channel)
                            for one in messages})  # fmt: skip
            note(alert, call.outcome, now, values={"to": ", ".join(names)[:500]})
    return 1


def hand_over(now: dt.datetime) -> None:
    """Tell those whose turn has begun, and those whose turn it was, once for each turn."""
    for schedule in OnCallSchedule.objects.order_by("pk"):
        current = turn(rota_of(schedule), now)
        if current is None or schedule.told_turn == current.begins:
            continue
        with transaction.atomic():
            row = OnCallSchedule.objects.select_for_update().get(pk=schedule.pk)
            if row.told_turn == current.begins:
                continue
            first, row.told_turn = row.told_turn is None, current.begins
            with act("oncall.handover", row):
                row.save(update_fields=["told_turn"])
                person = on_duty(row, now)
                before = turn(rota_of(row), current.begins - dt.timedelta(microseconds=1))
                to = {current.person, *(() if first or before is None else (before.person,))}
                outbox.send(
                    "oncall.handover",
                    to=[*User.objects.filter(pk__in=to, is_active=True)],
                    context={"schedule": row.name, "person": str(person or "—")},
                    about=row,
                    dedup=f"handover {row.pk} {current.begins.isoformat()}",
                    now=now,
                )

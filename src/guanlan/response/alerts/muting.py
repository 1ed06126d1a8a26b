"""Times in which nobody is told: maintenance windows and snoozes. Alerts are recorded and counted
all the while, and come back when the time is over and they still live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.response.alerts.deadlines import deadlines
from guanlan.response.alerts.handling import reason_of
from guanlan.response.alerts.history import note
from guanlan.response.models import Alert, AlertEntity, MaintenanceWindow, Snooze

LONGEST_SNOOZE: Final = timedelta(days=30)
LONGEST_WINDOW: Final = timedelta(days=30)


def mute_new(rows: Sequence[Alert], entities: Mapping[int, Iterable[int]], now: datetime) -> None:
    """Silence alerts just made that fall into a window or a snooze; `entities` says of which
    entities (ids) each alert speaks. Within the caller's transaction."""
    windows = list(MaintenanceWindow.objects.filter(begins__lte=now, ends__gt=now, ended=None))
    snoozes = list(
        Snooze.objects.filter(until__gt=now, ended=None).filter(
            Q(fingerprint__in={row.fingerprint for row in rows})
            | Q(entity__isnull=False, rule__in={row.rule for row in rows})
        )
    )
    for row in rows if windows or snoozes else ():
        of = set(entities.get(row.pk, ()))
        until = max((one.ends for one in windows if _within(one, row)), default=None)
        kind, worst = "maintenance", 0
        if until is None:
            held = [one for one in snoozes if _snoozed(one, row, of)]
            until = max((one.until for one in held), default=None)
            kind, worst = "snooze", max((one.severity for one in held), default=0)
        if until is not None:
            _mute(row, kind, until, worst)
            note(row, "muted", now, values={"kind": kind, "until": until.isoformat()})


def _within(window: MaintenanceWindow, row: Alert) -> bool:
    return window.category in ("", row.category) and row.rule.startswith(window.rule_prefix)


def _snoozed(one: Snooze, row: Alert, entities: set[int]) -> bool:
    if row.severity > one.severity:
        return False
    if one.entity_id is None:
        return one.fingerprint == row.fingerprint
    return one.rule == row.rule and one.entity_id in entities


def _mute(row: Alert, kind: str, until: datetime, worst: int) -> None:
    row.muted, row.muted_until, row.muted_severity = kind, until, worst
    row.due = None
    if row.state == "new":
        row.deadline = None
    row.save(update_fields=["muted", "muted_until", "muted_severity", "due", "deadline"])


def come_back(now: datetime) -> int:
    """Bring back live alerts whose silence is over, with a deadline from now on; how many."""
    over = Alert.objects.filter(muted_until__lte=now).exclude(muted="")
    times = deadlines()
    count = 0
    for key in list(over.order_by("pk").values_list("pk", flat=True)[:500]):
        with act("alert.return", ("response.alert", str(key))):
            row = Alert.objects.select_for_update().get(pk=key)
            if not row.muted or row.muted_until is None or row.muted_until > now:
                continue
            speak(row, now, times)
            row.save()
            note(row, "returned", now, values={"count": row.count})
            count += 1
    return count


def speak(row: Alert, now: datetime, times: Mapping[int, timedelta | None]) -> None:
    """An alert is silent no longer: it is routed anew, and if nobody has acknowledged it the
    time to do so begins. The caller writes the row."""
    row.muted, row.muted_until = "", None
    within = times[row.severity]
    if row.live:
        row.told_severity, row.due = -1, now
        if row.state == "new":
            row.deadline = None if within is None else now + within


def snooze(
    subject: Subject,
    alert: Alert,
    until: datetime,
    reason: str,
    *,
    whole_entity: bool = False,
    now: datetime | None = None,
) -> Snooze:
    """Tell nobody of this alert and those like it until then: of its fingerprint, or of its rule
    about its first entity. What becomes more severe is told all the same. Raises Denied, or
    ValidationError by field."""
    require(subject, "add", "response.snooze")
    at = now or timezone.now()
    reason = reason_of(reason)
    if not at < until <= at + LONGEST_SNOOZE:
        text = _("Give an end within the next 30 days.")
        raise ValidationError({"until": text})
    if not alert.live:
        raise ValidationError(_("It is closed already."))
    part = AlertEntity.objects.filter(alert=alert).order_by("pk").first() if whole_entity else None
    if whole_entity and part is None:
        raise ValidationError({"scope": _("This alert speaks of no entity.")})
    made = Snooze(
        fingerprint="" if part else alert.fingerprint,
        rule=alert.rule,
        entity_id=part.entity_id if part else None,
        severity=alert.severity,
        begins=at,
        until=until,
        reason=reason,
        made_by_id=subject.id,
    )
    with act("alert.snooze", alert, detail={"until": until.isoformat()}):
        made.save()
        rows = Alert.objects.select_for_update().filter(live=True, severity__lte=made.severity)
        rows = rows.exclude(muted="maintenance")
        if part is None:
            rows = rows.filter(fingerprint=alert.fingerprint)
        else:
            rows = rows.filter(
                pk__in=AlertEntity.objects.filter(entity=part.entity_id).values("alert"),
                rule=alert.rule,
            )
        for row in rows:
            _mute(row, "snooze", until, made.severity)
            note(row, "snoozed", at, by=subject, values={"until": until.isoformat()}, reason=reason)
    return made


def end_snooze(subject: Subject, snoozed: Snooze, now: datetime | None = None) -> None:
    """End a snooze before its time: its alerts come back with the next sweep. Raises Denied, or
    ValidationError where it has ended."""
    require(subject, "delete", "response.snooze")
    at = now or timezone.now()
    with act("snooze.end", snoozed):
        row = Snooze.objects.select_for_update().get(pk=snoozed.pk)
        if row.ended is not None or row.until <= at:
            raise ValidationError(_("It has ended already."))
        row.ended = at
        row.save(update_fields=["ended"])
        held = Alert.objects.filter(live=True, muted="snooze", rule=row.rule)
        if row.entity_id is None:
            held = held.filter(fingerprint=row.fingerprint)
        else:
            held = held.filter(
                pk__in=AlertEntity.objects.filter(entity=row.entity_id).values("alert")
            )
        held.update(muted_until=at)


def add_window(
    subject: Subject,
    name: str,
    category: str,
    rule_prefix: str,
    begins: datetime,
    ends: datetime,
    reason: str,
) -> MaintenanceWindow:
    """Tell nobody of alerts that fit, from one time until another. Alerts that live already are
    not silenced. Raises Denied, or ValidationError by field."""
    require(subject, "add", "response.maintenancewindow")
    if not begins < ends <= begins + LONGEST_WINDOW:
        raise ValidationError({"ends": _("It ends after it begins, and within 30 days.")})
    made = MaintenanceWindow(
        name=name.strip(),
        category=category,
        rule_prefix=rule_prefix.strip(),
        begins=begins,
        ends=ends,
        reason=reason_of(reason),
        made_by_id=subject.id,
    )
    with act("maintenance.add", made):
        made.save()
    return made


def end_window(subject: Subject, window: MaintenanceWindow, now: datetime | None = None) -> None:
    """End a window before its time: its alerts come back with the next sweep. Raises Denied, or
    ValidationError where it has ended."""
    require(subject, "delete", "response.maintenancewindow")
    at = now or timezone.now()
    with act("maintenance.end", window):
        row = MaintenanceWindow.objects.select_for_update().get(pk=window.pk)
        if row.ended is not None or row.ends <= at:
            raise ValidationError(_("It has ended already."))
        row.ended = at
        row.save(update_fields=["ended"])
        held = Alert.objects.filter(live=True, muted="maintenance")
        held = held.filter(rule__startswith=row.rule_prefix)
        if row.category:
            held = held.filter(category=row.category)
        held.update(muted_until=at)

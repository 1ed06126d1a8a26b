"""Whom an alert is brought to, and what they are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import translation

from guanlan.core import outbox
from guanlan.core.access import subject_of
from guanlan.core.jobs import nudge
from guanlan.core.models import Channel, Message, User
from guanlan.core.outbox.sending import Urgency
from guanlan.response.alerts.handling import acknowledge
from guanlan.response.alerts.oncall import Rota, StandIn, on_call
from guanlan.response.alerts.titles import title_of
from guanlan.response.models import Alert, AlertCall, OnCallOverride, OnCallSchedule
from guanlan.response.terms import SEVERITIES, Severity

# Only critical messages pass quiet hours; what is high or critical does.
URGENCIES: Final[dict[Severity, Urgency]] = {
    Severity.info: "info",
    Severity.low: "normal",
    Severity.medium: "urgent",
    Severity.high: "critical",
    Severity.critical: "critical",
}
Recipient = User | Channel
_NAMES: Final = {
    "number": 2, "title_en": 2, "title_hans": 2, "title_hant": 2, "severity": 2, "count": 2,
}  # fmt: skip


def _severity(name: str) -> str:
    """A severity in the reader's language."""
    return str(SEVERITIES.get(name, name))


outbox.template(
    "alert.raised",
    title={"en": "An alert was raised", "zh-hans": "产生告警", "zh-hant": "產生告警"},
    names=_NAMES,
    words={"severity": _severity},
    texts={
        "en": ("[{severity}] {title_en}",
            ("Alert {number}: {title_en}. Found {count} times. Acknowledge"
               " it, or it goes to others when its deadline has passed.")),
        "zh-hans": ("【{severity}】{title_hans}",
            ("告警 {number}：{title_hans}。已发现 {count} 次。请确认；"
                    "超过期限仍未确认将转给其他人。")),
        "zh-hant": ("【{severity}】{title_hant}",
            ("告警 {number}：{title_hant}。已發現 {count} 次。請確認；"
                    "超過期限仍未確認將轉給其他人。")),
    },
)  # fmt: skip
outbox.template(
    "alert.unreachable",
    names=_NAMES,
    words={"severity": _severity},
    texts={
        "en": ("Nobody reachable: [{severity}] {title_en}",
            ("Alert {number} should have gone to"
               " somebody who cannot be reached, so it goes to the owners. Found {count} times.")),
        "zh-hans": ("无人可联系：【{severity}】{title_hans}",
            ("告警 {number} 应通知的人无法联系，因此"
                    "通知所有者。已发现 {count} 次。")),
        "zh-hant": ("無人可聯絡：【{severity}】{title_hant}",
            ("告警 {number} 應通知的人無法聯絡，因此"
                    "通知擁有者。已發現 {count} 次。")),
    },
)  # fmt: skip
outbox.template(
    "oncall.handover",
    names={"schedule": 2, "person": 2},
    texts={
        "en": ("{person} is on call: {schedule}", "{person} has taken over {schedule}."),
        "zh-hans": ("{person} 开始值班：{schedule}", "{person} 已接班：{schedule}。"),
        "zh-hant": ("{person} 開始值班：{schedule}", "{person} 已接班：{schedule}。"),
    },
)


def rota_of(schedule: OnCallSchedule) -> Rota:
    """The turns of a schedule."""
    return Rota(
        tuple(schedule.people),
        schedule.turn_days,
        schedule.handover,
        schedule.start,
        ZoneInfo(schedule.zone),
    )


def stand_ins(schedule: OnCallSchedule, begin: datetime, end: datetime) -> list[StandIn]:
    """Who stands in within that time, in the order in which it was told."""
    rows = OnCallOverride.objects.filter(schedule=schedule, ends__gt=begin, begins__lt=end)
    found = rows.order_by("pk").values_list("person", "begins", "ends")
    return [StandIn(*row) for row in found]


def on_duty(schedule: OnCallSchedule, now: datetime) -> User | None:
    """The person on duty who can sign in; None where nobody is."""
    others = OnCallOverride.objects.filter(schedule=schedule, begins__lte=now, ends__gt=now)
    rows = others.order_by("pk").values_list("person", "begins", "ends")
    person = on_call(rota_of(schedule), [StandIn(*row) for row in rows], now)
    return User.objects.filter(pk=person or 0, is_active=True).first()


def holders(role: str, now: datetime) -> list[User]:
    """The active people who hold a role at that time."""
    held = Q(role_assignments__role=role, role_assignments__since__lte=now) & (
        Q(role_assignments__until=None) | Q(role_assignments__until__gt=now)
    )
    return list(User.objects.filter(held, is_active=True).distinct().order_by("pk"))


def recipients(kind: str, target: str, now: datetime) -> list[Recipient]:
    """Whom a step reaches at that time."""
    if kind == "role":
        return [*holders(target, now)]
    if kind == "channel":
        return [*Channel.objects.filter(pk=int(target), enabled=True)]
    if kind == "person":
        return [*User.objects.filter(pk=int(target), is_active=True)]
    schedule = OnCallSchedule.objects.filter(pk=int(target)).first()
    person = on_duty(schedule, now) if schedule is not None else None
    return [] if person is None else [person]


def tell(alert: Alert, call: AlertCall, now: datetime) -> tuple[str, list[Message]]:
    """Send what a step is to send; `told`, or `nobody` where it went to the owners instead."""
    to = recipients(call.kind, call.target, now)
    outcome, template, urgency = "told", "alert.raised", URGENCIES[Severity(alert.severity)]
    if not to:
        to, outcome = [*holders("owner", now)], "nobody"
        template, urgency = "alert.unreachable", "critical"
    made: list[Message] = []
    for one in to:
        made += _send(alert, call, one, template, urgency, now)
    return outcome, made


def _titled(alert: Alert, language: str) -> str:
    with translation.override(language):
        return title_of(alert)


def _send(
    alert: Alert, call: AlertCall, to: Recipient, template: str, urgency: Urgency, now: datetime
) -> Sequence[Message]:
    left = alert.deadline - now if alert.deadline is not None else None
    context: dict[str, str | int | float] = {
        "number": alert.pk,
        "title_en": _titled(alert, "en"),
        "title_hans": _titled(alert, "zh-hans"),
        "title_hant": _titled(alert, "zh-hant"),
        "severity": Severity(alert.severity).name,
        "count": alert.count,
    }
    return outbox.send(
        template,
        to=to,
        context=context,
        urgency=urgency,
        about=alert,
        dedup=f"alert {alert.pk} {call.round} {call.source} {call.step}",
        acknowledge_within=left if left is not None and left.total_seconds() > 0 else None,
        now=now,
    )


def acknowledged(message: Message, now: datetime) -> None:
    """Who acknowledges the message acknowledges the alert."""
    alert = Alert.objects.filter(pk=int(message.about_id)).first()
    if alert is not None and alert.state == "new" and message.recipient is not None:
        acknowledge(subject_of(message.recipient, now), alert, now)


def _unanswered(message: Message) -> None:
    """The sweep goes on with the steps that are due; the message itself asks for nothing."""
    nudge("alerts.sweep")


for _template in ("alert.raised", "alert.unreachable"):
    outbox.on_unacknowledged(_template, _unanswered)
    outbox.on_acknowledged(_template, acknowledged)

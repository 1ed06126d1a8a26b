"""Who is asked to command an incident: the person on duty of the schedule for its category."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.core.exceptions import ValidationError
from django.utils import timezone

from guanlan.core import outbox
from guanlan.core.access import SYSTEM, Denied, may, subject_of
from guanlan.core.models import Message, User
from guanlan.core.outbox.sending import people_who_may
from guanlan.response.alerts.telling import on_duty
from guanlan.response.incidents.finding import NOUN
from guanlan.response.incidents.roles import assume
from guanlan.response.incidents.timeline import enter
from guanlan.response.models import Incident, OnCallSchedule

WITHIN: Final = dt.timedelta(minutes=15)  # to take command before others are told

outbox.template(
    "incident.command",
    names={"title": 2, "number": 2},
    texts={
        "en": (
            "Please take command: {title}",
            "You are on duty. Acknowledge this to command incident {number}; its page ends it.",
        ),
        "zh-hans": (
            "请担任指挥人：{title}",
            "您正在值班。确认此消息即担任事件 {number} 的指挥人；可在事件页面结束该角色。",
        ),
        "zh-hant": (
            "請擔任指揮人：{title}",
            "您正在值班。確認此訊息即擔任事件 {number} 的指揮人；可在事件頁面結束該角色。",
        ),
    },
)
outbox.template(
    "incident.uncommanded",
    names={"title": 2, "number": 2},
    texts={
        "en": (
            "Nobody commands: {title}",
            "Who is on duty has not taken command of incident {number}. Give somebody the role.",
        ),
        "zh-hans": ("无人指挥：{title}", "值班人员尚未担任事件 {number} 的指挥人。请指定指挥人。"),
        "zh-hant": ("無人指揮：{title}", "值班人員尚未擔任事件 {number} 的指揮人。請指定指揮人。"),
    },
)


def duty_of(category: str, now: dt.datetime) -> User | None:
    """The person on duty who commands incidents of a category; None where no schedule is named
    for it, or nobody on duty works on incidents."""
    for schedule in OnCallSchedule.objects.order_by("pk"):
        if category in schedule.commands:
            person = on_duty(schedule, now)
            if person is not None and may(subject_of(person), "change", NOUN):
                return person
    return None


def ask(row: Incident, person: User, now: dt.datetime) -> None:
    """Ask a person to take command, within the caller's act; acknowledging takes it."""
    enter(row, "asked", now, SYSTEM, values={"title": person.get_username()})
    outbox.send(
        "incident.command",
        to=person,
        context=_words(row),
        urgency="urgent",
        about=row,
        dedup=f"incident.command:{row.pk}:{person.pk}",
        acknowledge_within=WITHIN,
        now=now,
    )


def _words(row: Incident) -> dict[str, str | int | float]:
    return {"title": f"#{row.pk}" if row.confidential else row.title, "number": row.pk}


def acknowledged(message: Message, now: dt.datetime) -> None:
    """Who acknowledges being asked takes command, unless somebody else who was not there when it
    was declared has taken it, or it is closed."""
    row = Incident.objects.filter(pk=int(message.about_id)).first()
    person = message.recipient
    if row is None or person is None or row.state == Incident.State.CLOSED:
        return
    if row.commander_id not in (None, row.declared_by_id):
        return
    try:
        assume(SYSTEM, row, "commander", person, now=now)
    except (ValidationError, Denied):  # has it already; may not work on incidents any more
        return


def unanswered(message: Message) -> None:
    """Nobody took command in time: those who manage incidents are told."""
    row = Incident.objects.filter(pk=int(message.about_id)).first()
    if row is None or row.commander_id is not None or row.state == Incident.State.CLOSED:
        return
    outbox.send(
        "incident.uncommanded",
        to=people_who_may("manage", NOUN),
        context=_words(row),
        urgency="critical",
        about=row,
        dedup=f"incident.uncommanded:{row.pk}",
        now=timezone.now(),
    )


outbox.on_acknowledged("incident.command", acknowledged)
outbox.on_unacknowledged("incident.command", unanswered)

"""What an incident waits for beside people: its plan to start, and news that are late."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError

from guanlan.core import outbox
from guanlan.core.access import SYSTEM
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.core.outbox.sending import people_who_may
from guanlan.response.incidents.finding import NOUN
from guanlan.response.incidents.matrix import matrix_in_force
from guanlan.response.incidents.moving import start_plan
from guanlan.response.incidents.timeline import enter
from guanlan.response.models import Incident, Plan, PlanRun, RoleHeld
from guanlan.web.words import until_plain

AT_ONCE = 200
TELLERS = ("liaison", "communications", "commander")  # the first of them who is there is reminded

outbox.template(
    "incident.news_late",
    names={"title": 2, "number": 2, "due": 2},
    texts={
        "en": (
            "News are due: {title}",
            "News about incident {number} were due at {due}. Tell people, and record it there.",
        ),
        "zh-hans": (
            "应发布通报：{title}",
            "事件 {number} 的通报应于 {due} 前告知相关方。请告知并在事件页面记录。",
        ),
        "zh-hant": (
            "應發布通報：{title}",
            "事件 {number} 的通報應於 {due} 前告知相關方。請告知並在事件頁面記錄。",
        ),
    },
)


def start_waiting(now: dt.datetime) -> int:
    """Start the plans that the matrix wants started; how many. Each is started once, also where
    this ends between the start and the mark."""
    waiting = Incident.objects.filter(to_start__isnull=False).exclude(state="closed")
    started = 0
    for row in waiting.select_related("to_start").order_by("id")[:AT_ONCE]:
        plan = row.to_start
        assert plan is not None
        if not _runs(row, plan):
            try:
                start_plan(SYSTEM, row, plan, now=now)
                started += 1
            except ValidationError:
                with act("incident.plan_missing", row, detail={"plan": plan.pk}):
                    enter(row, "plan_missing", now, SYSTEM, values={"title": plan.name})
        Incident.objects.filter(pk=row.pk).update(to_start=None)
    return started


def _runs(row: Incident, plan: Plan) -> bool:
    runs = PlanRun.objects.filter(origin_noun=NOUN, origin_id=str(row.pk))
    return runs.filter(version__plan=plan).exists()


def remind_late_news(now: dt.datetime) -> int:
    """Remind whoever tells those with a stake that news are late: once when they are due, and
    again each time the rhythm of the severity has passed; how many messages."""
    matrix = matrix_in_force()
    late = Incident.objects.filter(update_due__lte=now).exclude(state="closed")
    told = 0
    for row in late.select_related("commander").order_by("update_due")[:AT_ONCE]:
        due = row.update_due
        assert due is not None
        rhythm = matrix.told_by(row.severity, due)
        turn = 0 if rhythm is None else (now - due) // (rhythm - due)
        told += len(
            outbox.send(
                "incident.news_late",
                to=tellers(row),
                context={
                    "title": f"#{row.pk}" if row.confidential else row.title,
                    "number": row.pk,
                    "due": until_plain(due),
                },
                urgency="urgent",
                about=row,
                dedup=f"incident.news:{row.pk}:{due.isoformat()}:{turn}",
                now=now,
            )
        )
    return told


def tellers(row: Incident) -> list[User]:
    """Who is to tell those with a stake: the liaison, or else communications, or else the
    commander; where nobody has such a role, those who manage incidents."""
    held = {
        one.role: one.person
        for one in RoleHeld.objects.filter(incident=row, renounced_at=None).select_related("person")
    }
    for role in TELLERS:
        if role in held:
            return [held[role]]
    return people_who_may("manage", NOUN)

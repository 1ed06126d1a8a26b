"""Owners are told before answers are due, and once more when they are late."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core import outbox
from guanlan.core.audit import act
from guanlan.core.jobs import Progress, Told, job
from guanlan.risk.models import Assessment, AssessmentItem

SOON: Final = dt.timedelta(days=3)
AT_ONCE: Final = 200

outbox.template(
    "assessment.soon",
    names={"risk": 2, "due": 2},
    texts={
        "en": ("Due soon: assess {risk}", "Answers are wanted by {due}."),
        "zh-hans": ("即将到期：评估 {risk}", "请于 {due} 前作答。"),
        "zh-hant": ("即將到期：評估 {risk}", "請於 {due} 前作答。"),
    },
)
outbox.template(
    "assessment.late",
    names={"risk": 2, "due": 2},
    texts={
        "en": ("Late: assess {risk}", "Answers were due on {due}; the assessment waits for them."),
        "zh-hans": ("逾期：评估 {risk}", "作答期限为 {due}，评估正在等待您的答复。"),
        "zh-hant": ("逾期：評估 {risk}", "作答期限為 {due}，評估正在等候您的答覆。"),
    },
)


def remind(now: dt.datetime) -> int:
    """Tell each owner once that it is due soon, and once that it is late; how many were told."""
    waiting = AssessmentItem.objects.filter(
        state=AssessmentItem.State.OPEN, assessment__state=Assessment.State.OPEN
    ).select_related("owner", "risk")
    late = waiting.filter(due__lte=now, late=None).order_by("due")[:AT_ONCE]
    soon = waiting.filter(due__gt=now, due__lte=now + SOON, told=None).order_by("due")[:AT_ONCE]
    count = 0
    for field, rows in (("late", late), ("told", soon)):
        for item in rows:
            count += _tell(item, field, now)
    return count


def _tell(item: AssessmentItem, field: str, now: dt.datetime) -> int:
    template = "assessment.late" if field == "late" else "assessment.soon"
    with act("assessment.remind", item):
        fresh = AssessmentItem.objects.filter(pk=item.pk, **{field: None})
        if not fresh.update(**{field: now}):
            return 0  # another worker was faster
        if item.owner is not None:
            outbox.send(
                template, to=item.owner,
                context={"risk": str(item.risk)[:200], "due": f"{item.due:%Y-%m-%d}"},
                urgency="urgent" if field == "late" else "normal", about=item,
                dedup=f"{template}-{item.pk}", now=now,
            )  # fmt: skip
    return 1


@job("assessments.remind", title=_("Reminders of assessments"), every=900)
def remind_of_assessments(progress: Progress) -> Told | None:
    """Remind of answers that are due or late."""
    count = remind(timezone.now())
    return Told(gettext_noop("%(n)s people reminded"), {"n": count}) if count else None

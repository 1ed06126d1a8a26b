"""The alarms of clocks: each rings once, however many look."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

from django.utils import timezone, translation

from guanlan.core import outbox
from guanlan.core.audit import act
from guanlan.core.outbox.sending import Urgency
from guanlan.response.clocks.calendars import missing_year
from guanlan.response.clocks.terms import said
from guanlan.response.models import BusinessCalendar, ClockAlarm, RunningClock
from guanlan.web.words import until_plain

Hook = Callable[[RunningClock, int], None]
_on_alarm: list[Hook] = []

URGENCY: Final[dict[int, Urgency]] = {50: "normal", 75: "urgent", 90: "urgent", 100: "critical"}
AT_ONCE: Final = 200

outbox.template(
    "clock.alarm",
    names={"percent": 2, "rule_en": 2, "rule_hans": 2, "rule_hant": 2, "matter": 2, "due": 2},
    texts={
        "en": (
            "{percent} % of the time is spent: {rule_en}",
            "{matter}: the report {rule_en} is due at {due}.",
        ),
        "zh-hans": (
            "报送时限已用 {percent}%：{rule_hans}",
            "{matter}：{rule_hans} 须于 {due} 前报送。",
        ),
        "zh-hant": (
            "報送時限已用 {percent}%：{rule_hant}",
            "{matter}：{rule_hant} 須於 {due} 前報送。",
        ),
    },
)
outbox.template(
    "clock.missed",
    names={"rule_en": 2, "rule_hans": 2, "rule_hant": 2, "matter": 2, "due": 2},
    texts={
        "en": (
            "Missed: {rule_en}",
            "{matter}: {rule_en} was due at {due} and is not marked as sent. Send it, and say why.",
        ),
        "zh-hans": (
            "已逾期：{rule_hans}",
            "{matter}：{rule_hans} 应于 {due} 前报送，尚未标记为已报送。请立即报送并说明延误原因。",
        ),
        "zh-hant": (
            "已逾期：{rule_hant}",
            "{matter}：{rule_hant} 應於 {due} 前報送，尚未標示為已報送。請立即報送並說明延誤原因。",
        ),
    },
)
outbox.template(
    "calendar.missing",
    names={"calendar": 2, "year": 2},
    texts={
        "en": (
            "No holidays known for {year}",
            "{calendar} knows no holidays for {year}: it is reckoned by plain weekends until then.",
        ),
        "zh-hans": (
            "缺少 {year} 年节假日",
            "业务日历 {calendar} 没有 {year} 年的节假日。录入之前，该年只按周末计算工作日。",
        ),
        "zh-hant": (
            "缺少 {year} 年假日",
            "業務行事曆 {calendar} 沒有 {year} 年的假日。輸入之前，該年只按週末計算工作日。",
        ),
    },
)


def on_alarm(hook: Hook) -> None:
    """Call `hook(clock, percent)` for each alarm that rings, within its transaction."""
    _on_alarm.append(hook)


def ring_due(now: dt.datetime | None = None) -> int:
    """Ring what is due and has not rung; how many. Safe to be done by several at once."""
    at = now or timezone.now()
    waiting = ClockAlarm.objects.filter(
        rung=None,
        due__lte=at,
        clock__state__in=("running", "missed"),
        clock__sent_at=None,
        clock__paused_at=None,
    )
    rung = 0
    for alarm in waiting.order_by("due", "percent")[:AT_ONCE]:
        with act("clock.alarm", ("response.runningclock", str(alarm.clock_id)),
                 detail={"percent": alarm.percent}):  # fmt: skip
            if ClockAlarm.objects.filter(pk=alarm.pk, rung=None).update(rung=at):
                _ring(alarm, at)
                rung += 1
    return rung


def _title(clock: RunningClock, language: str) -> str:
    with translation.override(language):
        return said(clock.rule.title) or clock.code


def _ring(alarm: ClockAlarm, now: dt.datetime) -> None:
    clock = RunningClock.objects.select_for_update().get(pk=alarm.clock_id)
    missed = alarm.percent == 100
    if missed and clock.state == "running":
        clock.state = "missed"
        clock.save(update_fields=["state"])
    context = {
        "rule_en": _title(clock, "en"),
        "rule_hans": _title(clock, "zh-hans"),
        "rule_hant": _title(clock, "zh-hant"),
        "matter": clock.about_label,
        "due": until_plain(clock.due),
    }
    outbox.send(
        "clock.missed" if missed else "clock.alarm",
        to=outbox.people_who_may("change", "response.runningclock"),
        context=context if missed else context | {"percent": alarm.percent},
        urgency=URGENCY[alarm.percent],
        about=clock,
        dedup=f"clock-{clock.pk}-{alarm.percent}",
        now=now,
    )
    for hook in _on_alarm:
        hook(clock, alarm.percent)


def tell_missing_years(now: dt.datetime | None = None) -> int:
    """Tell those who keep calendars of each year that should be known and is not; how many.
    Each is told once a week."""
    at = now or timezone.now()
    today = timezone.localtime(at).date()
    told = 0
    for row in BusinessCalendar.objects.prefetch_related("years"):
        year = missing_year(row, today)
        if year is None:
            continue
        week = today.isocalendar()
        told += len(
            outbox.send(
                "calendar.missing",
                to=outbox.people_who_may("change", "response.businesscalendar"),
                context={"calendar": row.name, "year": str(year)},
                urgency="urgent",
                about=row,
                dedup=f"calendar-{row.pk}-{year}-{week.year}-{week.week}",
                now=at,
            )
        )
    return told

"""What people are told of cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.utils import translation

from guanlan.core import outbox
from guanlan.core.access import Subject
from guanlan.core.models import User
from guanlan.core.outbox.routing import language_of
from guanlan.response.alerts.telling import URGENCIES
from guanlan.response.alerts.titles import title_of
from guanlan.response.models import Case
from guanlan.response.terms import SEVERITIES, Severity
from guanlan.web.words import until_plain

outbox.template(
    "case.given",
    names={"number": 2, "title": 2, "severity": 2},
    texts={
        "en": ("Case {number} is yours: {title}", "Case {number} ({severity}) was given to you."),
        "zh-hans": ("案件 {number} 已分配给您：{title}", "案件 {number}（{severity}）已分配给您。"),
        "zh-hant": ("案件 {number} 已指派給您：{title}", "案件 {number}（{severity}）已指派給您。"),
    },
)
outbox.template(
    "case.given_many",
    names={"count": 2},
    texts={
        "en": ("{count} cases are yours", "{count} new cases were given to you."),
        "zh-hans": ("{count} 个案件已分配给您", "{count} 个新案件已分配给您。"),
        "zh-hant": ("{count} 個案件已指派給您", "{count} 個新案件已指派給您。"),
    },
)
outbox.template(
    "case.to_confirm",
    names={"number": 2, "title": 2, "person": 2},
    texts={
        "en": (
            "Confirm that case {number} is closed",
            "{person} wants to close case {number}: {title}. It waits for your confirmation.",
        ),
        "zh-hans": (
            "请确认案件 {number} 结案",
            "{person} 申请对案件 {number} 结案：{title}。等待您确认。",
        ),
        "zh-hant": (
            "請確認案件 {number} 結案",
            "{person} 申請對案件 {number} 結案：{title}。等待您確認。",
        ),
    },
)
outbox.template(
    "case.late",
    names={"number": 2, "title": 2, "due": 2},
    texts={
        "en": ("Case {number} is late: {title}", "It was to be resolved by {due}."),
        "zh-hans": ("案件 {number} 已逾期：{title}", "本应于 {due} 前处理完毕。"),
        "zh-hant": ("案件 {number} 已逾期：{title}", "本應於 {due} 前處理完畢。"),
    },
)


def name_of(case: Case) -> str:
    """What a case is called, in the current language."""
    return case.title or title_of(case)


def tell_given(cases: Iterable[Case], by: Subject | None, now: dt.datetime) -> None:
    """Tell owners what was given to them, by another or by the platform; once each."""
    given: dict[int, list[Case]] = {}
    for case in cases:
        if case.owner_id is not None and (by is None or case.owner_id != by.id):
            given.setdefault(case.owner_id, []).append(case)
    for person in User.objects.filter(pk__in=given, is_active=True):
        mine = given[person.pk]
        if len(mine) > 1:
            context = {"count": len(mine)}
            outbox.send("case.given_many", to=person, context=context, urgency="urgent", now=now)
            continue
        case = mine[0]
        with translation.override(language_of(person)):
            said: dict[str, str | int] = {
                "number": case.pk,
                "title": name_of(case),
                "severity": str(SEVERITIES[Severity(case.severity).name]),
            }
        outbox.send(
            "case.given", to=person, context=said, about=case, now=now,
            urgency=URGENCIES[Severity(case.severity)],
        )  # fmt: skip


def tell_to_confirm(case: Case, by: Subject, now: dt.datetime) -> None:
    """Tell those who may confirm that it is closed."""
    others = [
        one
        for one in outbox.people_who_may("approve", "response.case")
        if one.pk not in (by.id, case.owner_id)
    ]
    said: dict[str, str | int] = {
        "number": case.pk,
        "title": name_of(case),
        "person": by.name,
    }
    outbox.send(
        "case.to_confirm", to=others, context=said, about=case, now=now,
        dedup=f"case-{case.pk}-{now.isoformat()}",
    )  # fmt: skip


def tell_late(case: Case, people: Iterable[User], now: dt.datetime) -> None:
    """Tell people that it was not resolved in time."""
    due = until_plain(case.resolve_due) if case.resolve_due else ""
    said: dict[str, str | int] = {"number": case.pk, "title": name_of(case), "due": due}
    outbox.send(
        "case.late", to=people, context=said,
        about=case, urgency="urgent", now=now, dedup=f"case-late-{case.pk}",
    )  # fmt: skip

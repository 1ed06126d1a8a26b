"""Who is told of an incident: those who manage incidents, and its own people."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils import translation

from guanlan.core import outbox
from guanlan.core.outbox.sending import people_who_may
from guanlan.response.models import Incident
from guanlan.response.terms import SEVERITIES, Severity

_LANGUAGES: Final = {"en": "en", "hans": "zh-hans", "hant": "zh-hant"}

outbox.template(
    "incident.declared",
    names={"title": 2, "number": 2, "severity_en": 2, "severity_hans": 2, "severity_hant": 2},
    texts={
        "en": (
            "Incident declared: {title}",
            "Incident {number}, severity {severity_en}. Open it to see who commands it.",
        ),
        "zh-hans": (
            "已宣布事件：{title}",
            "事件 {number}，严重程度：{severity_hans}。打开可查看由谁指挥。",
        ),
        "zh-hant": (
            "已宣告事件：{title}",
            "事件 {number}，嚴重程度：{severity_hant}。開啟可查看由誰指揮。",
        ),
    },
)


def tell_declared(row: Incident, now: dt.datetime) -> None:
    """Tell those who manage incidents, but not whoever declared it."""
    people = people_who_may("manage", "response.incident")
    words = {}
    for name, language in _LANGUAGES.items():
        with translation.override(language):
            words[f"severity_{name}"] = str(SEVERITIES[Severity(row.severity).name])
    outbox.send(
        "incident.declared",
        to=[one for one in people if one.pk != row.declared_by_id],
        context={"title": row.title, "number": row.pk, **words},
        urgency="urgent" if row.severity >= Severity.high else "normal",
        about=row,
        dedup=f"incident.declared:{row.pk}",
        now=now,
    )

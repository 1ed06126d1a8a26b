"""Components, incidents and news for tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from guanlan.core.access import SYSTEM, Subject, subject_of
from guanlan.core.models import User
from guanlan.response.clocks import stating
from guanlan.response.clocks.terms import Matter
from guanlan.response.models import Incident, Statement, StatusComponent
from guanlan.response.status import keeping
from tests.people import person

NOW = dt.datetime(2027, 3, 1, 9, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def someone(role: str, name: str = "") -> Subject:
    """The subject of a person with this role, made where there is none."""
    found = User.objects.filter(username=name or role).first()
    return subject_of(found or person(role, name or role))


def component(name: str, **more: Any) -> StatusComponent:
    given: dict[str, Any] = {
        "name_en": name, "name_zh_hans": f"{name}服务", "created": NOW - dt.timedelta(days=200),
    }  # fmt: skip
    return StatusComponent.objects.create(**(given | more))


def an_incident(title: str = "Gateway of the core bank is down", **more: Any) -> Incident:
    given: dict[str, Any] = {
        "title": title, "category": "operations", "severity": 4, "impact": "major",
        "urgency": "high", "known": NOW - HOUR, "declared": NOW - HOUR,
        "summary": "the supplier's certificate",
    }  # fmt: skip
    return Incident.objects.create(**(given | more))


def approved(incident: Incident, texts: dict[str, str], title: str = "Inner title") -> Statement:
    """A statement about an incident that two people have approved."""
    matter = Matter("response.incident", str(incident.pk), f"#{incident.pk} {incident.title}")
    made = stating.compose(
        SYSTEM, matter, title=title, audience="customers", channel="website", texts=texts, now=NOW
    )
    stating.hand_in(SYSTEM, made)
    stating.approve(someone("communications"), made, "communications", NOW)
    stating.approve(someone("compliance_officer"), made, "compliance", NOW)
    return made


def switch_on() -> None:
    keeping.switch(someone("risk_owner"), True, NOW)

"""Rows of clocks for tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from guanlan.core.access import SYSTEM
from guanlan.response.clocks.disclosing import disclose
from guanlan.response.clocks.facts import Facts
from guanlan.response.clocks.reporting import draft
from guanlan.response.clocks.rules import new_rule
from guanlan.response.clocks.running import Times, start_clocks
from guanlan.response.clocks.stating import compose
from guanlan.response.clocks.terms import Matter
from guanlan.response.models import (
    BusinessCalendar,
    ClockRule,
    Disclosure,
    RegulatoryReport,
    RunningClock,
    Statement,
)
from guanlan.response.papers import rewrite

RULE: dict[str, Any] = {
    "obligation": "first",
    "regulator": "CAC",
    "jurisdiction": "CN",
    "title": {"en": "First report", "zh-hans": "首报"},
    "trigger": {"en": "an incident"},
    "recipient": {"en": "the authority"},
    "conditions": {},
    "limit_kind": "elapsed",
    "limit_amount": 240,
    "at_once": False,
    "start_event": "known",
    "after": "",
    "report_kind": "initial",
    "source": "Law, Art. 1",
    "note": {},
    "effective_from": dt.date(2020, 1, 1),
    "effective_to": None,
}


def a_rule(code: str, **values: Any) -> ClockRule:
    """A rule of one's own that asks for nothing."""
    return new_rule(SYSTEM, code, {**RULE, **values}, "for a test")


def a_clock(n: int) -> RunningClock:
    """A clock that runs."""
    code = "test-rule"
    rule = ClockRule.objects.filter(code=code).first() or a_rule(code)
    known = timezone.now() - dt.timedelta(minutes=n % 200)
    matter = Matter.named(f"matter {n}")
    return start_clocks(SYSTEM, matter, [rule], Facts(), Times(known))[0]


def a_calendar(n: int) -> BusinessCalendar:
    """A calendar without holidays."""
    made: BusinessCalendar = BusinessCalendar.objects.create(
        code=f"calendar-{n}",
        name=f"Calendar {n}",
        zone="Asia/Shanghai",
        week=[[[540, 1080]]] * 5 + [[], []],
        makeup=[[540, 1080]],
    )
    return made


def a_report(n: int) -> RegulatoryReport:
    """A draft without a clock."""
    made = draft(
        SYSTEM, Matter.named(f"matter {n}"), regulator="CAC", kind="initial", language="en",
        title=f"Report {n}",
    )  # fmt: skip
    rewrite(SYSTEM, made, f"Report {n}", "the secret cause")
    return made


def a_statement(n: int) -> Statement:
    """A draft with a text."""
    return compose(
        SYSTEM, Matter.named(f"matter {n}"), title=f"Statement {n}", audience="customers",
        channel="app", texts={"en": "the secret apology"},
    )  # fmt: skip


def a_disclosure(n: int) -> Disclosure:
    """Something that was told by telephone."""
    return disclose(
        SYSTEM, Matter.named(f"matter {n}"), what="notice", how="phone", title=f"Call {n}",
        at=timezone.now() - dt.timedelta(minutes=n), recipient="CAC", words="the secret call",
    )  # fmt: skip

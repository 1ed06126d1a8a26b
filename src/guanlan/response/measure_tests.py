"""What responding tells of measures: tests that run by themselves."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from guanlan.response.alerts.crossing import RULES
from guanlan.response.models import Alert, Case, Complaint, Drill, RunningClock, SinkHolding
from guanlan.response.selfcheck.checks import UNSETTLED
from guanlan.risk.measure.testing import Outcome, measure_test
from guanlan.risk.registry import address

PASSED: Final = 70.0  # points of a drill from which on it is passed


def _judged(rows: QuerySet[Any], good: Q) -> Outcome:
    found = rows.aggregate(n=Count("pk"), good=Count("pk", filter=good))
    return Outcome(found["good"], found["n"] - found["good"])


@measure_test(
    name="alerts.acknowledged",
    title=_("Alerts are acknowledged in time"),
    what=_("Alerts whose deadline fell into the day: acknowledged by then, or not. Those of"
           " indicators are left out."),
    rows=lambda since, until: address("alerts", "late:yes"),
)  # fmt: skip
def acknowledged(since: dt.datetime, until: dt.datetime) -> Outcome:
    rows = Alert.objects.exclude(rule__in=RULES.values())
    rows = rows.filter(deadline__gte=since, deadline__lt=until, muted="")
    return _judged(rows, Q(acknowledged__lte=F("deadline")) | Q(closed__lte=F("deadline")))


@measure_test(
    name="cases.resolved",
    title=_("Cases are resolved in time"),
    what=_("Cases whose time limit fell into the day: closed by then, or not. Those that wait for"
           " the customer are left out."),
    rows=lambda since, until: address("cases", "late:yes"),
)  # fmt: skip
def resolved(since: dt.datetime, until: dt.datetime) -> Outcome:
    rows = Case.objects.filter(resolve_due__gte=since, resolve_due__lt=until, waiting=None)
    return _judged(rows.filter(merged_into=None), Q(closed__lte=F("resolve_due")))


@measure_test(
    name="complaints.answered",
    title=_("Complaints are answered in time"),
    what=_("Complaints whose time fell into the day: told by then, or not. Duplicates are left"
           " out."),
    rows=lambda since, until: address("complaints", "late:yes"),
)  # fmt: skip
def answered(since: dt.datetime, until: dt.datetime) -> Outcome:
    rows = Complaint.objects.filter(due__gte=since, due__lt=until).exclude(outcome="duplicate")
    return _judged(rows, Q(told__lte=F("due")))


@measure_test(
    name="clocks.met",
    title=_("Reports to regulators are sent in time"),
    what=_("Clocks of regulators that fell due within the day: met, or missed."),
    rows=lambda since, until: reverse("clocks"),
)
def met(since: dt.datetime, until: dt.datetime) -> Outcome:
    rows = RunningClock.objects.filter(due__gte=since, due__lt=until).exclude(state="cancelled")
    return _judged(rows, Q(state="met"))


@measure_test(
    name="restrictions.held",
    title=_("Restrictions are held where they are enforced"),
    what=_("Changes of restrictions asked of sinks within the day: taken within five minutes, or"
           " not."),
    rows=lambda since, until: reverse("restriction_sinks"),
)  # fmt: skip
def held(since: dt.datetime, until: dt.datetime) -> Outcome:
    rows = SinkHolding.objects.filter(asked__gte=since, asked__lt=until)
    return _judged(rows, Q(settled=True, since__lte=F("asked") + UNSETTLED))


@measure_test(
    name="drills.passed",
    title=_("Drills are passed"),
    what=_("Drills that ended within the day: with 70 points of 100 at least, or with fewer."),
    rows=lambda since, until: address("drills", "state:done"),
)
def passed(since: dt.datetime, until: dt.datetime) -> Outcome:
    rows = Drill.objects.filter(state=Drill.State.DONE, ended__gte=since, ended__lt=until)
    return _judged(rows.exclude(score=None), Q(score__gte=PASSED))

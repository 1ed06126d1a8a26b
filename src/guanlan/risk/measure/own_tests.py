"""What the platform and risk itself tell of measures: tests that run by themselves."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from guanlan.core.models import AuditEntry, JobRun, User
from guanlan.risk.measure.testing import Outcome, measure_test
from guanlan.risk.models import IndicatorChange, MeasureDuty
from guanlan.risk.registry import address
from guanlan.web.accounts.others import factors_of

SECOND: Final = 1_000_000
PROOF: Final = "audit.prove"


def _ended(job: Q, since: dt.datetime, until: dt.datetime) -> Outcome:
    rows = JobRun.objects.filter(job, finished__gte=since, finished__lt=until)
    found = rows.aggregate(
        done=Count("pk", filter=Q(state=JobRun.State.DONE)),
        failed=Count("pk", filter=Q(state=JobRun.State.FAILED)),
    )
    return Outcome(found["done"], found["failed"])


@measure_test(
    name="audit.proven",
    title=_("The audit log is proven"),
    what=_("Runs of the proof of the audit log: those that found it whole, and those that failed."),
    rows=lambda since, until: address("job_runs", f"job:{PROOF}"),
)
def audit_proven(since: dt.datetime, until: dt.datetime) -> Outcome:
    return _ended(Q(job=PROOF), since, until)


@measure_test(
    name="platform.jobs",
    title=_("Jobs of the platform run"),
    what=_("Runs of all jobs that ended: done, or failed after all their tries."),
    rows=lambda since, until: address("job_runs", "state:failed"),
)
def jobs(since: dt.datetime, until: dt.datetime) -> Outcome:
    return _ended(Q(), since, until)


@measure_test(
    name="platform.backups",
    title=_("Backups are made each day"),
    what=_("Backups that were made within the day; a day without one is a failure."),
    rows=lambda since, until: address("audit", "act:instance.backup"),
)
def backups(since: dt.datetime, until: dt.datetime) -> Outcome:
    begin, end = (round(at.timestamp()) * SECOND for at in (since, until))
    rows = AuditEntry.objects.filter(
        act="instance.backup", outcome="done", at__gte=begin, at__lt=end
    )
    made = rows.count()
    return Outcome(made, 0 if made else 1)


@measure_test(
    name="staff.second_factor",
    title=_("Staff use a second factor"),
    what=_("Active people with a second factor, and those without one, when the test runs."),
    rows=lambda since, until: reverse("people"),
)
def second_factor(since: dt.datetime, until: dt.datetime) -> Outcome:
    people = list(User.objects.filter(is_active=True, date_joined__lt=until))
    having = factors_of(people)
    return Outcome(len(having), len(people) - len(having))


@measure_test(
    name="indicators.answered",
    title=_("Red indicators are answered for in time"),
    what=_("Changes of state whose deadline fell into the day: answered by then, or not."),
    rows=lambda since, until: address("indicators", "late:yes"),
)
def answered(since: dt.datetime, until: dt.datetime) -> Outcome:
    rows = IndicatorChange.objects.filter(due__gte=since, due__lt=until)
    found = rows.aggregate(n=Count("pk"), good=Count("pk", filter=Q(answered__lte=F("due"))))
    return Outcome(found["good"], found["n"] - found["good"])


@measure_test(
    name="measures.done",
    title=_("Duties of measures are done in time"),
    what=_("Duties that fell due within the day: done by then, or not."),
    rows=lambda since, until: address("duties", "late:yes"),
)
def done(since: dt.datetime, until: dt.datetime) -> Outcome:
    rows = MeasureDuty.objects.filter(due__gte=since, due__lt=until)
    found = rows.aggregate(n=Count("pk"), good=Count("pk", filter=Q(done__lte=F("due"))))
    return Outcome(found["good"], found["n"] - found["good"])

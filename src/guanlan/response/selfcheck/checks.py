"""What is not well now, each with the time since when.

A check gives everything of its kind that holds at `now`; an alert of it is raised once and
resolved once it holds no more.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Final

from django.db.models import Count, Max, Min, Q
from django.utils.translation import gettext_lazy, gettext_noop

from guanlan.core.audit.recording import open_log
from guanlan.core.jobs import find_job, registered
from guanlan.core.models import AuditEntry, Job, JobRun
from guanlan.response.alerts import Evidence, Finding
from guanlan.response.alerts.titles import name_rule, value_words
from guanlan.response.models import Sink, SinkHolding
from guanlan.response.restrictions.holding import STALE
from guanlan.response.restrictions.sinks import sinks
from guanlan.response.terms import Severity

Check = Callable[[dt.datetime], list[Finding]]
FAILED: Final = "platform.job_failed"
LATE: Final = "platform.job_late"
AUDIT: Final = "platform.audit_unwritable"
SINK: Final = "platform.sink_differs"
LATELY: Final = dt.timedelta(days=1)
UNSETTLED: Final = dt.timedelta(minutes=5)  # so long a change may be on its way to a sink


def _job(name: str) -> str:
    """A job in words; its name where this version has it no more."""
    spec = find_job(name)
    return str(spec.title) if spec is not None else name


value_words("job", _job)
name_rule(FAILED, gettext_lazy("A job failed after all its tries"))
name_rule(LATE, gettext_lazy("A job is late"))
name_rule(SINK, gettext_lazy("A sink does not hold the restrictions that it should"))


def failed_jobs(_now: dt.datetime) -> list[Finding]:
    """Jobs whose newest ended run failed, after all its retries."""
    ended = JobRun.objects.filter(state__in=(JobRun.State.DONE, JobRun.State.FAILED))
    newest = ended.order_by().values("job").annotate(newest=Max("pk")).values("newest")
    names = {spec.name for spec in registered()}
    return [
        Finding(
            rule=FAILED,
            category="operations",
            severity=Severity.medium,
            text=gettext_noop("The job %(job)s failed after all its tries"),
            values={"job": run.job},
            key={"job": run.job},
            evidence=(Evidence("job_run", str(run.pk), run.finished or run.due),),
            at=run.finished or run.due,
        )
        for run in JobRun.objects.filter(pk__in=newest, state=JobRun.State.FAILED)
        if run.job in names
    ]


def late_jobs(_now: dt.datetime) -> list[Finding]:
    """Jobs that were to run and did not, beyond what each may be late."""
    names = [spec.name for spec in registered()]
    return [
        Finding(
            rule=LATE,
            category="operations",
            severity=Severity.medium,
            text=gettext_noop("The job %(job)s is late"),
            values={"job": row.name},
            key={"job": row.name},
            at=row.late_since,
        )
        for row in Job.objects.filter(name__in=names, late_since__isnull=False, enabled=True)
        if row.late_since is not None
    ]


def audit_gaps(now: dt.datetime) -> list[Finding]:
    """Times of the last day in which the audit log refused rows. While one lasts no alert can be
    written down either: then health and metrics show it, and the alert follows."""
    gaps = AuditEntry.objects.filter(act="audit.gap", at__gte=_micro(now - LATELY))
    missed = [json.loads(one.detail) for one in gaps.order_by("index")]
    current = open_log().gap.current()
    if current is not None:
        missed.append({"since": current.since, "until": current.until, "refused": current.refused})
    return [
        Finding(
            rule=AUDIT,
            category="security",
            severity=Severity.critical,
            text=gettext_noop(
                "The audit log could not be written from %(since)s to %(until)s; acts refused:"
                " %(n)s"
            ),
            values={
                "since": f"{_time(one['since']):%Y-%m-%d %H:%M:%S}",
                "until": f"{_time(one['until']):%Y-%m-%d %H:%M:%S} UTC",
                "n": int(one["refused"]),
            },
            key={"since": int(one["since"])},
            at=_time(one["until"]),
        )
        for one in missed
        if {"since", "until", "refused"} <= one.keys()
    ]


def differing_sinks(now: dt.datetime) -> list[Finding]:
    """Sinks that cannot be read, are not reached, differed at the last read-back, or have not
    taken a change for five minutes."""
    known = {one.name for one in sinks()}
    waiting = Q(settled=False, asked__lt=now - UNSETTLED)
    late = {
        row["sink"]: (row["n"], row["since"])
        for row in SinkHolding.objects.filter(waiting, sink__in=known)
        .values("sink")
        .annotate(n=Count("pk"), since=Min("asked"))
    }
    rows = {row.name: row for row in Sink.objects.filter(name__in=known)}
    found = []
    for name in sorted(known):
        row, (n, since) = rows.get(name), late.get(name, (0, None))
        at = since
        if row is not None and (row.fault or row.differing):
            at = row.checked or now
        elif row is not None and row.should and row.seen is not None and now - row.seen > STALE:
            at = row.seen
        if at is not None:
            found.append(_of_sink(name, (row.differing if row else 0) + n, min(at, now)))
    return found


def _of_sink(name: str, n: int, at: dt.datetime) -> Finding:
    return Finding(
        rule=SINK,
        category="security",
        severity=Severity.high,
        text=gettext_noop(
            "The sink %(sink)s does not hold the restrictions that it should (differing: %(n)s)"
        ),
        values={"sink": name, "n": n},
        key={"sink": name},
        evidence=(Evidence("sink", name, at),),
        at=at,
    )


def _micro(at: dt.datetime) -> int:
    return round(at.timestamp() * 1_000_000)


def _time(micro: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(micro / 1_000_000, dt.UTC)


CHECKS: Final[dict[str, Check]] = {
    FAILED: failed_jobs,
    LATE: late_jobs,
    AUDIT: audit_gaps,
    SINK: differing_sinks,
}

"""Jobs: what ran, runs, failed and why, is late; run now, cancel."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.contrib import messages
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guanlan.core import jobs as running
from guanlan.core.access import may
from guanlan.core.jobs.progress import said
from guanlan.core.models import Job, JobRun, Worker
from guanlan.web.rights import needs, subject_of_request

RECENT: Final = 50
# State of a run -> class of its mark.
MARKS: Final = {"queued": "none", "running": "on", "done": "on", "failed": "bad",
                "cancelled": "off", "late": "warn", "never": "none"}  # fmt: skip


class RunRow(NamedTuple):
    """A run as it is shown."""

    run: JobRun
    title: str | Promise
    mark: str
    took: timedelta | None
    said: str
    open: bool


class JobRow(NamedTuple):
    """A job as it is shown."""

    name: str
    title: str | Promise
    schedule: str
    late: bool
    next_due: datetime | None
    last: RunRow | None


@needs("see", "core.job")
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """The jobs, and the newest runs of all or of one."""
    now = timezone.now()
    subject = subject_of_request(request)
    chosen = request.GET.get("job", "")
    seen = JobRun.objects.for_user(subject)
    runs = seen.select_related("asked_by")
    shown = runs.filter(job=chosen) if chosen else runs
    newest = seen.values("job").annotate(newest=Max("pk")).values_list("newest")
    last = {run.job: run for run in runs.filter(pk__in=newest)}
    rows = {row.name: row for row in Job.objects.for_user(subject)}
    context = {
        "jobs": [_job(spec, rows.get(spec.name), last, now) for spec in running.registered()],
        "runs": [_run(run, now) for run in shown.order_by("-pk")[:RECENT]],
        "chosen": chosen if running.find_job(chosen) else "",
        "alive": running.worker_alive(now),
        "workers": Worker.objects.filter(ended=None).count(),
        "may_run": may(subject, "change", "core.job"),
    }
    part = "web/jobs_moving.html" if getattr(request, "htmx", False) else "web/jobs.html"
    return render(request, part, context)


def _job(spec: running.Spec, row: Job | None, last: dict[str, JobRun], now: datetime) -> JobRow:
    found = last.get(spec.name)
    return JobRow(
        spec.name,
        spec.title,
        schedule(spec.every),
        row is not None and running.is_late(spec, row, now),
        row.next_due if row is not None else None,
        _run(found, now) if found is not None else None,
    )


def _run(run: JobRun, now: datetime) -> RunRow:
    spec = running.find_job(run.job)
    took = (run.finished or now) - run.started if run.started else None
    waits = run.state in (JobRun.State.QUEUED, JobRun.State.RUNNING)
    mark = "warn" if run.state == JobRun.State.QUEUED and run.failures else MARKS[run.state]
    title = spec.title if spec is not None else run.job
    return RunRow(run, title, mark, took, said(run), waits)


def schedule(every: int | str | None) -> str:
    """A schedule in words."""
    if every is None:
        return _("on demand")
    if isinstance(every, str):
        minute, hour, *rest = every.split()
        if minute.isdigit() and hour.isdigit() and rest == ["*", "*", "*"]:
            return _("daily at %(time)s") % {"time": f"{int(hour):02}:{int(minute):02}"}
        return every
    if every == 3600:
        return _("every hour")
    if every == 60:
        return _("every minute")
    if every % 60 == 0:
        return _("every %(n)s minutes") % {"n": every // 60}
    return _("every %(n)s seconds") % {"n": every}


@needs("change", "core.job")
@require_POST
def run_job(request: HttpRequest, name: str) -> HttpResponse:
    """Have a job run now."""
    spec = running.find_job(name)
    if spec is None:
        raise Http404
    running.run_now(subject_of_request(request), name)
    messages.success(request, _("%(job)s will run at once.") % {"job": spec.title})
    return redirect("jobs")


@needs("change", "core.job")
@require_POST
def cancel_run(request: HttpRequest, identity: int) -> HttpResponse:
    """Cancel a run."""
    run = get_object_or_404(JobRun.objects.for_user(subject_of_request(request)), pk=identity)
    if running.cancel(subject_of_request(request), run):
        messages.success(request, _("The run is cancelled, or ends at its next step."))
    else:
        messages.error(request, _("The run has ended already."))
    return redirect("jobs")

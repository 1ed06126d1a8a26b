"""Jobs: when each runs, how its last run went, which are late or failed; run now."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.contrib import messages
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guanlan.core import jobs as running
from guanlan.core.access import may
from guanlan.core.models import Job, JobRun, Worker
from guanlan.web.pages import runs
from guanlan.web.resource import State
from guanlan.web.rights import needs, subject_of_request


class JobRow(NamedTuple):
    """A job as it is shown; `last` is its newest run."""

    name: str
    title: str | Promise
    schedule: str
    late: bool
    next_due: datetime | None
    last: JobRun | None
    state: State
    result: str

    @property
    def failed(self) -> bool:
        return self.last is not None and self.last.state == JobRun.State.FAILED


@needs("see", "core.job")
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """The jobs; those that are late or failed first."""
    now = timezone.now()
    subject = subject_of_request(request)
    seen = JobRun.objects.for_user(subject)
    newest = seen.values("job").annotate(newest=Max("pk")).values_list("newest")
    last = {run.job: run for run in seen.filter(pk__in=newest)}
    rows = {row.name: row for row in Job.objects.for_user(subject)}
    shown = [_job(spec, rows.get(spec.name), last, now) for spec in running.registered()]
    context = {
        "jobs": shown,
        "late": [job for job in shown if job.late],
        "failed": [job for job in shown if job.failed],
        "alive": running.worker_alive(now),
        "workers": Worker.objects.filter(ended=None).count(),
        "may_run": may(subject, "change", "core.job"),
    }
    part = "web/jobs_moving.html" if getattr(request, "htmx", False) else "web/jobs.html"
    return render(request, part, context)


def _job(spec: running.Spec, row: Job | None, last: dict[str, JobRun], now: datetime) -> JobRow:
    found = last.get(spec.name)
    late = row is not None and running.is_late(spec, row, now)
    if late:
        state = State("warn", _("late"))
    else:
        state = runs.state(found) if found is not None else State("unknown", _("never ran"))
    return JobRow(
        spec.name,
        spec.title,
        schedule(spec.every),
        late,
        row.next_due if row is not None else None,
        found,
        state,
        runs.result(found) if found is not None else "",
    )


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

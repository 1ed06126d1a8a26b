"""Runs of jobs: which failed and why, which wait too long; try again, cancel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from guanlan.core import jobs
from guanlan.core.access import Subject
from guanlan.core.jobs.progress import said
from guanlan.core.models import JobRun
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Panel,
    Resource,
    State,
    Term,
    register,
)

OPEN: Final = (JobRun.State.QUEUED, JobRun.State.RUNNING)
ENDED_BADLY: Final = (JobRun.State.FAILED, JobRun.State.CANCELLED)
STATES: Final[dict[str, str | Promise]] = dict(JobRun.State.choices)
LOOKS: Final = {"queued": "unknown", "running": "on", "done": "on", "failed": "bad",
                "cancelled": "off"}  # fmt: skip
NOUN: Final = "core.jobrun"


def state(run: JobRun) -> State:
    """Where it is; one that waits after a failure, or to be cancelled, says so."""
    if run.state in OPEN and run.cancelling:
        return State("off", _("being cancelled"))
    if run.state == JobRun.State.QUEUED and run.failures:
        return State("warn", _("waits after a failure"))
    return State(LOOKS[run.state], STATES[run.state])


def titles() -> Mapping[str, str | Promise]:
    """The jobs there are, by name."""
    return {spec.name: spec.title for spec in jobs.registered()}


def title(run: JobRun) -> str:
    """The job of a run."""
    spec = jobs.find_job(run.job)
    return str(spec.title) if spec is not None else run.job


def wrong(run: JobRun) -> str:
    """What went wrong, as a sentence; nothing where all went well."""
    if not run.error:
        return ""
    error = gettext(run.error)
    if run.state == JobRun.State.QUEUED:
        return gettext("Attempt %(n)s: %(error)s. It is tried again.") % {
            "n": run.attempt,
            "error": error,
        }
    if run.state == JobRun.State.FAILED:
        return gettext("Failed for good in attempt %(n)s: %(error)s.") % {
            "n": run.attempt,
            "error": error,
        }
    return gettext("Before: %(error)s.") % {"error": error}


def result(run: JobRun) -> str:
    """What became of it: what it said, what went wrong, or how far it is."""
    if run.state == JobRun.State.RUNNING and run.total:
        return gettext("%(done)s of %(total)s") % {"done": run.done, "total": run.total}
    return said(run) or wrong(run)


def seconds(run: JobRun) -> float | None:
    """How long the newest attempt took, or takes."""
    if run.started is None or run.state == JobRun.State.QUEUED:
        return None
    return round(((run.finished or timezone.now()) - run.started).total_seconds(), 1)


def late(term: Term, subject: Subject) -> Q | str:
    """The condition behind `late:yes` and `late:no`."""
    found = jobs.late_runs(timezone.now())
    wanted = Q(pk__in=())
    for value in term.values:
        if value not in ("yes", "no"):
            return gettext("late: takes yes or no.")
        wanted |= found if value == "yes" else ~found
    return wanted


def attempts(run: JobRun, subject: Subject) -> dict[str, Any]:
    """The attempts that failed, oldest first."""
    rows = []
    for one in run.tries:
        said_then = one["error"]
        rows.append((one["attempt"], datetime.fromisoformat(one["at"]), gettext(said_then)))
    return {"tries": rows, "losses": run.losses}


def try_again(run: JobRun, subject: Subject) -> str:
    """Have its job run again."""
    try:
        fresh = jobs.retry(subject, run)
    except ValueError:
        raise ValidationError(gettext("There is no such job any more.")) from None
    if not fresh:
        return gettext("%(job)s waits to be run already.") % {"job": title(run)}
    return gettext("%(job)s will run at once.") % {"job": title(run)}


def cancel(run: JobRun, subject: Subject) -> str:
    """Cancel it."""
    if not jobs.cancel(subject, run):
        raise ValidationError(gettext("The run has ended already."))
    return gettext("The run is cancelled, or ends at its next step.")


RUNS = register(
    Resource(
        noun=NOUN,
        model=JobRun,
        title=_("Run of a job"),
        titles=_("Runs of jobs"),
        path="settings/runs",
        route="job_runs",
        under="jobs",
        one="job_run",
        api="job-runs",
        columns=(
            Column("number", _("Number"), "id", cell="number", sort=True),
            Column("job", _("Job"), value=title),
            Column("name", _("Name of the job"), "job", cell="code", shown=False),
            Column("state", _("State"), value=state, cell="state"),
            Column("result", _("Result"), "error", value=result, wide=True),
            Column("attempt", _("Attempts"), cell="number"),
            Column("due", _("Due"), cell="moment"),
            Column("started", _("Started"), cell="moment"),
            Column("finished", _("Ended"), cell="moment", shown=False),
            Column("seconds", _("Seconds"), "started", value=seconds, cell="number"),
            Column("by", _("Started by"), "asked_by__username", shown=False),
        ),
        facts=(
            "name",
            "state",
            "result",
            "attempt",
            "due",
            "started",
            "finished",
            "seconds",
            "by",
        ),
        filters=(
            Filter("job", _("Job"), "choice", choices=titles, example="job:outbox.deliver"),
            Filter(
                "state", _("State"), "choice", choices=STATES, group=True, example="state:failed"
            ),
            Filter("late", _("Late"), "own", read=late, level=2, example="late:yes"),
            Filter("by", _("Started by"), "person", "asked_by", example="by:me"),
            Filter("after", _("Due from then on"), "time", "due", sign=">="),
            Filter("before", _("Due until then"), "time", "due", sign="<"),
        ),
        search=("job",),
        chips=(
            Chip(_("all"), ""),
            Chip(_("failed"), "state:failed"),
            Chip(_("late"), "late:yes"),
            Chip(_("waiting"), "state:queued"),
            Chip(_("running"), "state:running"),
        ),
        order="-number",
        related=("asked_by",),
        state=state,
        discussed=False,  # it is thrown away after a month
        name_of=lambda run: f"{title(run)} · {run.pk}",
        panels=(
            Panel(
                _("Attempts that failed"),
                "web/run_attempts.html",
                attempts,
                when=lambda run, subject: bool(run.tries or run.losses),
            ),
        ),
        actions=(
            Action("retry", _("Try again"), try_again, when=lambda run: run.state in ENDED_BADLY),
            Action(
                "cancel",
                _("Cancel the run"),
                cancel,
                when=lambda run: run.state in OPEN and not run.cancelling,
                danger=True,
                words=_(
                    "One that waits is never begun; one that runs ends at its next step."
                    " What it has done stays done."
                ),
            ),
        ),
        empty=_(
            "Nothing has run yet. Runs appear here as soon as a worker is there and a job is due."
        ),
    )
)

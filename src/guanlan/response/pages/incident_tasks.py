"""Tasks of incidents."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject, may
from guanlan.response.incidents import tasks
from guanlan.response.incidents.finding import NOUN
from guanlan.response.incidents.showing import MASKED, task_state
from guanlan.response.models import IncidentTask
from guanlan.response.pages.incident_forms import Why
from guanlan.web.resource import (
    Action,
    Chip,
    Clock,
    Column,
    Filter,
    Heading,
    Panel,
    Resource,
    Term,
    register,
)

YES_NO = {"yes": gettext_lazy("yes"), "no": gettext_lazy("no")}


class Finishing(forms.Form):
    """What was done."""

    note = forms.CharField(
        label=gettext_lazy("What was done"),
        max_length=tasks.LONGEST_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Kept sealed; stands in the timeline."),
    )


def late(term: Term, subject: Subject) -> Q:
    """Open tasks whose time is over, or the others."""
    over = Q(state="open", due__lt=timezone.now())
    return over if term.value == "yes" else ~over


def finish(task: IncidentTask, subject: Subject, values: dict[str, Any]) -> str:
    tasks.finish_task(subject, task, note=values["note"], now=timezone.now())
    return _("It is done; another person verifies it.")


def verify(task: IncidentTask, subject: Subject) -> str:
    tasks.verify_task(subject, task, now=timezone.now())
    return _("It is verified.")


def refuse(task: IncidentTask, subject: Subject, values: dict[str, Any]) -> str:
    tasks.verify_task(subject, task, refused=values["reason"], now=timezone.now())
    return _("It is open again.")


def drop(task: IncidentTask, subject: Subject, values: dict[str, Any]) -> str:
    tasks.drop_task(subject, task, values["reason"], now=timezone.now())
    return _("It is dropped.")


def another(task: IncidentTask, subject: Subject) -> bool:
    return task.done_by_id != subject.id


def heading(task: IncidentTask) -> Heading:
    """Whose it is, and by when."""
    return Heading(
        title=task.title,
        over=f"#{task.incident_id} {task.incident.title}",
        owner=task.owner.get_username() if task.owner else "",
        clock=Clock(task.due, task.created) if task.state == "open" else task.due,
    )


def done(task: IncidentTask, subject: Subject) -> dict[str, str]:
    return {"text": task.note if may(subject, "change", NOUN) else MASKED}


TASKS = register(
    Resource(
        noun="response.incidenttask",
        model=IncidentTask,
        title=gettext_lazy("Task of an incident"),
        titles=gettext_lazy("Tasks of incidents"),
        path="incident-tasks",
        route="incident_tasks",
        under="incidents",
        within="incident",
        one="incident_task",
        api="incident-tasks",
        columns=(
            Column("title", gettext_lazy("Task"), wide=True),
            Column("state", gettext_lazy("State"), value=task_state, cell="state"),
            Column("incident", gettext_lazy("Incident"), "incident__title"),
            Column("owner", pgettext_lazy("of a thing", "Owner"), "owner__username"),
            Column("due", gettext_lazy("Due"), cell="until", sort=True),
            Column("created", gettext_lazy("Made"), cell="moment", shown=False),
            Column("done", gettext_lazy("Done"), cell="moment", shown=False),
            Column("done_by", gettext_lazy("Done by"), "done_by__username", shown=False),
            Column("verified", gettext_lazy("Verified"), cell="moment", shown=False),
            Column("verified_by", gettext_lazy("Verified by"), "verified_by__username",
                   shown=False),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice",
                   choices=dict(IncidentTask.State.choices), group=True, example="state:open"),
            Filter("owner", pgettext_lazy("of a thing", "Owner"), "person", example="owner:me"),
            Filter("incident", gettext_lazy("Incident"), "number", "incident_id",
                   example="incident:7"),
            Filter("late", gettext_lazy("Late"), "choice", choices=YES_NO, read=late, level=2),
            Filter("before", gettext_lazy("Due until then"), "time", "due", sign="<"),
        ),
        search=("title",),
        chips=(
            Chip(gettext_lazy("open"), "state:open"),
            Chip(gettext_lazy("mine"), "state:open owner:me"),
            Chip(gettext_lazy("late"), "late:yes"),
            Chip(gettext_lazy("to be verified"), "state:done"),
            Chip(gettext_lazy("all"), ""),
        ),
        order="due",
        related=("incident", "owner", "done_by", "verified_by"),
        state=task_state,
        name_of=lambda task: task.title,
        heading=heading,
        facts=("incident", "created", "done", "done_by", "verified", "verified_by"),
        panels=(
            Panel(gettext_lazy("What was done"), "response/incident/done.html", done,
                  when=lambda task, subject: bool(task.note)),
            Panel(gettext_lazy("Incident"), "response/incident/of.html", wide=False),
        ),
        actions=(
            Action("finish", gettext_lazy("Done"), finish, when=lambda task: task.state == "open",
                   form=lambda subject, task: Finishing, many=lambda subject: Finishing),
            Action("verify", gettext_lazy("Verify"), verify, offered=another,
                   when=lambda task: task.state == "done"),
            Action("refuse", gettext_lazy("Not accepted"), refuse, offered=another,
                   when=lambda task: task.state == "done", form=lambda subject, task: Why,
                   many=lambda subject: Why),
            Action("drop", gettext_lazy("Drop"), drop, danger=True,
                   when=lambda task: task.state == "open", form=lambda subject, task: Why,
                   many=lambda subject: Why),
        ),
        empty=gettext_lazy("Nothing is to be done. Add a task on the page of an incident."),
    )
)  # fmt: skip

"""Incidents: the list, the page of one, and the form that declares one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from guanlan.core.access import Subject, may
from guanlan.response.incidents.declaring import declare
from guanlan.response.incidents.matrix import IMPACTS, URGENCIES
from guanlan.response.incidents.showing import (
    IncidentLook,
    incident_state,
    severity_state,
    took,
)
from guanlan.response.models import Incident
from guanlan.response.pages import (
    incident_acts,
    incident_clocks,
    incident_following,
    incident_forms,
    status_components,
)
from guanlan.response.pages import incident_following_forms as following_forms
from guanlan.response.pages.plan_starting import INCIDENT, start_address
from guanlan.response.status import keeping
from guanlan.response.terms import CATEGORIES, SEVERITIES, Severity
from guanlan.web.dashboards import Tile
from guanlan.web.resource import (
    Action,
    Chip,
    Clock,
    Column,
    Filter,
    Form,
    Heading,
    Link,
    Numbers,
    Panel,
    Resource,
    Saved,
    Timeline,
    facts,
    register,
)

HOW = {
    "by_hand": gettext_lazy("by hand"),
    "criterion": gettext_lazy("by a criterion"),
}


def add(subject: Subject, values: dict[str, Any]) -> Saved:
    values = {**values, "urgency": values["urgency"] or "medium"}
    row = declare(subject, now=timezone.now(), **values)
    return Saved(row, _("Incident %(n)s is declared, and you command it.") % {"n": row.pk})


def look(row: Incident, subject: Subject) -> IncidentLook:
    return IncidentLook(row, subject, timezone.now())


def heading(look: IncidentLook) -> Heading:
    """Who commands it, and by when it is to be stable."""
    row = look.row
    waits = row.state == "active" and row.stable_due is not None
    return Heading(
        title=row.title,
        over=_("confidential · %(n)s") % {"n": row.pk} if row.confidential else f"#{row.pk}",
        owner=row.commander.get_username() if row.commander else "",
        clock=Clock(row.stable_due, row.known) if waits and row.stable_due else row.known,
    )


def tiles(look: IncidentLook, subject: Subject) -> list[Tile]:
    """How bad, how long, what is open."""
    row = look.row
    end = row.stable or look.now
    tasks = f"{reverse('incident_tasks')}?q=incident:{row.pk}"
    alike = f"{reverse('incidents')}?q=severity:{Severity(row.severity).name}"
    return [
        Tile(label=_("Severity"), value=str(SEVERITIES[Severity(row.severity).name]), link=alike,
             state="bad" if row.severity >= Severity.high else ""),
        Tile(label=_("Until it was stable") if row.stable else _("Not stable since"),
             value=took(row.known, end), link=reverse("incident_figures")),
        Tile(label=_("Open tasks"), value=str(look.open_tasks), link=f"{tasks} state:open",
             note=_("%(n)s late") % {"n": look.late_tasks} if look.late_tasks else "",
             state="bad" if look.late_tasks else ""),
        Tile(label=_("Plans started"), value=str(len(look.runs)), link=reverse("plan_runs")),
    ]  # fmt: skip


def times(look: IncidentLook, subject: Subject) -> Mapping[str, Any]:
    """Between which times how long it took."""
    row = look.row
    return facts(
        (_("Occurred → known"), took(row.occurred, row.known)),
        (_("Known → acknowledged"), took(row.known, row.acknowledged)),
        (_("Known → reported"), took(row.known, row.reported)),
        (_("Known → stable"), took(row.known, row.stable)),
        (_("Known → closed"), took(row.known, row.closed)),
    )


def plans(look: IncidentLook, subject: Subject) -> Mapping[str, Any]:
    """Where a plan is started for it, with its variables."""
    start = look.row.state != "closed" and may(subject, "add", "response.planrun")
    return {"start": start_address(INCIDENT, look.row.pk) if start else ""}


def open_tasks(look: IncidentLook, subject: Subject) -> Mapping[str, Any]:
    n = look.open_tasks
    text = ngettext("%(n)s open", "%(n)s open", n) % {"n": n}
    where = f"{reverse('incident_tasks')}?q=incident:{look.row.pk}"
    return {"more": text, "more_url": where, "tasks": look.tasks}


INCIDENTS = register(
    Resource(
        noun="response.incident",
        model=Incident,
        title=gettext_lazy("Incident"),
        titles=gettext_lazy("Incidents"),
        path="incidents",
        route="incidents",
        one="incident",
        place=("respond", 20),
        api="incidents",
        columns=(
            Column("severity", gettext_lazy("Severity"), cell="state", sort=True,
                   value=lambda row: severity_state(row.severity)),
            Column("title", gettext_lazy("Incident"), wide=True),
            Column("state", gettext_lazy("State"), value=incident_state, cell="state"),
            Column("category", gettext_lazy("Category"),
                   value=lambda row: str(CATEGORIES[row.category])),
            Column("commander", gettext_lazy("Commander"), "commander__username"),
            Column("declared", gettext_lazy("Declared"), cell="moment", sort=True),
            Column("known", gettext_lazy("Known since"), cell="moment", sort=True, shown=False),
            Column("occurred", gettext_lazy("Occurred"), cell="moment", shown=False),
            Column("acknowledged", gettext_lazy("Acknowledged"), cell="moment", shown=False),
            Column("reported", gettext_lazy("Reported"), cell="moment", shown=False),
            Column("stable", gettext_lazy("Stable since"), cell="moment", shown=False),
            Column("closed", gettext_lazy("Closed"), cell="moment", shown=False),
            Column("stable_due", gettext_lazy("To be stable by"), cell="moment", shown=False),
            Column("impact", gettext_lazy("Impact"), shown=False,
                   value=lambda row: str(IMPACTS.get(row.impact, row.impact))),
            Column("urgency", gettext_lazy("Urgency"), shown=False,
                   value=lambda row: str(URGENCIES.get(row.urgency, row.urgency))),
            Column("how", gettext_lazy("Declared how"), shown=False,
                   value=lambda row: row.criterion or str(HOW[row.how])),
            Column("declared_by", gettext_lazy("Declared by"), "declared_by__username",
                   shown=False),
            Column("channel", gettext_lazy("Where people talk"), shown=False),
            Column("confidential", gettext_lazy("Confidential"), cell="flag", shown=False),
            Column("reopened", gettext_lazy("Times opened again"), cell="number", shown=False),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", choices=dict(Incident.State.choices),
                   group=True, example="state:active"),
            Filter("severity", gettext_lazy("Severity"), "choice", choices=SEVERITIES,
                   stored={one.name: int(one) for one in Severity}, ordered=True, group=True,
                   example="severity:>=high"),
            Filter("category", gettext_lazy("Category"), "choice", choices=CATEGORIES, group=True),
            Filter("commander", gettext_lazy("Commander"), "person", example="commander:me"),
            Filter("how", gettext_lazy("Declared how"), "choice", choices=HOW, group=True),
            Filter("confidential", gettext_lazy("Confidential"), "flag", group=True),
            Filter("reviewed", gettext_lazy("Reviewed"), "flag", null=True),
            Filter("begun", gettext_lazy("Known when it began"), "flag", "occurred", null=True),
            Filter("acknowledged", gettext_lazy("Acknowledged"), "flag", null=True),
            Filter("stable", gettext_lazy("Known when it was stable"), "flag", null=True),
            Filter("number", gettext_lazy("Number"), "exact", "id"),
            Filter("after", gettext_lazy("Declared from then on"), "time", "declared", sign=">="),
            Filter("before", gettext_lazy("Declared until then"), "time", "declared", sign="<"),
        ),
        search=("title",),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(pgettext_lazy("state of an incident", "active"), "state:active"),
            Chip(gettext_lazy("open"), "state:active,stable"),
            Chip(gettext_lazy("mine"), "state:active,stable commander:me"),
            Chip(gettext_lazy("high and critical"), "severity:>=high"),
        ),
        order="-declared",
        related=("commander", "declared_by"),
        state=incident_state,
        name_of=lambda row: f"#{row.pk} {row.title}",
        look=look,
        heading=heading,
        facts=("category", "impact", "urgency", "how", "declared_by", "occurred", "known",
               "declared", "acknowledged", "reported", "stable", "closed", "channel", "reopened"),
        panels=(
            Numbers(tiles),
            Panel(gettext_lazy("What happened"), "response/incident/summary.html",
                  when=lambda look, subject: bool(look.row.summary)),
            Timeline(gettext_lazy("Timeline"), lambda look, subject: look.happenings()),
            Panel(gettext_lazy("News"), "response/incident/updates.html",
                  incident_following.updates),
            Panel(gettext_lazy("Review and lessons"), "response/incident/review.html",
                  incident_following.findings,
                  when=lambda look, subject: look.row.state != "active"),
            Panel(gettext_lazy("Regulatory clocks"), "response/incident/clocks.html",
                  incident_clocks.running, wide=False, when=incident_clocks.sees),
            Panel(gettext_lazy("Tasks"), "response/incident/tasks.html", open_tasks, wide=False),
            Panel(gettext_lazy("Roles"), "response/incident/roles.html", wide=False),
            Panel(gettext_lazy("Plans"), "response/incident/plans.html", plans, wide=False,
                  when=lambda look, subject: bool(look.runs or look.proposals)),
            Panel(gettext_lazy("How long it took"), "web/resource/facts.html", times, wide=False),
            Panel(gettext_lazy("Costs"), "web/resource/table.html", incident_following.costs,
                  wide=False),
            Panel(gettext_lazy("Tied to"), "response/incident/ties.html", wide=False,
                  when=lambda look, subject: bool(look.ties)),
        ),
        form=Form(
            make=lambda subject, row: incident_forms.Declaring,
            add=add,
            button=gettext_lazy("Declare"),
            title=gettext_lazy("Declare an incident"),
        ),
        actions=(
            Action("note", gettext_lazy("Write in the timeline"), incident_acts.note, bulk=False,
                   form=lambda subject, row: incident_forms.Noting),
            Action("stable", gettext_lazy("Stable"), incident_acts.stable,
                   when=lambda row: row.state == "active",
                   form=lambda subject, row: incident_forms.Stable),
            Action("task", gettext_lazy("Add a task"), incident_acts.task,
                   when=lambda row: row.state != "closed",
                   form=lambda subject, row: incident_forms.NewTask),
            Action("assume", pgettext_lazy("in an incident", "Give a role"), incident_acts.assume,
                   when=lambda row: row.state != "closed",
                   form=lambda subject, row: incident_forms.Assuming),
            Action("renounce", gettext_lazy("End a role"), incident_acts.renounce,
                   when=lambda row: row.state != "closed",
                   form=lambda subject, row: incident_forms.Renouncing),
            Action("plan", gettext_lazy("Start a plan"), incident_acts.plan,
                   when=lambda row: row.state != "closed",
                   form=lambda subject, row: incident_forms.Planning),
            Action("link", gettext_lazy("Tie to"), incident_acts.link,
                   form=lambda subject, row: incident_forms.Tying),
            Action("tell", gettext_lazy("Record news"), incident_following.tell,
                   form=lambda subject, row: following_forms.Telling),
            Action("public", gettext_lazy("Set states on the status page"),
                   status_components.set_states, bulk=False,
                   when=lambda row: row.state != "closed",
                   offered=lambda row, subject: keeping.speaks(subject, row),
                   form=status_components.states_form),
            Action("statement", gettext_lazy("Draft a statement"),
                   status_components.draft_statement, bulk=False,
                   offered=lambda row, subject: may(subject, "add", "response.statement"),
                   form=lambda subject, row: status_components.Wording),
            Action("cost", gettext_lazy("Add a cost"), incident_following.cost,
                   form=lambda subject, row: following_forms.Costing),
            Action("review", pgettext_lazy("of an incident", "Review"), incident_following.review,
                   when=lambda row: row.state == "closed",
                   form=lambda subject, row: following_forms.Reviewing),
            Action("lesson", gettext_lazy("Add a lesson"), incident_following.lesson,
                   when=lambda row: row.state != "active",
                   offered=lambda row, subject: may(subject, "add", "response.lesson"),
                   form=lambda subject, row: following_forms.NewLesson),
            Action("severity", gettext_lazy("Severity"), incident_acts.severity,
                   when=lambda row: row.state != "closed",
                   form=lambda subject, row: incident_forms.Severer,
                   button=gettext_lazy("Save")),
            Action("reopen", gettext_lazy("Open again"), incident_acts.reopen,
                   when=lambda row: row.state != "active",
                   form=lambda subject, row: incident_forms.Why),
            Action("close", gettext_lazy("Close"), incident_acts.close, danger=True,
                   when=lambda row: row.state != "closed",
                   form=lambda subject, row: incident_forms.Closing),
        ),
        links=(
            Link(gettext_lazy("Board"), "incident_board"),
            Link(gettext_lazy("Figures"), "incident_figures"),
            Link(gettext_lazy("Tasks"), "incident_tasks"),
            Link(gettext_lazy("Criteria"), "incident_criteria"),
            Link(gettext_lazy("Matrix of severities"), "severity_matrices"),
        ),
        empty=gettext_lazy(
            "No incident was declared yet. Declare one: a title, its category and its impact are"
            " enough."
        ),
        placeholder="state:active,stable severity:>=high",
    )
)  # fmt: skip

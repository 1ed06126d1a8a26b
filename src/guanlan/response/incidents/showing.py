"""Incidents as a person reads them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanlan.core.access import Subject, may
from guanlan.response.alerts.titles import title_of
from guanlan.response.clocks.terms import STATES as CLOCK_STATES
from guanlan.response.incidents.duties import title_in
from guanlan.response.incidents.finding import NOUN
from guanlan.response.incidents.timeline import KINDS
from guanlan.response.models import (
    Alert,
    Incident,
    IncidentCost,
    IncidentLink,
    IncidentTask,
    Plan,
    PlanRun,
    RoleHeld,
    StakeholderUpdate,
    StatusPost,
    TimelineEntry,
)
from guanlan.response.plans.showing import run_state, titled
from guanlan.response.status.reading import STATES as STATUS_STATES
from guanlan.response.terms import SEVERITIES, Severity
from guanlan.web.resource import Happening, State, resources
from guanlan.web.words import duration, labelled, money, until

LOOKS: Final = {"active": "bad", "stable": "warn", "closed": "off"}
TASK_LOOKS: Final = {"open": "warn", "done": "on", "verified": "on", "dropped": "off"}
SEVERITY_LOOKS: Final = ("off", "off", "warn", "bad", "bad")  # by terms.Severity
MOST_LINES: Final = 300
ALERT: Final = "response.alert"
MOST_NAMED: Final = 200
MASKED: Final = "•••"
_LEADS: Final = (
    ("clock", "response.runningclock", "clock"),
    ("report", "response.regulatoryreport", "regulatory_report"),
)


def incident_state(row: Incident) -> State:
    """Its state in words."""
    title = row.get_state_display()
    if row.state == "closed" and row.reviewed is not None:
        title = _("closed and reviewed")
    return State(LOOKS[row.state], title)


def severity_state(severity: int) -> State:
    """A severity in words."""
    return State(SEVERITY_LOOKS[severity], SEVERITIES[Severity(severity).name])


def task_state(task: IncidentTask) -> State:
    """The state of a task in words."""
    return State(TASK_LOOKS[task.state], task.get_state_display())


def took(begin: dt.datetime | None, end: dt.datetime | None) -> str:
    """How long it was, in words; unknown where a time is missing."""
    return _("unknown") if begin is None or end is None else lasting((end - begin).total_seconds())


def lasting(seconds: float | None) -> str:
    """A time in words; unknown where there is none."""
    return _("unknown") if seconds is None else duration(round(seconds) * 1_000_000)


def addresses() -> dict[str, str]:
    """The routes of things that incidents can be tied to, by noun."""
    return {
        one.noun: one.one
        for one in resources()
        if one.one and one.address is None and one.discussed and one.noun != NOUN
    }


def titles() -> dict[str, Any]:
    """What those things are called, by noun."""
    known = addresses()
    return {one.noun: one.title for one in resources() if one.noun in known}


class Tie(NamedTuple):
    """Something an incident is tied to."""

    title: str
    key: str
    url: str
    name: str = ""


class Proposal(NamedTuple):
    """A plan in force for this category of risk."""

    title: str
    url: str


class IncidentLook:
    """What the page of one incident shows, read once."""

    def __init__(self, row: Incident, subject: Subject, now: dt.datetime) -> None:
        self.row = row
        self.subject = subject
        self.now = now
        self.works = may(subject, "change", NOUN)

    @cached_property
    def summary(self) -> str:
        """What happened; masked for those who do not work on incidents."""
        return self._clear(self.row.summary)

    @cached_property
    def entries(self) -> list[TimelineEntry]:
        """The newest lines, newest first."""
        rows = TimelineEntry.objects.for_user(self.subject).filter(incident=self.row)
        return list(rows.select_related("by").order_by("-at", "-id")[:MOST_LINES])

    @cached_property
    def roles(self) -> list[RoleHeld]:
        """Who has or had which role, those who have it first."""
        rows = RoleHeld.objects.for_user(self.subject).filter(incident=self.row)
        found = list(rows.select_related("person").order_by("assumed_at", "id"))
        return sorted(found, key=lambda one: one.renounced_at is not None)

    @cached_property
    def tasks(self) -> list[IncidentTask]:
        """What is to be done, what is open first, then by due time."""
        rows = IncidentTask.objects.for_user(self.subject).filter(incident=self.row)
        found = list(rows.select_related("owner").order_by("due", "id"))
        return sorted(found, key=lambda one: list(TASK_LOOKS).index(one.state))

    @cached_property
    def ties(self) -> list[Tie]:
        """What it is tied to; what is no longer known here is named by its noun."""
        routes, names = addresses(), titles()
        found = IncidentLink.objects.for_user(self.subject).filter(incident=self.row)
        rows = list(found.order_by("noun", "id"))
        alerts = self._named_alerts([one.key for one in rows if one.noun == ALERT])
        return [
            Tie(
                str(names.get(one.noun, one.noun)),
                one.key,
                reverse(routes[one.noun], args=[one.key]) if one.noun in routes else "",
                alerts.get(one.key, "") if one.noun == ALERT else "",
            )
            for one in rows
        ]

    def _named_alerts(self, keys: Sequence[str]) -> dict[str, str]:
        """What the first of these alerts are called, by key."""
        known = [int(key) for key in keys[:MOST_NAMED] if key.isdecimal()]
        rows = Alert.objects.for_user(self.subject).filter(pk__in=known)
        return {str(one.pk): title_of(one) for one in rows}

    @cached_property
    def runs(self) -> list[PlanRun]:
        """Plans that were started for it."""
        rows = PlanRun.objects.for_user(self.subject).filter(
            origin_noun=NOUN, origin_id=str(self.row.pk)
        )
        return list(rows.select_related("version__plan").order_by("-started", "-id"))

    @cached_property
    def plan_lines(self) -> list[tuple[str, str, State]]:
        """Title, address and state of each run."""
        return [
            (
                titled(run.version.plan.titles) or run.version.plan.name,
                reverse("plan_run", args=[run.pk]),
                run_state(run),
            )
            for run in self.runs
        ]

    @cached_property
    def proposals(self) -> list[Proposal]:
        """Plans in force for this category of risk."""
        if self.row.state == "closed":
            return []
        rows = Plan.objects.for_user(self.subject).filter(
            category=self.row.category, current__isnull=False, retired=None
        )
        return [
            Proposal(titled(one.titles) or one.name, reverse("plan", args=[one.pk]))
            for one in rows.order_by("name", "id")[:10]
        ]

    @property
    def open_tasks(self) -> int:
        """How many tasks are open."""
        return sum(task.state == "open" for task in self.tasks)

    @property
    def late_tasks(self) -> int:
        """How many of them are late."""
        return sum(task.state == "open" and task.due < self.now for task in self.tasks)

    def happenings(self) -> list[Happening]:
        """The timeline."""
        return [
            Happening(
                at=one.at,
                text=said(one),
                mark=State(_look(one), KINDS.get(one.kind, one.kind)),
                note=self._note(one),
                url=self._url(one),
            )
            for one in self.entries
        ]

    def _url(self, one: TimelineEntry) -> str:
        """The page of a clock or a report that a line tells of, for who sees it."""
        for name, noun, route in _LEADS:
            key = one.values.get(name)
            if key is not None and may(self.subject, "see", noun):
                return reverse(route, args=[key])
        return ""

    def _note(self, one: TimelineEntry) -> str:
        who = one.by.get_username() if one.by else _("the platform")
        return f"{who} · {text}" if (text := self._clear(one.text)) else who

    def _clear(self, text: str) -> str:
        return text if self.works or not text else MASKED


def _look(one: TimelineEntry) -> str:
    if one.kind in ("declared", "reopened"):
        return "bad"
    return "warn" if one.kind in ("severity", "task_refused", "clock") else "on"


def said(one: TimelineEntry) -> str:
    """What a line says beside its kind."""
    values: Mapping[str, Any] = one.values
    if one.kind == "declared":
        severity = SEVERITIES[Severity(values["severity"]).name]
        if values.get("criterion"):
            found = _("by the criterion %(name)s, severity %(severity)s")
            return found % {"name": values["criterion"], "severity": severity}
        return _("by hand, severity %(severity)s") % {"severity": severity}
    if one.kind == "severity":
        names = {part: SEVERITIES[Severity(values[part]).name] for part in ("from", "to")}
        return _("from %(from)s to %(to)s") % names
    if one.kind in ("assumed", "renounced"):
        role = dict(RoleHeld.Role.choices).get(values["role"], values["role"])
        return labelled(role, values["person"])
    if one.kind == "closed" and values.get("tasks"):
        n = int(values["tasks"])
        return ngettext("%(n)s task left open", "%(n)s tasks left open", n) % {"n": n}
    if one.kind == "linked":
        return f"{titles().get(values['noun'], values['noun'])} {values['key']}"
    if one.kind == "plan":
        return f"{title_in(one.values) or values['plan']} · {values['run']}"
    if one.kind == "update":
        names = dict(StakeholderUpdate.Audience.choices)
        return str(names.get(values["audience"], values["audience"]))
    if one.kind == "cost":
        kind = dict(IncidentCost.Kind.choices).get(values["kind"], values["kind"])
        return labelled(kind, money(values["amount"], values["currency"]))
    if one.kind == "clock":
        due = dt.datetime.fromisoformat(values["due"])
        at = until(due)
        return _("%(what)s, due %(at)s") % {"what": title_in(one.values), "at": at}
    if one.kind == "clock_ended":
        return labelled(title_in(one.values), CLOCK_STATES.get(values["state"], values["state"]))
    if one.kind == "status":
        state = STATUS_STATES.get(values["state"], values["state"])
        return labelled(title_in(one.values) or values["component"], state)
    if one.kind == "posted":
        return str(dict(StatusPost.Phase.choices).get(values["phase"], values["phase"]))
    if one.kind == "reported":
        return f"{values['title']} → {values['to']}"
    return str(values.get("title", ""))

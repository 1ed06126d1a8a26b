"""What regulators are to hear of an incident: its clocks, and what its reports begin with.

The clocks of an incident are started by a person, who sees why each applies. From then on they
follow it: more severity starts what applies besides, and an incident that has been handled starts
what waits for that. No clock stops because an incident is closed: only a report that was sent
stops it, or a person who says why it should not run.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from msgspec import structs

from guanlan.core.access import SYSTEM, Subject, may
from guanlan.core.audit import actor
from guanlan.response.clocks.disclosing import on_disclosed
from guanlan.response.clocks.facts import GRADES, Facts
from guanlan.response.clocks.letters import register_facts
from guanlan.response.clocks.matters import Known, register_matter
from guanlan.response.clocks.reporting import on_drafted
from guanlan.response.clocks.running import (
    OPEN,
    Times,
    happened,
    on_started,
    on_stopped,
    regrade,
)
from guanlan.response.clocks.terms import LANGUAGES, Matter
from guanlan.response.incidents.finding import NOUN
from guanlan.response.incidents.matrix import IMPACTS
from guanlan.response.incidents.timeline import Value, enter
from guanlan.response.models import (
    Disclosure,
    Incident,
    IncidentCost,
    IncidentTask,
    Lesson,
    RegulatoryReport,
    RunningClock,
)
from guanlan.response.terms import SEVERITIES, Severity
from guanlan.web.words import labelled, money

# What a severity says of the grade while no person has graded it: it never makes one lower.
GRADE: Final[dict[Severity, str]] = {
    Severity.info: "general",
    Severity.low: "general",
    Severity.medium: "general",
    Severity.high: "larger",
    Severity.critical: "major",
}
# What the category says of what happened, to begin with.
EVENTS: Final[dict[str, tuple[str, ...]]] = {
    "security": ("cyber",),
    "privacy": ("data",),
    "operations": ("outage",),
}
_ORDER: Final = list(GRADES)
LINES: Final = 20  # tasks, plans and lessons named in a report


def matter_of(row: Incident) -> Matter:
    """What clocks and reports call it; a confidential one is called by its number."""
    return Matter(NOUN, str(row.pk), f"#{row.pk}" if row.confidential else row.title)


def clocks_of(row: Incident) -> QuerySet[RunningClock]:
    """Its clocks, the most urgent first."""
    found = RunningClock.objects.filter(about_noun=NOUN, about_id=str(row.pk))
    return found.select_related("rule").order_by("turn", "id")


def open_clocks(row: Incident) -> int:
    """How many of its clocks wait for a report."""
    return clocks_of(row).filter(state__in=OPEN, sent_at=None).count()


def known_facts(row: Incident) -> Facts:
    """What is known: what its clocks were started with, or else what the incident itself says."""
    stored = clocks_of(row).order_by("-id").values_list("facts", flat=True).first()
    if stored is None:
        return Facts(events=EVENTS.get(row.category), grade=GRADE[Severity(row.severity)])
    return _facts(stored)


def _facts(stored: dict[str, object]) -> Facts:
    said = {
        name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
    }
    return Facts(**said)  # type: ignore[arg-type]  # as it was stored


def follow_severity(row: Incident, now: dt.datetime) -> list[RunningClock]:
    """Its severity has changed: start what applies now besides, where it has clocks. The grade
    never falls by this."""
    if not clocks_of(row).exists():
        return []
    facts = known_facts(row)
    grades = [facts.grade or _ORDER[0], GRADE[Severity(row.severity)]]
    graded = structs.replace(facts, grade=max(grades, key=_ORDER.index))
    return regrade(SYSTEM, matter_of(row), graded, Times(row.known, row.occurred), now)


def handled(row: Incident, at: dt.datetime, now: dt.datetime) -> list[RunningClock]:
    """It has been handled: start what waits for that."""
    return happened(SYSTEM, matter_of(row), "handled", at, now)


def of_incident(subject: Subject, key: str) -> Known | None:
    """What the form that starts clocks begins with."""
    rows = Incident.objects.for_user(subject).filter(pk=key if key.isdecimal() else 0)
    row = rows.first()
    if row is None:
        return None
    label, url = matter_of(row).label, reverse("incident", args=[row.pk])
    return Known(label, url, row.known, row.occurred, known_facts(row))


def report_facts(matter: Matter, language: str) -> dict[str, str]:
    """What a report about an incident begins with, as far as whoever drafts it sees it."""
    subject = actor().subject
    row = Incident.objects.for_user(subject).filter(pk=matter.id).first()
    if row is None:
        return {}
    with translation.override(language):
        found = {
            "known_at": _moment(row.known),
            "occurred_at": _moment(row.occurred),
            "impact": _impact(row),
            "measures": _measures(row),
            "next": _lines(_tasks(row, IncidentTask.State.OPEN)),
            "loss": _loss(row),
            "lessons": _lessons(row),
        }
        if may(subject, "change", NOUN):  # who works on incidents reads what is written in them
            review = row.reviews.order_by("-id").first()
            found["description"] = str(row.summary)
            found["cause"] = str(review.causes) if review is not None else ""
            found["progress"] = _progress(row)
    return found


def _moment(at: dt.datetime | None) -> str:
    return "" if at is None else f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def _impact(row: Incident) -> str:
    severity = SEVERITIES[Severity(row.severity).name]
    return _("%(impact)s; severity: %(severity)s") % {
        "impact": IMPACTS.get(row.impact, row.impact), "severity": severity,
    }  # fmt: skip


def _lines(lines: list[str]) -> str:
    return "\n".join(f"- {one}" for one in lines)


def _tasks(row: Incident, *states: str) -> list[str]:
    found = row.tasks.filter(state__in=states).order_by("due", "id")
    return list(found.values_list("title", flat=True)[:LINES])


def _measures(row: Incident) -> str:
    started = row.entries.filter(kind="plan").order_by("at", "id")
    known = started.values_list("values", flat=True)
    plans = [title_in(values) or str(values.get("plan", "")) for values in known]
    lines = [_("plan started: %(plan)s") % {"plan": plan} for plan in plans[:LINES]]
    lines += _tasks(row, IncidentTask.State.DONE, IncidentTask.State.VERIFIED)
    if row.stable is not None:
        lines.append(_("stable since %(at)s") % {"at": _moment(row.stable)})
    return _lines(lines)


def _progress(row: Incident) -> str:
    last = row.entries.filter(kind="reported").order_by("-at", "-id").first()
    notes = row.entries.filter(kind="note").order_by("at", "id")
    if last is not None:
        notes = notes.filter(at__gt=last.at)
    return _lines([f"{_moment(one.at)} {one.text}" for one in notes[:LINES]])


def _loss(row: Incident) -> str:
    sums: dict[tuple[str, str], int] = {}
    for kind, currency, amount in row.costs.values_list("kind", "currency", "amount"):
        sums[kind, currency] = sums.get((kind, currency), 0) + amount
    names = dict(IncidentCost.Kind.choices)
    return _lines(
        [
            labelled(names.get(kind, kind), money(n, unit))
            for (kind, unit), n in sorted(sums.items())
        ]
    )


def _lessons(row: Incident) -> str:
    found = Lesson.objects.filter(origin_noun=NOUN, origin_id=str(row.pk)).order_by("id")
    return _lines(list(found.values_list("title", flat=True)[:LINES]))


def _titles(texts: dict[str, str]) -> dict[str, Value]:
    """A text of several languages among the values of a line of the timeline."""
    return {f"title_{one}": texts[one] for one in LANGUAGES if texts.get(one)}


def title_in(values: dict[str, Value]) -> str:
    """The same, in the reader's language."""
    language = translation.get_language() or "en"
    order = [language, *LANGUAGES]
    return next((str(values[f"title_{one}"]) for one in order if f"title_{one}" in values), "")


def _incident(noun: str, key: str) -> Incident | None:
    if noun != NOUN or not key.isdecimal():
        return None
    return Incident.objects.select_for_update().filter(pk=key).first()


def _started(clock: RunningClock) -> None:
    row = _incident(clock.about_noun, clock.about_id)
    if row is not None:
        values = _titles(clock.rule.title) | {"clock": clock.pk, "due": clock.due.isoformat()}
        enter(row, "clock", clock.created, actor().subject, values=values)


def _stopped(clock: RunningClock) -> None:
    row = _incident(clock.about_noun, clock.about_id)
    if row is not None:
        values = _titles(clock.rule.title) | {"clock": clock.pk, "state": clock.state}
        at = clock.stopped_at or timezone.now()
        enter(row, "clock_ended", at, actor().subject, values=values)


def _drafted(report: RegulatoryReport) -> None:
    row = _incident(report.about_noun, report.about_id)
    if row is not None:
        values: dict[str, Value] = {"report": report.pk, "title": report.title}
        enter(row, "draft", report.created, actor().subject, values=values)


def _disclosed(line: Disclosure) -> None:
    """The first report that was sent says when the incident was reported."""
    row = _incident(line.about_noun, line.about_id)
    if row is None or line.what != "report":
        return
    if row.reported is None or line.at < row.reported:
        row.reported = line.at
        row.save(update_fields=["reported"])
    values: dict[str, Value] = {
        "title": line.title, "to": line.recipient, "report": line.report_id,
    }  # fmt: skip
    enter(row, "reported", line.at, actor().subject, values=values, written=line.created)


register_matter(NOUN, of_incident)
register_facts(NOUN, report_facts)
on_started(_started)
on_stopped(_stopped)
on_drafted(_drafted)
on_disclosed(_disclosed)

"""Cases as a person reads them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may
from guanlan.response.alerts import evidence
from guanlan.response.alerts.handling import DISPOSITIONS
from guanlan.response.alerts.showing import ShownPart, alerts_of, severity_name, severity_state
from guanlan.response.alerts.titles import title_of
from guanlan.response.cases.letters import name_of
from guanlan.response.cases.terms import TOLD_BY
from guanlan.response.cases.timeline import KINDS
from guanlan.response.incidents.showing import incident_state
from guanlan.response.kinds import Kind, every_kind, kind_title, masked
from guanlan.response.models import (
    Alert,
    Case,
    CaseDecision,
    CaseEntity,
    CaseEntry,
    CaseItem,
    CaseLink,
    IncidentLink,
    PlanRun,
    Restriction,
)
from guanlan.response.pages.reveals import reveal_form
from guanlan.response.plans.showing import run_state, titled
from guanlan.response.restrictions.terms import EFFECTS, STATES
from guanlan.response.terms import CATEGORIES
from guanlan.web.resource import Happening, State
from guanlan.web.resource.cells import written
from guanlan.web.words import money

NOUN: Final = "response.case"
SHOWN_IN_ROW: Final = 2
MOST_PARTS: Final = 20
MOST_ALERTS: Final = 20
MOST_LINES: Final = 100
MOST_PIECES: Final = 12
MOST_DECISIONS: Final = 20
MOST_TIES: Final = 10
MASKED: Final = "•••"


class Related(NamedTuple):
    """Another case, how it is tied to this one, and where it is."""

    title: str
    url: str
    how: str
    state: State


class CaseRow:
    """A case as a row of a list."""

    def __init__(self, case: Case, parts: list[ShownPart]) -> None:
        self.case = case
        self.title = name_of(case)
        self.parts = parts


def show_cases(rows: Sequence[Case], subject: Subject) -> list[CaseRow]:
    """A page of cases with the entities they are grouped by, masked."""
    kinds = every_kind()
    parts: dict[int, list[CaseEntity]] = {}
    found = CaseEntity.objects.for_user(subject).filter(
        case__in=[row.pk for row in rows], grouping=True
    )
    for part in found.select_related("entity").order_by("pk"):
        mine = parts.setdefault(part.case_id, [])
        if len(mine) < SHOWN_IN_ROW:
            mine.append(part)
    return [CaseRow(row, shown_entities(parts.get(row.pk, ()), kinds)) for row in rows]


def shown_entities(
    parts: Sequence[CaseEntity], kinds: dict[str, Kind], subject: Subject | None = None
) -> list[ShownPart]:
    """Entities masked, with the form to reveal each where a subject is named."""
    return [
        ShownPart(
            part.role if part.role != part.entity.kind else "",
            kind_title(part.entity.kind, kinds),
            masked(part.entity, kinds),
            alerts_of(part.entity_id),
            None if subject is None else reveal_form(part.entity, kinds, subject),
        )
        for part in parts
    ]


def case_state(case: Case, now: dt.datetime) -> State:
    """Where a case is, and whether it is late or waits for somebody."""
    if case.merged_into_id is not None:
        return State("off", _("merged into #%(n)s") % {"n": case.merged_into_id})
    if not case.live:
        return State("off", DISPOSITIONS.get(case.disposition, case.get_state_display()))
    if case.closing_by_id is not None:
        return State("warn", _("to be confirmed"))
    if case.waiting is not None:
        return State("unknown", _("waits for the customer"))
    if case.resolve_due is not None and case.resolve_due <= now:
        return State("bad", _overdue(case))
    if case.state == Case.State.NEW:
        late = case.first_due is not None and case.first_due <= now
        return State("bad", _overdue(case)) if late else State("warn", case.get_state_display())
    return State("on", case.get_state_display())


def _overdue(case: Case) -> str:
    return _("%(state)s, overdue") % {"state": case.get_state_display()}


class CaseLook:
    """What the page of one case shows, each read once and of a fixed number of rows."""

    def __init__(self, row: Case, subject: Subject, now: dt.datetime) -> None:
        self.row = row
        self.subject = subject
        self.now = now
        self.title = name_of(row)
        self.works = may(subject, "change", NOUN)

    @property
    def knows_reports(self) -> bool:
        """Whether this person may know that somebody is reported to an authority: who speaks with
        customers does not."""
        return may(self.subject, "see", "response.suspicionreport")

    @property
    def severity_mark(self) -> str:
        """Its severity, as safe HTML."""
        return written("state", severity_state(self.row.severity))

    @property
    def category(self) -> str:
        return str(CATEGORIES[self.row.category])

    @property
    def summary(self) -> str:
        """What happened; masked for those who do not work on cases."""
        return self.clear(str(self.row.summary or ""))

    def clear(self, text: str) -> str:
        """What a person wrote, for those who work on cases."""
        return text if self.works or not text else MASKED

    @cached_property
    def parts(self) -> list[ShownPart]:
        """Whom it is about, by whom it is grouped first."""
        rows = CaseEntity.objects.for_user(self.subject).filter(case=self.row)
        found = list(rows.select_related("entity").order_by("-grouping", "pk")[:MOST_PARTS])
        return shown_entities(found, every_kind(), self.subject)

    @cached_property
    def alerts(self) -> list[Alert]:
        """Its newest alerts."""
        rows = Alert.objects.for_user(self.subject).filter(case=self.row)
        return list(rows.order_by("-last_seen", "-pk")[:MOST_ALERTS])

    @property
    def alert_lines(self) -> list[dict[str, Any]]:
        """Its newest alerts, ready for a table."""
        return [
            {
                "severity": written("state", severity_state(one.severity)),
                "title": title_of(one),
                "url": reverse("alert", args=[one.pk]),
                "count": one.count,
                "at": one.last_seen,
                "live": one.live,
                "was": DISPOSITIONS.get(one.disposition, ""),
            }
            for one in self.alerts
        ]

    @property
    def pieces(self) -> list[tuple[str, str, dt.datetime]]:
        """Evidence of its newest alerts, newest first: what it is called, its address, of when."""
        found = [
            (*evidence.shown(kind, ref), dt.datetime.fromisoformat(at))
            for one in self.alerts
            for kind, ref, at in one.evidence
        ]
        return sorted(found, key=lambda piece: piece[2], reverse=True)[:MOST_PIECES]

    @cached_property
    def items(self) -> list[CaseItem]:
        """The checklist."""
        rows = CaseItem.objects.for_user(self.subject).filter(case=self.row)
        return list(rows.select_related("done_by").order_by("place"))

    @property
    def item_lines(self) -> list[dict[str, Any]]:
        """The checklist, ready for its template."""
        return [
            {
                "place": one.place,
                "text": gettext(one.text),
                "done": one.done,
                "by": one.done_by.get_username() if one.done_by else "",
            }
            for one in self.items
        ]

    @property
    def items_done(self) -> int:
        """How many items of the checklist are done."""
        return sum(one.done is not None for one in self.items)

    @cached_property
    def decisions(self) -> list[dict[str, Any]]:
        """What was decided about its customer, newest first."""
        rows = CaseDecision.objects.for_user(self.subject).filter(case=self.row)
        if not self.knows_reports:
            rows = rows.exclude(what=CaseDecision.What.REPORT)
        found = rows.select_related("made_by", "entity").order_by("-made", "-pk")[:MOST_DECISIONS]
        kinds = every_kind()
        return [
            {
                "what": one.get_what_display(),
                "way": TOLD_BY.get(one.way, ""),
                "told": one.told,
                "about": masked(one.entity, kinds) if one.entity else "",
                "at": one.made,
                "by": one.made_by.get_username() if one.made_by else "",
                "reason": self.clear(str(one.reason)),
                "url": reverse("restriction", args=[one.restriction_id])
                if one.restriction_id
                else "",
            }
            for one in found
        ]

    @cached_property
    def restrictions(self) -> list[dict[str, Any]]:
        """Restrictions of its entities, those that wait or are in force first."""
        about = CaseEntity.objects.for_user(self.subject).filter(case=self.row)
        rows = Restriction.objects.for_user(self.subject).filter(entity__in=about.values("entity"))
        found = rows.select_related("entity").order_by("-proposed", "-pk")[:MOST_TIES]
        kinds = every_kind()
        order = list(STATES)
        return [
            {
                "title": f"{EFFECTS[one.effect]} · {masked(one.entity, kinds)}",
                "state": STATES[one.state],
                "url": reverse("restriction", args=[one.pk]),
                "at": one.expires,
            }
            for one in sorted(found, key=lambda one: order.index(one.state))
        ]

    @cached_property
    def related(self) -> list[Related]:
        """Cases it is tied to, then others about the same entities."""
        ties = CaseLink.objects.for_user(self.subject).filter(Q(case=self.row) | Q(other=self.row))
        found: dict[int, Related] = {}
        for one in ties.select_related("case", "other").order_by("-pk")[:MOST_TIES]:
            away = one.other if one.case_id == self.row.pk else one.case
            found[away.pk] = self._tied(away, one.get_kind_display())
        mine = CaseEntity.objects.for_user(self.subject).filter(case=self.row)
        same = Case.objects.for_user(self.subject).filter(
            parts__entity__in=mine.values("entity")[:MOST_PARTS]
        )
        for case in same.exclude(pk=self.row.pk).distinct().order_by("-pk")[:MOST_TIES]:
            found.setdefault(case.pk, self._tied(case, _("same entity")))
        return list(found.values())[:MOST_TIES]

    def _tied(self, case: Case, how: str) -> Related:
        title = f"#{case.pk} {name_of(case)}"
        return Related(title, reverse("case", args=[case.pk]), how, case_state(case, self.now))

    @cached_property
    def incidents(self) -> list[dict[str, Any]]:
        """Incidents that it is tied to."""
        rows = IncidentLink.objects.for_user(self.subject).filter(noun=NOUN, key=str(self.row.pk))
        return [
            {
                "title": f"#{one.incident_id} {one.incident.title}",
                "url": reverse("incident", args=[one.incident_id]),
                "state": incident_state(one.incident),
            }
            for one in rows.select_related("incident").order_by("-pk")[:MOST_TIES]
        ]

    @cached_property
    def runs(self) -> list[dict[str, Any]]:
        """Plans that were started for it."""
        rows = PlanRun.objects.for_user(self.subject).filter(
            origin_noun=NOUN, origin_id=str(self.row.pk)
        )
        return [
            {
                "title": titled(one.version.plan.titles) or one.version.plan.name,
                "url": reverse("plan_run", args=[one.pk]),
                "state": run_state(one),
            }
            for one in rows.select_related("version__plan").order_by("-started", "-pk")[:MOST_TIES]
        ]

    @cached_property
    def entries(self) -> list[CaseEntry]:
        """The newest lines, newest first."""
        rows = CaseEntry.objects.for_user(self.subject).filter(case=self.row)
        found = rows.select_related("by").order_by("-at", "-pk")[:MOST_LINES]
        return [one for one in found if self.knows_reports or not _tells_report(one)]


def _tells_report(one: CaseEntry) -> bool:
    return one.kind == "decided" and one.values.get("what") == CaseDecision.What.REPORT


def timeline(look: CaseLook, subject: Subject) -> list[Happening]:
    """What happened, newest first."""
    return [
        Happening(
            one.at,
            said(one),
            State(_look(one), KINDS.get(one.kind, one.kind)),
            note=" · ".join(part for part in (_who(one), look.clear(str(one.text or ""))) if part),
        )
        for one in look.entries
    ]


def _who(one: CaseEntry) -> str:
    return one.by.get_username() if one.by else _("the platform")


def _look(one: CaseEntry) -> str:
    if one.kind in ("late", "reopened"):
        return "bad"
    return "warn" if one.kind in ("severity", "closing", "closing_refused") else "on"


def said(one: CaseEntry) -> str:
    """What a line says beside its kind."""
    values = one.values
    match one.kind:
        case "opened":
            return _("severity %(severity)s") % {"severity": severity_name(values["severity"])}
        case "severity":
            names = {part: severity_name(values[part]) for part in ("from", "to")}
            return _("from %(from)s to %(to)s") % names
        case "joined" | "split":
            n = int(values["n"])
            text = ngettext("%(n)s alert", "%(n)s alerts", n) % {"n": n}
            return f"{text} → #{values['case']}" if "case" in values else text
        case "closed" | "closing":
            return str(DISPOSITIONS.get(values.get("disposition", ""), ""))
        case "amount":
            amount = values.get("amount")
            return _("unknown") if amount is None else money(amount, values["currency"])
        case "item" | "item_open":
            text = str(values["item"])
            return gettext(text)
        case "decided":
            what = str(dict(CaseDecision.What.choices).get(values["what"], values["what"]))
            if "told" not in values:
                return what
            told = timezone.localtime(dt.datetime.fromisoformat(values["told"]))
            return f"{what} · {TOLD_BY.get(values['way'], '')} · {told:%Y-%m-%d %H:%M}"
        case "assigned":
            return str(values.get("name") or _("nobody"))
        case "merged" | "merged_into" | "linked":
            return f"#{values['case']}"
    return str(values.get("name", ""))

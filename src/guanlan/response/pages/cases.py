"""Cases: the inbox, and the page of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject, may
from guanlan.response.alerts.handling import DISPOSITIONS
from guanlan.response.alerts.showing import severity_state
from guanlan.response.cases.closing import may_confirm
from guanlan.response.cases.finding import colleague
from guanlan.response.cases.letters import name_of
from guanlan.response.cases.linking import picture
from guanlan.response.cases.showing import CaseLook, case_state, show_cases, timeline
from guanlan.response.models import Case, EntityRef
from guanlan.response.pages import case_acts, case_forms, case_panels
from guanlan.response.pages.giving import giving_many
from guanlan.response.pages.suspicions import REPORT, REPORTS_OF_CASE
from guanlan.response.terms import CATEGORIES, SEVERITIES, Severity
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
    State,
    Term,
    Timeline,
    register,
)

YES_NO: Final = {"yes": gettext_lazy("yes"), "no": gettext_lazy("no")}


def late(term: Term, subject: Subject) -> Q:
    """Cases that are not answered or not resolved in time, or the others."""
    now = timezone.now()
    over = Q(live=True, waiting=None) & (
        Q(resolve_due__lte=now) | Q(first_due__lte=now, first_response=None)
    )
    return over if term.value == "yes" else ~over


def by_entity(term: Term, subject: Subject) -> Q | str:
    """Cases about an entity: by its number as `~7`, or by its exact key."""
    numbers = [v[1:] for v in term.values if v.startswith("~")]
    if any(not n.isdecimal() or len(n) > 18 for n in numbers):
        return _("“%(name)s:” cannot be this.") % {"name": term.name}
    keys = [v for v in term.values if not v.startswith("~")]
    named = EntityRef.objects.for_user(subject).filter(
        Q(pk__in=[int(n) for n in numbers]) | (Q(key_index__in=keys) if keys else Q(pk=None))
    )
    return Q(pk__in=Case.objects.for_user(subject).filter(parts__entity__in=named).values("pk"))


def state_now(case: Case) -> State:
    """Its state at this moment."""
    return case_state(case, timezone.now())


def look(row: Case, subject: Subject) -> CaseLook:
    return CaseLook(row, subject, timezone.now())


def heading(look: CaseLook) -> Heading:
    """What it is called, whose it is, and by when it is to be answered or resolved."""
    row = look.row
    return Heading(
        look.title,
        over=f"#{row.pk} · {look.category}",
        owner=row.owner.get_username() if row.owner else "",
        clock=clock_of(row),
    )


def is_open(row: Case) -> bool:
    """Whether it can be worked on."""
    return row.live


def clock_of(row: Case) -> Clock | dt.datetime:
    """The clock that runs: of answering first, then of resolving; else when it was opened."""
    if row.live and row.waiting is None:
        if row.first_response is None and row.first_due is not None:
            return Clock(row.first_due, row.opened)
        if row.resolve_due is not None:
            return Clock(row.resolve_due, row.opened)
    return row.closed or row.waiting or row.opened


def _of_case(
    name: str, title: str | Promise, read: Callable[[Any], Any] | None = None, **options: Any
) -> Column:
    """A column that reads a field of the case in a prepared row."""
    value = read or attrgetter(f"case.{options.get('field') or name}")
    return Column(name, title, value=value, level=2, **options)


COLUMNS: Sequence[Column] = (
    _of_case("priority", gettext_lazy("Priority"), cell="number", sort=True),
    _of_case("severity", gettext_lazy("Severity"), lambda row: severity_state(row.case.severity),
             cell="state", sort=True),
    Column("title", gettext_lazy("Case"), "text", value=attrgetter("title"), wide=True),
    _of_case("state", gettext_lazy("State"), lambda row: state_now(row.case), cell="state"),
    Column("who", pgettext_lazy("in an alert", "Who"),
           value=lambda row: [one.text for one in row.parts],
           cell="template", template="response/case/who.html", level=2),
    _of_case("alert_count", gettext_lazy("Alerts"), cell="number"),
    _of_case("owner", pgettext_lazy("of a thing", "Owner"),
             lambda row: row.case.owner.get_username() if row.case.owner else None),
    _of_case("resolve_due", gettext_lazy("To be resolved by"), cell="moment"),
    _of_case("opened", gettext_lazy("Opened"), cell="moment", sort=True),
    _of_case("number", gettext_lazy("Number"), lambda row: row.case.pk, field="id", shown=False),
    _of_case("category", gettext_lazy("Category"),
             lambda row: str(CATEGORIES[row.case.category]), shown=False),
    _of_case("queue", pgettext_lazy("of cases", "Queue"),
             lambda row: row.case.queue.name if row.case.queue else None, shown=False),
    _of_case("disposition", gettext_lazy("What it was"),
             lambda row: DISPOSITIONS.get(row.case.disposition), shown=False),
    _of_case("entity_count", gettext_lazy("Entities"), cell="number", shown=False),
    _of_case("last_alert", gettext_lazy("Newest alert"), cell="moment", shown=False),
    _of_case("first_due", gettext_lazy("To be answered by"), cell="moment", shown=False),
    _of_case("first_response", gettext_lazy("Answered"), cell="moment", shown=False),
    _of_case("closed", gettext_lazy("Closed"), cell="moment", shown=False),
    _of_case("reopened", gettext_lazy("Times opened again"), cell="number", shown=False),
)  # fmt: skip
FILTERS: Sequence[Filter] = (
    Filter("state", gettext_lazy("State"), "choice", choices=dict(Case.State.choices),
           group=True, example="state:new"),
    Filter("live", pgettext_lazy("of a case", "open"), "flag", group=True, example="live:yes"),
    Filter("severity", gettext_lazy("Severity"), "choice", choices=SEVERITIES,
           stored={one.name: int(one) for one in Severity}, ordered=True, group=True,
           example="severity:>=high"),
    Filter("category", gettext_lazy("Category"), "choice", choices=CATEGORIES, group=True),
    Filter("owner", pgettext_lazy("of a thing", "Owner"), "person", example="owner:me"),
    Filter("queue", pgettext_lazy("of cases", "Queue"), "exact", "queue__name", group=True),
    Filter("was", gettext_lazy("What it was"), "choice", "disposition", choices=DISPOSITIONS,
           group=True),
    Filter("late", gettext_lazy("Late"), "choice", choices=YES_NO, read=late, level=2),
    Filter("waiting", gettext_lazy("Waits for the customer"), "flag", null=True),
    Filter("toconfirm", gettext_lazy("To be confirmed"), "flag", "closing_at", null=True),
    Filter("entity", gettext_lazy("Entity"), "own", read=by_entity, level=3),
    Filter("alerts", gettext_lazy("Alerts"), "number", "alert_count", example="alerts:>=10"),
    Filter("priority", gettext_lazy("Priority"), "number", example="priority:>=60"),
    Filter("number", gettext_lazy("Number"), "exact", "id"),
    Filter("after", gettext_lazy("Opened from then on"), "time", "opened", sign=">="),
    Filter("before", gettext_lazy("Opened until then"), "time", "opened", sign="<"),
)  # fmt: skip

# What alerts and clocks do to a case while somebody looks at it; its severity is no such thing.
DRIFTS: Final = (
    "rule", "text", "values", "priority", "last_alert", "limits", "first_due", "resolve_due",
    "told_late", "alert_count", "entity_count", "found", "calls_due",
)  # fmt: skip
ACTIONS: Final = (
    Action("take", pgettext_lazy("work on it", "Take"), case_acts.take, when=is_open,
           offered=lambda case, subject: case.owner_id != subject.id),
    Action("acknowledge", gettext_lazy("Acknowledge"), case_acts.acknowledge,
           when=lambda case: case.state == "new"),
    Action("give", gettext_lazy("Give to"), case_acts.give, when=is_open,
           form=lambda subject, case: case_forms.Giving,
           many=giving_many(case_forms.Giving, colleague)),
    Action("share", gettext_lazy("Give to who has the least"), case_acts.share,
           when=lambda case: case.live and case.queue_id is not None, aside=True),
    Action("contain", gettext_lazy("Contained"), case_acts.contain,
           when=lambda case: case.state in ("new", "acknowledged")),
    Action("wait", gettext_lazy("Wait for the customer"), case_acts.wait,
           when=lambda case: case.live and case.waiting is None and case.closing_at is None,
           form=lambda subject, case: case_forms.Why),
    Action("resume", pgettext_lazy("with a case", "Go on"), case_acts.resume,
           when=lambda case: case.live and case.waiting is not None),
    Action("decide", pgettext_lazy("in a case", "Decide"), case_acts.decide, when=is_open,
           form=case_forms.deciding),
    Action("tick", gettext_lazy("Checklist"), case_acts.tick, when=is_open,
           form=case_forms.ticking, button=gettext_lazy("Save"), aside=True),
    Action("item", gettext_lazy("Add to the checklist"), case_acts.item, when=is_open,
           form=lambda subject, case: case_forms.Adding, aside=True),
    Action("severity", gettext_lazy("Severity"), case_acts.severity, when=is_open,
           form=lambda subject, case: case_forms.Severer,
           many=lambda subject: case_forms.Severer, button=gettext_lazy("Save"), aside=True),
    Action("amount", gettext_lazy("Amount at stake"), case_acts.amount, when=is_open,
           form=lambda subject, case: case_forms.Amount, button=gettext_lazy("Save"), aside=True),
    Action("queue", pgettext_lazy("of cases", "Queue"), case_acts.queue, when=is_open,
           form=lambda subject, case: case_forms.Queueing,
           many=lambda subject: case_forms.Queueing, button=gettext_lazy("Save"), aside=True),
    Action("link", gettext_lazy("Tie to a case"), case_acts.link, when=is_open,
           form=lambda subject, case: case_forms.Linking, aside=True),
    Action("merge", gettext_lazy("Merge into"), case_acts.merge, when=is_open,
           form=lambda subject, case: case_forms.Merging, aside=True),
    Action("merge_all", gettext_lazy("Merge into the eldest"), case_acts.merge_all, when=is_open,
           together=True, words=gettext_lazy(
               "The chosen cases become one: their alerts, entities and ties move to the eldest,"
               " and the others are closed and point to it.")),
    Action("split", gettext_lazy("Split"), case_acts.split, verb="add",
           when=lambda case: case.live and case.alert_count > 1,
           form=lambda subject, case: case_forms.Splitting, aside=True),
    Action("plan", gettext_lazy("Start a plan"), case_acts.plan, when=is_open,
           offered=lambda case, subject: may(subject, "add", "response.planrun"),
           form=lambda subject, case: case_forms.Planning),
    Action("incident", gettext_lazy("Declare an incident"), case_acts.incident, when=is_open,
           offered=lambda case, subject: may(subject, "add", "response.incident"),
           form=lambda subject, case: case_forms.Declaring),
    REPORT,
    Action("confirm", gettext_lazy("Confirm closing"), case_acts.confirm, verb="approve",
           when=lambda case: case.closing_at is not None,
           offered=lambda case, subject: may_confirm(subject, case)),
    Action("refuse", gettext_lazy("Keep open"), case_acts.refuse,
           when=lambda case: case.closing_at is not None,
           offered=lambda case, subject: case.closing_by_id == subject.id
           or may(subject, "approve", "response.case"),
           form=lambda subject, case: case_forms.Why),
    Action("close", gettext_lazy("Close"), case_acts.close,
           when=lambda case: case.live and case.closing_at is None,
           form=lambda subject, case: case_forms.Closing,
           many=lambda subject: case_forms.Closing, became=case_acts.closed_or_waits),
    Action("reopen", gettext_lazy("Open again"), case_acts.reopen,
           when=lambda case: not case.live and case.merged_into_id is None,
           form=lambda subject, case: case_forms.Why),
    Action("close_false", gettext_lazy("Close as false positive"), case_acts.close_false,
           when=lambda case: case.live and case.closing_at is None, danger=True,
           became=case_acts.closed_or_waits, words=gettext_lazy(
               "It is closed with its alerts, which count against the precision of their rules. A"
               " severe one waits for a second person.")),
)  # fmt: skip

CASES = register(
    Resource(
        noun="response.case",
        model=Case,
        title=gettext_lazy("Case"),
        titles=gettext_lazy("Cases"),
        path="cases",
        route="cases",
        one="case",
        place=("respond", 15),
        api="cases",
        columns=tuple(COLUMNS),
        filters=tuple(FILTERS),
        search=("title", "text", "rule"),
        chips=(
            Chip(pgettext_lazy("of a case", "open"), "live:yes"),
            Chip(gettext_lazy("mine"), "live:yes owner:me"),
            Chip(gettext_lazy("unassigned"), "live:yes owner:none"),
            Chip(gettext_lazy("overdue"), "late:yes"),
            Chip(gettext_lazy("waiting"), "live:yes waiting:yes"),
            Chip(gettext_lazy("to be confirmed"), "live:yes toconfirm:yes"),
            Chip(gettext_lazy("all"), ""),
        ),
        order="-priority",
        related=("owner", "queue", "amount_by"),
        prepare=show_cases,
        look=look,
        heading=heading,
        state=state_now,
        mark="response/case/mark.html",
        name_of=lambda case: f"#{case.pk} {name_of(case)}",
        facts=(),
        panels=(
            Numbers(case_panels.tiles),
            Panel(gettext_lazy("What happened"), "response/case/summary.html",
                  when=lambda look, subject: bool(look.row.summary)),
            Panel(gettext_lazy("Alerts"), "response/case/alerts.html", case_panels.alerts),
            Panel(gettext_lazy("Checklist"), "response/case/checklist.html",
                  case_panels.checklist, id="checklist"),
            Timeline(gettext_lazy("Timeline"), timeline),
            Panel(gettext_lazy("Linked entities"), "response/case/graph.html", picture,
                  when=lambda look, subject: look.row.entity_count > 1),
            Panel(gettext_lazy("Evidence"), "response/alert/evidence.html", case_panels.evidence,
                  when=lambda look, subject: bool(look.pieces)),
            Panel(pgettext_lazy("in an alert", "Who"), "response/alert/parts.html", wide=False,
                  when=lambda look, subject: bool(look.parts)),
            Panel(gettext_lazy("Decision on the customer"), "response/case/decisions.html",
                  case_panels.decisions, wide=False),
            REPORTS_OF_CASE,
            Panel(gettext_lazy("Restrictions of its entities"),
                  "response/case/restrictions.html", wide=False,
                  when=lambda look, subject: bool(look.restrictions)),
            Panel(gettext_lazy("Related cases"), "response/case/related.html", wide=False,
                  when=lambda look, subject: bool(look.related)),
            Panel(gettext_lazy("Incidents and plans"), "response/case/led_to.html", wide=False,
                  when=lambda look, subject: bool(look.incidents or look.runs)),
            Panel(gettext_lazy("Clocks"), "web/resource/facts.html", case_panels.clocks,
                  wide=False),
            Panel(gettext_lazy("Why this priority"), "web/resource/table.html", case_panels.why,
                  wide=False),
        ),
        form=Form(
            make=lambda subject, row: case_forms.Opening if row is None else case_forms.Changing,
            add=case_acts.add,
            change=case_acts.change,
            initial=lambda row: {"title": row.title, "summary": row.summary},
            title=gettext_lazy("Open a case"),
            button=gettext_lazy("Keep"),
        ),
        actions=ACTIONS,
        drifts=DRIFTS,
        links=(
            Link(pgettext_lazy("of cases", "Queues"), "case_queues"),
            Link(gettext_lazy("What holds for cases"), "case_rules"),
            Link(gettext_lazy("Deadlines"), "case_deadlines"),
        ),
        empty=gettext_lazy(
            "No case was opened yet. Alerts open one for each entity by themselves; a person may"
            " open one too."
        ),
        placeholder="live:yes severity:>=high owner:me",
    )
)  # fmt: skip

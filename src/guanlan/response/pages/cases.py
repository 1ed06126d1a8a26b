"""Cases: the inbox, and the page of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.response.alerts.handling import DISPOSITIONS
from guanlan.response.alerts.showing import severity_state
from guanlan.response.cases.letters import name_of
from guanlan.response.cases.showing import CaseLook, case_state, show_cases, timeline
from guanlan.response.models import Case, EntityRef
from guanlan.response.terms import CATEGORIES, SEVERITIES, Severity
from guanlan.web.resource import (
    Chip,
    Clock,
    Column,
    Filter,
    Heading,
    Panel,
    Resource,
    State,
    Term,
    Timeline,
    register,
)
from guanlan.web.words import number

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


def clock_of(row: Case) -> Clock | dt.datetime:
    """The clock that runs: of answering first, then of resolving; else when it was opened."""
    if row.live and row.waiting is None:
        if row.first_response is None and row.first_due is not None:
            return Clock(row.first_due, row.opened)
        if row.resolve_due is not None:
            return Clock(row.resolve_due, row.opened)
    return row.closed or row.waiting or row.opened


def alerts_panel(look: CaseLook, subject: Subject) -> Mapping[str, Any]:
    """The newest alerts; all of them are behind the link."""
    where = f"{reverse('alerts')}?{urlencode({'q': f'case:{look.row.pk}'})}"
    n = number(look.row.alert_count)
    return {
        "lines": look.alert_lines,
        "more": _("all %(n)s") % {"n": n} if look.row.alert_count else "",
        "more_url": where,
    }


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
            Chip(gettext_lazy("open"), "live:yes"),
            Chip(gettext_lazy("mine"), "live:yes owner:me"),
            Chip(gettext_lazy("unassigned"), "live:yes owner:none"),
            Chip(gettext_lazy("overdue"), "late:yes"),
            Chip(gettext_lazy("waiting"), "live:yes waiting:yes"),
            Chip(gettext_lazy("to be confirmed"), "live:yes toconfirm:yes"),
            Chip(gettext_lazy("all"), ""),
        ),
        order="-priority",
        related=("owner", "queue"),
        prepare=show_cases,
        look=look,
        heading=heading,
        state=state_now,
        mark="response/case/mark.html",
        name_of=lambda case: f"#{case.pk} {name_of(case)}",
        facts=(),
        panels=(
            Panel(gettext_lazy("What happened"), "response/case/summary.html",
                  when=lambda look, subject: bool(look.row.summary)),
            Panel(gettext_lazy("Alerts"), "response/case/alerts.html", alerts_panel),
            Timeline(gettext_lazy("Timeline"), timeline),
            Panel(pgettext_lazy("in an alert", "Who"), "response/alert/parts.html", wide=False,
                  when=lambda look, subject: bool(look.parts)),
        ),
        empty=gettext_lazy(
            "No case was opened yet. Alerts open one for each entity by themselves; a person may"
            " open one too."
        ),
        placeholder="live:yes severity:>=high owner:me",
    )
)  # fmt: skip

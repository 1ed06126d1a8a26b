"""What response says on the overview: what is open, what came in, what waits for whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from django.db.models import Count, F, Max, Min, Q
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanlan.core.access import may
from guanlan.response.alerts.titles import rule_words, title_of
from guanlan.response.cases.letters import name_of
from guanlan.response.clocks.terms import said
from guanlan.response.complaints.terms import OPEN
from guanlan.response.incidents.figures import figure
from guanlan.response.models import (
    Alert,
    Case,
    Complaint,
    Incident,
    IncidentTask,
    LessonAction,
    RunningClock,
)
from guanlan.response.terms import CATEGORIES, Severity
from guanlan.risk.registry import address
from guanlan.web.charts import Chart, Series
from guanlan.web.dashboards import Listing, Tile, Tiles
from guanlan.web.overview import BOARD, DUTY, Figure, Glance, Waiting, loop, waits
from guanlan.web.resource.words import quoted
from guanlan.web.words import duration, number

DAY: Final = dt.timedelta(days=1)
DAYS: Final = 28  # that the chart of alerts looks back
QUARTER: Final = dt.timedelta(days=91)
NEWEST: Final = 8
COLOURS: Final = {
    "security": "--o-hold", "privacy": "--o-challenge", "compliance": "--o-limit",
    "operations": "--o-monitor", "reputation": "--o-review", "fraud": "--o-decline",
}  # fmt: skip


@loop("respond", noun="response.alert", order=20)
def alerts(glance: Glance) -> Figure:
    """Alerts that are not closed."""
    found = Alert.objects.for_user(glance.subject).filter(live=True)
    counts = found.aggregate(
        live=Count("pk"),
        late=Count("pk", filter=Q(state="new", deadline__lte=glance.now, muted="")),
    )
    n = counts["live"]
    text = ngettext("open alert", "open alerts", n)
    if counts["late"]:
        text = _("open alerts, %(n)s of them nobody acknowledged in time") % {
            "n": number(counts["late"])
        }
    return Figure(number(n), text, address("alerts", "live:yes"), "bad" if counts["late"] else "")


@loop("respond", noun="response.case", order=30)
def cases(glance: Glance) -> Figure:
    """Cases that are not closed."""
    late = Q(waiting=None) & (
        Q(resolve_due__lte=glance.now) | Q(first_due__lte=glance.now, first_response=None)
    )
    found = Case.objects.for_user(glance.subject).filter(live=True)
    counts = found.aggregate(live=Count("pk"), late=Count("pk", filter=late))
    n = counts["live"]
    text = ngettext("open case", "open cases", n)
    if counts["late"]:
        text = _("open cases, %(n)s of them late") % {"n": number(counts["late"])}
    return Figure(number(n), text, address("cases", "live:yes"), "bad" if counts["late"] else "")


@loop("respond", noun="response.incident", order=40)
def incidents(glance: Glance) -> Figure:
    """Incidents that are not closed."""
    found = Incident.objects.for_user(glance.subject).exclude(state=Incident.State.CLOSED)
    n = found.count()
    text = ngettext("open incident", "open incidents", n)
    return Figure(number(n), text, address("incidents", "state:active,stable"), "warn" if n else "")


@loop("review", noun="response.incident", order=10)
def reviews(glance: Glance) -> Figure:
    """Closed incidents that nobody has reviewed yet."""
    found = Incident.objects.for_user(glance.subject).filter(
        state=Incident.State.CLOSED, reviewed=None
    )
    n = found.count()
    text = ngettext("incident to be reviewed", "incidents to be reviewed", n)
    return Figure(
        number(n), text, address("incidents", "state:closed", "reviewed:no"), "warn" if n else ""
    )


@loop("improve", noun="response.lessonaction", order=10)
def actions(glance: Glance) -> Figure:
    """Actions of lessons that are not done."""
    found = LessonAction.objects.for_user(glance.subject).filter(state=LessonAction.State.OPEN)
    counts = found.aggregate(open=Count("pk"), late=Count("pk", filter=Q(due__lt=glance.now)))
    n = counts["open"]
    text = ngettext("action of a lesson to be done", "actions of lessons to be done", n)
    if counts["late"]:
        text = _("actions of lessons to be done, %(n)s of them late") % {
            "n": number(counts["late"])
        }
    look = address("lesson_actions", "state:open")
    return Figure(number(n), text, look, "bad" if counts["late"] else "")


@waits(noun="response.alert")
def new_alerts(glance: Glance, most: int) -> Sequence[Waiting]:
    """Alerts that nobody acknowledged, theirs and those of nobody; those of a rule together."""
    if not may(glance.subject, "change", "response.alert"):
        return []
    mine = Q(owner=glance.subject.id) | Q(owner=None)
    rows = Alert.objects.for_user(glance.subject).filter(
        mine, state="new", live=True, muted="", deadline__isnull=False
    )
    found = rows.values("rule").annotate(
        first=Min("deadline"), n=Count("pk"), text=Max("text"), key=Min("pk")
    )
    return [
        Waiting(_("Alert"), _told(rule_words(one["rule"], one["text"]), one["n"]),
                reverse("alert", args=[one["key"]]) if one["n"] == 1
                else address("alerts", "state:new", f"rule:{quoted(one['rule'])}"), one["first"])
        for one in found.order_by("first", "rule")[:most]
    ]  # fmt: skip


def _told(title: str, n: int) -> str:
    return title if n == 1 else f"{title} ×{number(n)}"


@waits(noun="response.case")
def own_cases(glance: Glance, most: int) -> Sequence[Waiting]:
    """Their cases; those that wait for the customer are left out."""
    rows = Case.objects.for_user(glance.subject).filter(
        owner=glance.subject.id, live=True, waiting=None
    )
    found = rows.order_by(F("resolve_due").asc(nulls_last=True), "-priority", "pk")[:most]
    return [Waiting(_("Case"), name_of(one), reverse("case", args=[one.pk]), _next(one))
            for one in found]  # fmt: skip


def _next(case: Case) -> dt.datetime | None:
    ends = [case.resolve_due, case.first_due if case.first_response is None else None]
    return min((end for end in ends if end is not None), default=None)


@waits(noun="response.case")
def closings(glance: Glance, most: int) -> Sequence[Waiting]:
    """Cases that somebody else wants closed, which needs a second person."""
    if not may(glance.subject, "approve", "response.case"):
        return []
    rows = Case.objects.for_user(glance.subject).filter(live=True, closing_at__isnull=False)
    found = rows.exclude(closing_by=glance.subject.id).order_by("closing_at", "pk")[:most]
    return [Waiting(_("Closing to be confirmed"), name_of(one), reverse("case", args=[one.pk]),
                    one.resolve_due) for one in found]  # fmt: skip


@waits(noun="response.incident")
def own_incidents(glance: Glance, most: int) -> Sequence[Waiting]:
    """Incidents that they lead."""
    rows = Incident.objects.for_user(glance.subject).filter(commander=glance.subject.id)
    found = rows.exclude(state=Incident.State.CLOSED).order_by("-severity", "known")[:most]
    return [
        Waiting(_("Incident"), one.title, reverse("incident", args=[one.pk]),
                one.stable_due if one.stable is None else None)
        for one in found
    ]  # fmt: skip


@waits(noun="response.incidenttask")
def own_tasks(glance: Glance, most: int) -> Sequence[Waiting]:
    """Tasks of incidents that are theirs."""
    rows = IncidentTask.objects.for_user(glance.subject).filter(
        owner=glance.subject.id, state=IncidentTask.State.OPEN
    )
    return [
        Waiting(_("Task"), one.title, reverse("incident", args=[one.incident_id]), one.due)
        for one in rows.order_by("due", "pk")[:most]
    ]


@waits(noun="response.runningclock")
def clocks(glance: Glance, most: int) -> Sequence[Waiting]:
    """Reports to regulators that are due, for those who deal with them."""
    if not may(glance.subject, "change", "response.runningclock"):
        return []
    rows = RunningClock.objects.for_user(glance.subject).filter(state="running", paused_at=None)
    return [
        Waiting(_("Regulatory clock"), f"{said(one.rule.title)} · {one.about_label}",
                reverse("clock", args=[one.pk]), one.due)
        for one in rows.select_related("rule").order_by("due", "pk")[:most]
    ]  # fmt: skip


@waits(noun="response.complaint")
def own_complaints(glance: Glance, most: int) -> Sequence[Waiting]:
    """Complaints that are theirs, whose customer has not been told."""
    rows = Complaint.objects.for_user(glance.subject).filter(
        owner=glance.subject.id, state__in=OPEN, told=None
    )
    return [
        Waiting(_("Complaint"), one.subject or one.receipt,
                reverse("complaint", args=[one.pk]), one.due)
        for one in rows.order_by("due", "pk")[:most]
    ]  # fmt: skip


@waits(noun="response.lessonaction")
def own_actions(glance: Glance, most: int) -> Sequence[Waiting]:
    """Actions of lessons that are theirs."""
    rows = LessonAction.objects.for_user(glance.subject).filter(
        owner=glance.subject.id, state=LessonAction.State.OPEN
    )
    return [
        Waiting(_("Action of a lesson"), one.title, reverse("lesson_action", args=[one.pk]),
                one.due)
        for one in rows.order_by("due", "pk")[:most]
    ]  # fmt: skip


@DUTY.panel(row=20, noun="response.alert")
def newest_alerts(glance: Glance) -> Listing:
    """What came in: the newest alerts that are high or critical."""
    rows = Alert.objects.for_user(glance.subject).filter(live=True, severity__gte=Severity.high)
    lines = [
        (title_of(one), reverse("alert", args=[one.pk]), one.last_seen, one.count)
        for one in rows.order_by("-last_seen", "-pk")[:NEWEST]
    ]
    return Listing(
        id="came-in",
        title=_("High and critical alerts"),
        body="response/newest.html",
        context={"lines": lines},
        filled=bool(lines),
        empty=_("None is open."),
        more=address("alerts", "live:yes", "severity:>=high"),
    )


@DUTY.panel(row=20, noun="response.incident")
def open_incidents(glance: Glance) -> Listing:
    """Incidents that are open, the worst first."""
    rows = Incident.objects.for_user(glance.subject).exclude(state=Incident.State.CLOSED)
    lines = [
        (one.title, reverse("incident", args=[one.pk]), one.known, 1)
        for one in rows.order_by("-severity", "known")[:NEWEST]
    ]
    return Listing(
        id="open-incidents",
        title=_("Open incidents"),
        body="response/newest.html",
        context={"lines": lines},
        filled=bool(lines),
        empty=_("No incident is open."),
        more=address("incidents", "state:active,stable"),
    )


@BOARD.panel(row=10, noun="response.incident")
def quarter(glance: Glance) -> Tiles:
    """What the last 91 days brought, beside the 91 before."""
    before, since = glance.now - 2 * QUARTER, glance.now - QUARTER
    rows = Incident.objects.for_user(glance.subject).filter(declared__gt=before)
    told = list(rows.values_list("declared", "known", "stable"))
    now = [one for one in told if one[0] > since]
    past = len(told) - len(now)
    stable = figure((known, ended) for _declared, known, ended in now)
    after = f"after:{timezone.localtime(since):%Y-%m-%d}"
    return Tiles([
        Tile(label=_("Incidents in 91 days"), value=number(len(now)),
             note=_("%(n)s in the 91 days before") % {"n": number(past)},
             link=address("incidents", after)),
        Tile(label=_("Time until stable (median)"),
             value="—" if stable.median is None else duration(round(stable.median * 1_000_000)),
             note=_("of %(n)s incidents") % {"n": number(stable.known)},
             link=address("incidents", after)),
        *_complaints(glance, since, after),
    ])  # fmt: skip


def _complaints(glance: Glance, since: dt.datetime, after: str) -> list[Tile]:
    if not may(glance.subject, "see", "response.complaint"):
        return []
    rows = Complaint.objects.for_user(glance.subject)
    found = rows.aggregate(
        fresh=Count("pk", filter=Q(received__gt=since)),
        late=Count("pk", filter=Q(state__in=OPEN, told=None, due__lte=glance.now)),
    )
    return [
        Tile(label=_("Complaints in 91 days"), value=number(found["fresh"]),
             link=address("complaints", after)),
        Tile(label=_("Complaints past their time limit"), value=number(found["late"]),
             link=address("complaints", "late:yes"), state="bad" if found["late"] else ""),
    ]  # fmt: skip


@BOARD.panel(row=50, noun="response.alert")
def alerts_by_day(glance: Glance) -> Chart:
    """Alerts raised each day by kind of risk; a bar leads to its day's."""
    zone = timezone.get_current_timezone()
    today = timezone.localdate(glance.now)
    days = [today - dt.timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    first = timezone.make_aware(dt.datetime.combine(days[0], dt.time.min))
    counts = (
        Alert.objects.for_user(glance.subject)
        .filter(first_seen__gte=first)
        .annotate(day=TruncDate("first_seen", tzinfo=zone))
        .values_list("day", "category")
        .annotate(n=Count("pk"))
        .order_by()
    )
    found = {(day, category): n for day, category, n in counts}
    present = [name for name in CATEGORIES if any(name == category for _day, category in found)]
    return Chart(
        id="alerts-by-day",
        title=_("Alerts by kind of risk"),
        x=[f"{day:%m-%d}" for day in days],
        y=_("alerts"),
        stacked=True,
        whole=True,
        links=[
            address("alerts", f"after:{day}", f"before:{day + dt.timedelta(days=1)}")
            for day in days
        ],
        series=[
            Series(name=str(CATEGORIES[name]), colour=COLOURS[name],
                   data=[found.get((day, name), 0) for day in days])
            for name in present
        ],
        empty=_("No alert was raised in these weeks."),
    )  # fmt: skip

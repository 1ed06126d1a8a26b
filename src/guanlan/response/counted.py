"""What indicators may count of response without code, and what of it their charts mark."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.jobs import registered
from guanlan.core.models import JobRun
from guanlan.core.people.organisation import organisation
from guanlan.response.alerts.crossing import RED, RULES
from guanlan.response.alerts.finding import fingerprint
from guanlan.response.alerts.handling import DISPOSITIONS
from guanlan.response.alerts.handling import STATES as ALERT_STATES
from guanlan.response.complaints.sorting import category_titles
from guanlan.response.complaints.terms import CAUSES, CHANNELS, OPEN, OUTCOMES
from guanlan.response.complaints.terms import STATES as COMPLAINT_STATES
from guanlan.response.models import Alert, Case, Complaint, Incident, Restriction
from guanlan.response.restrictions.terms import EFFECTS, REASONS
from guanlan.response.restrictions.terms import STATES as RESTRICTION_STATES
from guanlan.response.terms import CATEGORIES, SEVERITIES, Severity
from guanlan.risk.counting import Choice, Countable, countable
from guanlan.risk.happened import MOST, Happened, on_chart
from guanlan.risk.models import Indicator

_SEVERITY: Final = Choice(
    "severity", gettext_lazy("Severity"), "severity", SEVERITIES,
    {one.name: int(one) for one in Severity},
)  # fmt: skip
_CATEGORY: Final = Choice("category", gettext_lazy("Category"), "category", CATEGORIES)
FALSE: Final = ("false_positive", "benign", "customer_error")

# Without those of indicators: they would feed themselves.
countable(
    Countable(
        name="alerts", title=gettext_lazy("Alerts"), category="operations", route="alerts",
        rows=lambda: Alert.objects.exclude(rule__in=RULES.values()), time="raised",
        choices=(
            _CATEGORY, _SEVERITY,
            Choice("state", gettext_lazy("State"), "state", ALERT_STATES),
            Choice("was", gettext_lazy("What it was"), "disposition", DISPOSITIONS),
        ),
        began="raised", still=Q(live=True), still_term="live:yes",
        always="-rule:" + ",".join(RULES.values()), after="since", before="until",
    )
)  # fmt: skip
countable(
    Countable(
        name="cases", title=gettext_lazy("Cases"), category="fraud", route="cases",
        rows=lambda: Case.objects.filter(merged_into=None), time="opened",
        choices=(
            _CATEGORY, _SEVERITY,
            Choice("state", gettext_lazy("State"), "state", dict(Case.State.choices)),
            Choice("was", gettext_lazy("What it was"), "disposition", DISPOSITIONS),
            Choice("currency", gettext_lazy("Currency"), "currency",
                   lambda: {organisation().currency: organisation().currency}, listed=False),
        ),
        money="amount", currency="currency",
        began="opened", still=Q(live=True), still_term="live:yes",
    )
)  # fmt: skip
# Without confidential ones: their number would tell of them.
countable(
    Countable(
        name="incidents", title=gettext_lazy("Incidents"), category="operations",
        route="incidents", rows=lambda: Incident.objects.filter(confidential=False),
        time="declared",
        choices=(
            _CATEGORY, _SEVERITY,
            Choice("state", gettext_lazy("State"), "state", dict(Incident.State.choices)),
        ),
        began="declared", still=~Q(state=Incident.State.CLOSED), still_term="state:active,stable",
        always="confidential:no",
    )
)  # fmt: skip
countable(
    Countable(
        name="complaints", title=gettext_lazy("Complaints"), category="operations",
        route="complaints", rows=Complaint.objects.all, time="received",
        choices=(
            Choice("category", gettext_lazy("Category"), "category__code", category_titles),
            Choice("risk", gettext_lazy("Kind of risk"), "risk", CATEGORIES),
            Choice("channel", gettext_lazy("How it came"), "channel", CHANNELS),
            Choice("state", gettext_lazy("State"), "state", COMPLAINT_STATES),
            Choice("outcome", gettext_lazy("Outcome"), "outcome", OUTCOMES),
            Choice("cause", gettext_lazy("Root cause"), "cause", CAUSES),
        ),
        began="received", still=Q(state__in=OPEN, told=None), still_term="open:yes",
    )
)  # fmt: skip
countable(
    Countable(
        name="restrictions", title=gettext_lazy("Restrictions"), category="fraud",
        route="restrictions", rows=Restriction.objects.all, time="proposed",
        choices=(
            Choice("state", gettext_lazy("State"), "state", RESTRICTION_STATES),
            Choice("effect", gettext_lazy("Effect"), "effect", EFFECTS),
            Choice("reason", gettext_lazy("Reason"), "reason_code", REASONS),
        ),
        began="proposed", still=Q(state="proposed"), still_term="state:proposed",
    )
)  # fmt: skip
countable(
    Countable(
        name="jobs", title=pgettext_lazy("things that are counted", "Runs of jobs"),
        category="operations", route="job_runs", rows=JobRun.objects.all, time="due",
        choices=(
            Choice("state", gettext_lazy("State"), "state", dict(JobRun.State.choices)),
            Choice("job", gettext_lazy("Job"), "job",
                   lambda: {spec.name: spec.title for spec in registered()}),
        ),
        began="due", still=Q(state=JobRun.State.QUEUED), still_term="state:queued",
    )
)  # fmt: skip


@on_chart("incidents")
def incidents(row: Indicator, start: dt.datetime, end: dt.datetime) -> list[Happened]:
    """Incidents of the indicator's kind of risk, when they were declared; not confidential ones."""
    found = Incident.objects.filter(
        confidential=False, category=row.category, declared__gt=start, declared__lte=end
    )
    return [
        Happened(at, _("Incident: %(title)s") % {"title": title}, "event")
        for at, title in found.order_by("-declared").values_list("declared", "title")[:MOST]
    ]


@on_chart("alerts")
def alerts(row: Indicator, start: dt.datetime, end: dt.datetime) -> list[Happened]:
    """What alerts of the indicator being red turned out to be, when they were raised."""
    found = Alert.objects.filter(
        fingerprint=fingerprint(RED, {"indicator": row.name}),
        disposition__in=("confirmed", *FALSE), raised__gt=start, raised__lte=end,
    )  # fmt: skip
    rows = found.order_by("-raised").values_list("raised", "disposition")[:MOST]
    return [
        Happened(at, str(DISPOSITIONS[was]), "event" if was == "confirmed" else "false")
        for at, was in rows
    ]

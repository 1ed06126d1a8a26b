"""The agenda of a meeting, proposed from what is red, overdue or changed.

Each proposal says why in words that are made in the reader's language, and names the page behind
it. The secretary takes it or leaves it out with a reason; points of their own stand beside.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import F, Max, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject, require
from guanlan.core.access.revealing import checked_reason
from guanlan.core.audit import act
from guanlan.risk.models import (
    AgendaItem,
    Assessment,
    CommitteeAction,
    Indicator,
    LossEvent,
    MeasureDuty,
    MeasureTest,
    Meeting,
    Reassessment,
    RiskSettings,
)
from guanlan.risk.models.committee import COMMITTEE

LOOKED_BACK: Final = dt.timedelta(days=92)
AT_MOST: Final = 50  # of one kind: more are behind the link
BOUND: Final = 0.1  # of the register's appetite: what one loss costs that the committee hears of
State = AgendaItem.State

# What a proposal says; the names are those of its values.
SENTENCES: Final[dict[str, str | Promise]] = {
    "indicator_red": gettext_lazy("Indicator %(name)s is red"),
    "indicator_unknown": gettext_lazy("Indicator %(name)s is unknown"),
    "reassessment": gettext_lazy("The rating of %(risk)s waits to be decided"),
    "duty": gettext_lazy("Measure %(measure)s was due on %(day)s and is not done"),
    "tests": gettext_lazy("Measure %(measure)s failed %(failed)s of %(all)s tests"),
    "loss": gettext_lazy("A loss of %(risk)s is above the bound: %(title)s"),
    "sign": gettext_lazy("Assessment %(title)s is to be signed"),
    "action": gettext_lazy("Action %(title)s was due on %(day)s and is not done"),
}


class Proposal(NamedTuple):
    """What is proposed: its sentence with values, and the page behind it (a route and its key)."""

    words: str
    values: dict[str, Any]
    source: str
    key: str
    route: str


Proposer = Callable[[dt.datetime], Iterator[Proposal]]


def _indicators(now: dt.datetime) -> Iterator[Proposal]:
    rows = Indicator.objects.filter(enabled=True, state__in=("red", "unknown")).order_by("rank")
    for one in rows[:AT_MOST]:
        yield Proposal(f"indicator_{one.state}", {"name": one.name}, "risk.indicator",
                       str(one.pk), "indicator")  # fmt: skip


def _reassessments(now: dt.datetime) -> Iterator[Proposal]:
    rows = Reassessment.objects.filter(state="proposed").select_related("risk").order_by("due")
    for one in rows[:AT_MOST]:
        yield Proposal(
            "reassessment", {"risk": str(one.risk)}, "risk.reassessment", str(one.pk), ""
        )


def _duties(now: dt.datetime) -> Iterator[Proposal]:
    rows = MeasureDuty.objects.filter(done=None, due__lt=now).select_related("measure")
    for one in rows.order_by("due")[:AT_MOST]:
        values = {"measure": str(one.measure), "day": f"{one.due:%Y-%m-%d}"}
        yield Proposal("duty", values, "risk.measureduty", str(one.pk), "")


def _tests(now: dt.datetime) -> Iterator[Proposal]:
    """Measures that failed more than one in ten of the last quarter's tests."""
    rows = (
        MeasureTest.objects.filter(at__gte=now - LOOKED_BACK, at__lte=now)
        .values("measure", "measure__code", "measure__title")
        .annotate(bad=Sum("failed"), good=Sum("passed"))
        .filter(bad__gt=0, good__lt=F("bad") * 9)
        .order_by("measure__code")
    )
    for one in rows[:AT_MOST]:
        values = {"measure": f"{one['measure__code']} {one['measure__title']}",
                  "failed": one["bad"], "all": one["bad"] + one["good"]}  # fmt: skip
        yield Proposal("tests", values, "risk.measure", str(one["measure"]), "")


def _losses(now: dt.datetime) -> Iterator[Proposal]:
    settings = RiskSettings.objects.filter(effective__lte=now).order_by("-version").first()
    if settings is None or settings.appetite is None:
        return
    rows = (
        LossEvent.objects.filter(
            near_miss=False, discovered__gte=now - LOOKED_BACK, currency=settings.currency,
            gross__gte=settings.appetite * BOUND,
        )
        .exclude(state=LossEvent.State.REFUSED)
        .select_related("risk").order_by("-gross")
    )  # fmt: skip
    for one in rows[:AT_MOST]:
        values = {"risk": str(one.risk) if one.risk else "—", "title": one.title}
        yield Proposal("loss", values, "risk.loss", str(one.pk), "")


def _assessments(now: dt.datetime) -> Iterator[Proposal]:
    for one in Assessment.objects.filter(state=Assessment.State.SIGNING).order_by("due")[:AT_MOST]:
        yield Proposal("sign", {"title": one.title}, "risk.assessment", str(one.pk), "assessment")


def _actions(now: dt.datetime) -> Iterator[Proposal]:
    rows = CommitteeAction.objects.filter(state=CommitteeAction.State.OPEN, due__lt=now)
    for one in rows.order_by("due")[:AT_MOST]:
        values = {"title": one.title, "day": f"{one.due:%Y-%m-%d}"}
        yield Proposal("action", values, "risk.committeeaction", str(one.pk), "committee_action")


PROPOSERS: Final[tuple[Proposer, ...]] = (
    _indicators, _assessments, _reassessments, _losses, _tests, _duties, _actions,
)  # fmt: skip


def proposals(now: dt.datetime) -> list[Proposal]:
    """Everything that a committee should hear of now; a fixed number of queries."""
    return [one for proposer in PROPOSERS for one in proposer(now)]


def propose(subject: Subject, meeting: Meeting, now: dt.datetime) -> int:
    """Add what is new to the agenda of a planned meeting; how many. What was left out or taken
    stays so. Raises Denied, ValidationError."""
    require(subject, "change", COMMITTEE)
    with act("committee.propose", meeting):
        kept = planned(meeting)
        known = set(kept.agenda.exclude(source="").values_list("source", "key"))
        at = _last(kept)
        fresh = [one for one in proposals(now) if (one.source, one.key) not in known]
        AgendaItem.objects.bulk_create([
            AgendaItem(meeting=kept, position=at + n, words=one.words, values=one.values,
                       source=one.source, key=one.key, route=one.route, created=now)
            for n, one in enumerate(fresh, 1)
        ])  # fmt: skip
    return len(fresh)


def add_point(subject: Subject, meeting: Meeting, title: str, now: dt.datetime) -> AgendaItem:
    """A point of the secretary's own. Raises Denied, ValidationError."""
    require(subject, "change", COMMITTEE)
    said = " ".join(title.split())
    if not 3 <= len(said) <= 200:
        raise ValidationError({"title": _("Write 3 to %(n)s characters.") % {"n": 200}})
    with act("committee.agenda", meeting):
        kept = planned(meeting)
        return AgendaItem.objects.create(
            meeting=kept, position=_last(kept) + 1, title=said, state=State.TAKEN, created=now
        )


def take(subject: Subject, point: AgendaItem) -> None:
    """Put a proposal on the agenda. Raises Denied, ValidationError."""
    _decide(subject, point, State.TAKEN, "")


def leave(subject: Subject, point: AgendaItem, reason: str) -> None:
    """Leave a proposal out, for a reason. Raises Denied, ValidationError."""
    try:
        why = checked_reason(reason)
    except ValidationError as error:
        raise ValidationError({"reason": error.messages}) from None
    _decide(subject, point, State.LEFT, why)


def _decide(subject: Subject, point: AgendaItem, state: str, reason: str) -> None:
    require(subject, "change", COMMITTEE)
    with act("committee.agenda", point.meeting, detail={"point": point.pk, "state": state}):
        planned(point.meeting)
        point.state, point.reason = state, reason
        point.save(update_fields=["state", "reason"])


def sentence(point: AgendaItem) -> str:
    """What a point says, in the reader's language."""
    if point.words not in SENTENCES:
        return str(point.title or point.words)
    said: str = str(SENTENCES[point.words]) % point.values
    return said


def _last(meeting: Meeting) -> int:
    return int(meeting.agenda.aggregate(last=Max("position"))["last"] or 0)


def planned(meeting: Meeting) -> Meeting:
    """The meeting, locked, while it is still to come. Raises ValidationError otherwise."""
    kept = Meeting.objects.select_for_update(of=("self",)).get(pk=meeting.pk)
    if kept.state != Meeting.State.PLANNED:
        raise ValidationError(_("The meeting is not planned any more."))
    return kept

"""What people say of an indicator: its limits, its owner and what is to be done, their answer."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may, require
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.risk.models import Indicator, IndicatorChange, IndicatorLimits, IndicatorNote
from guanlan.risk.states import Limits, fault_of
from guanlan.risk.terms import VERDICTS

NOUN: Final = "risk.indicator"
LEAST_REASON, MOST_TEXT = 5, 500
LEAST_NOTE, MOST_NOTE = 2, 120
EARLIEST: Final = dt.timedelta(days=731)  # so far back a time may be marked
MOST_HOURS: Final = 24 * 90
MOST_SECONDS: Final = 365 * 24 * 3600
LATEST: Final = dt.timedelta(days=366)  # so far ahead limits may be said


def set_limits(
    subject: Subject,
    row: Indicator,
    limits: Limits,
    reason: str,
    now: dt.datetime,
    effective: dt.datetime | None = None,
) -> IndicatorLimits:
    """Say from which values on an indicator is amber and red: a new version, in force at once or
    from `effective` on. Raises Denied, or ValidationError by field."""
    require(subject, "change", NOUN)
    if (fault := fault_of(limits, row.unit)) is not None:  # type: ignore[arg-type]
        raise ValidationError({fault[0]: fault[1]})
    newest = row.limits.order_by("-version").first()
    drift = newest.terms.get("drift") if newest is not None else None
    made = IndicatorLimits(
        direction=limits.direction,
        amber=limits.amber,
        red=limits.red,
        amber_low=limits.amber_low,
        red_low=limits.red_low,
        hysteresis=limits.hysteresis,
        minimum_duration=_seconds("minimum_duration", limits.minimum_duration),
        minimum_volume=limits.minimum_volume,
        stale_after=_seconds("stale_after", limits.stale_after),
        terms={"drift": drift} if drift else {},
        forecast=newest.forecast if newest is not None else 0,
    )
    return set_version(subject, row, made, reason, now, effective)


def _seconds(field: str, time: dt.timedelta) -> int:
    if time.total_seconds() > MOST_SECONDS:
        raise ValidationError({field: _("It is a year at most.")})
    return round(time.total_seconds())


def set_version(
    subject: Subject,
    row: Indicator,
    made: IndicatorLimits,
    reason: str,
    now: dt.datetime,
    effective: dt.datetime | None = None,
) -> IndicatorLimits:
    """Put limits of any kind into force, as they were said or fitted: a new version. Raises Denied,
    or ValidationError by field."""
    require(subject, "change", NOUN)
    why = said_text("reason", reason, LEAST_REASON)
    begin = effective or now
    if not now <= begin <= now + LATEST:
        text = _("Limits come into force from now on, and within a year.")
        raise ValidationError({"effective": text})
    with act("indicator.limits", row, reason=why, detail={"kind": made.kind}) as on:
        kept = Indicator.objects.select_for_update().get(pk=row.pk)
        newest = kept.limits.aggregate(at=Max("version"), effective=Max("effective"))
        if newest["effective"] is not None and begin < newest["effective"]:
            text = _("A later version already comes into force at that time or after it.")
            raise ValidationError({"effective": text})
        made.indicator, made.version = kept, (newest["at"] or 0) + 1
        made.reason, made.created, made.created_by_id = why, now, subject.id
        made.effective = begin
        made.save(force_insert=True)
        on(kept)
    return made


def name_owner(
    subject: Subject, row: Indicator, owner: User | None, action: str, hours: int
) -> Indicator:
    """Say who acts when it turns red or unknown, what is to be done, and within how many hours.
    Raises Denied, or ValidationError by field."""
    require(subject, "change", NOUN)
    if not 1 <= hours <= MOST_HOURS:
        text = _("Write a number from 1 to %(n)s.") % {"n": MOST_HOURS}
        raise ValidationError({"deadline_hours": text})
    if owner is not None and not owner.is_active:
        raise ValidationError({"owner": _("This account is disabled.")})
    said = said_text("action", action, 0)
    detail = {"owner": owner.pk if owner is not None else None, "hours": hours}
    with act("indicator.owner", row, detail=detail):
        kept = Indicator.objects.select_for_update().get(pk=row.pk)
        kept.owner, kept.action, kept.deadline_hours = owner, said, hours
        kept.save(update_fields=["owner", "action", "deadline_hours"])
    return kept


def switch(subject: Subject, row: Indicator, on: bool, now: dt.datetime) -> Indicator:
    """Measure it, or measure it no more. Raises Denied."""
    require(subject, "change", NOUN)
    with act("indicator.switch", row, detail={"enabled": on}):
        kept = Indicator.objects.select_for_update().get(pk=row.pk)
        kept.enabled = on
        kept.due = max(kept.due, now) if on else kept.due
        kept.save(update_fields=["enabled", "due"])
    return kept


def acknowledge(subject: Subject, row: Indicator, now: dt.datetime) -> IndicatorChange:
    """Say that the present state was seen. Raises Denied, or ValidationError."""
    _may_answer(subject, row)
    with act("indicator.acknowledge", row):
        change = _open_change(row)
        if change.acknowledged is None:
            change.acknowledged, change.acknowledged_by_id = now, subject.id
            change.save(update_fields=["acknowledged", "acknowledged_by"])
    return change


def answer(
    subject: Subject, row: Indicator, text: str, now: dt.datetime, verdict: str = ""
) -> IndicatorChange:
    """Say what is being done about the present state, and what the warning was where that is known;
    its deadline ends. Raises Denied, or ValidationError by field."""
    _may_answer(subject, row)
    said = said_text("answer", text, LEAST_REASON)
    _known_verdict(verdict or "true")
    with act("indicator.answer", row):
        change = _open_change(row)
        if change.acknowledged is None:
            change.acknowledged, change.acknowledged_by_id = now, subject.id
        change.answered, change.answered_by_id, change.answer = now, subject.id, said
        change.verdict = verdict or change.verdict
        change.save()
        kept = Indicator.objects.select_for_update().get(pk=row.pk)
        kept.answer_due = None
        kept.save(update_fields=["answer_due"])
    return change


def judge(subject: Subject, row: Indicator, verdict: str) -> IndicatorChange:
    """Say what the newest warning, amber or red, turned out to be. Raises Denied, or
    ValidationError."""
    _may_answer(subject, row)
    _known_verdict(verdict)
    with act("indicator.judge", row, detail={"verdict": verdict}):
        changes = IndicatorChange.objects.select_for_update().filter(indicator=row)
        newest = changes.filter(after__in=("amber", "red")).order_by("-at", "-id").first()
        if newest is None:
            raise ValidationError(_("It has not warned of anything yet."))
        newest.verdict = verdict
        newest.save(update_fields=["verdict"])
    return newest


def _known_verdict(verdict: str) -> None:
    if verdict not in VERDICTS:
        raise ValidationError({"verdict": _("Choose one of the list.")})


def mark(
    subject: Subject, row: Indicator, at: dt.datetime, text: str, now: dt.datetime
) -> IndicatorNote:
    """Mark a time on the chart with a few words, without customers' data. Raises Denied, or
    ValidationError by field."""
    require(subject, "change", NOUN)
    said = said_text("text", text, LEAST_NOTE, MOST_NOTE)
    if not now - EARLIEST <= at <= now:
        raise ValidationError({"at": _("A time within the last two years, up to now.")})
    with act("indicator.note", row):
        return IndicatorNote.objects.create(
            indicator=row, at=at, text=said, created=now, created_by_id=subject.id
        )


def may_answer(subject: Subject, row: Indicator) -> bool:
    """Whether the answer is this subject's to give: the owner's, or of who may change it."""
    own = subject.id is not None and subject.id == row.owner_id and may(subject, "see", NOUN)
    return own or may(subject, "change", NOUN)


def _may_answer(subject: Subject, row: Indicator) -> None:
    if not may_answer(subject, row):
        require(subject, "change", NOUN)


def _open_change(row: Indicator) -> IndicatorChange:
    changes = IndicatorChange.objects.select_for_update().filter(indicator=row)
    newest = changes.order_by("-at", "-id").first()
    if newest is None or newest.due is None or newest.answered is not None:
        raise ValidationError(_("There is nothing to answer for: its state asks for nothing."))
    return newest


def said_text(field: str, text: str, least: int, most: int = MOST_TEXT) -> str:
    """A text as it is kept: one line, without blanks at its ends. Raises ValidationError."""
    said = " ".join(text.replace("\0", "").split())
    if not least <= len(said) <= most:
        values = {"low": least, "high": most}
        raise ValidationError({field: _("Write %(low)s to %(high)s characters.") % values})
    return said

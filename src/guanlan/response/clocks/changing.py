"""Clocks that are paused, or given more time, where their rule allows it: asked for in writing by
one person, granted by another."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from guanlan.core import outbox
from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.response.models import ClockChange, RunningClock
from guanlan.response.terms import Words

NOUN: Final = "response.runningclock"
DAY: Final = dt.timedelta(days=1)
KINDS: Final[dict[str, Words]] = {
    "pause": pgettext_lazy("change of a clock", "pause"),
    "extend": pgettext_lazy("change of a clock", "more time"),
}
STATES: Final[dict[str, Words]] = {
    "asked": pgettext_lazy("state of what was asked", "waits for another person"),
    "granted": pgettext_lazy("state of what was asked", "granted"),
    "refused": pgettext_lazy("state of what was asked", "refused"),
}

outbox.template(
    "clock.asked",
    names={"rule": 2, "matter": 2, "person": 2},
    texts={
        "en": (
            "A clock is to be changed: {rule}",
            "{person} asks for a pause or more time: {matter}. Another person decides.",
        ),
        "zh-hans": ("申请变更时限：{rule}", "{person} 申请暂停或延长：{matter}。须由他人决定。"),
        "zh-hant": ("申請變更時限：{rule}", "{person} 申請暫停或延長：{matter}。須由他人決定。"),
    },
)


def ask_pause(
    subject: Subject, clock: RunningClock, reason: str, now: dt.datetime | None = None
) -> ClockChange:
    """Ask for a pause. Raises Denied, or ValidationError where the rule knows none."""
    return _ask(subject, clock, "pause", reason, None, now or timezone.now())


def ask_extension(
    subject: Subject,
    clock: RunningClock,
    until: dt.datetime,
    reason: str,
    now: dt.datetime | None = None,
) -> ClockChange:
    """Ask for time until then. Raises Denied, or ValidationError where the rule does not allow as
    much, by field."""
    return _ask(subject, clock, "extend", reason, until, now or timezone.now())


def _ask(
    subject: Subject,
    clock: RunningClock,
    kind: str,
    reason: str,
    until: dt.datetime | None,
    now: dt.datetime,
) -> ClockChange:
    require(subject, "change", NOUN)
    said = _reason(reason)
    with act("clock.ask", clock, detail={"kind": kind}):
        row = _running(clock, now)
        if row.pending:
            raise ValidationError(_("Something was asked for already: have it decided first."))
        if kind == "pause":
            _pausable(row)
        else:
            _within(row, until)
        change = ClockChange(
            clock=row, kind=kind, until=until, reason=said, asked=now, asked_by_id=subject.id
        )
        change.save()
        row.pending = kind
        row.save(update_fields=["pending"])
        outbox.send(
            "clock.asked",
            to=[one for one in outbox.people_who_may("approve", NOUN) if one.pk != subject.id],
            context={"rule": row.code, "matter": row.about_label, "person": subject.name[:80]},
            urgency="urgent",
            about=row,
            now=now,
        )
    return change


def decide(
    subject: Subject,
    clock: RunningClock,
    *,
    grant: bool,
    answer: str = "",
    now: dt.datetime | None = None,
) -> ClockChange:
    """Grant what was asked for, or refuse it with an answer. Raises Denied; ValidationError for
    who asked for it, and where the clock's time has passed meanwhile."""
    require(subject, "approve", NOUN)
    at = now or timezone.now()
    said = answer.strip() if grant else _reason(answer, "answer")
    with act("clock.grant" if grant else "clock.refuse", clock):
        row = RunningClock.objects.select_for_update().get(pk=clock.pk)
        change = row.changes.filter(state="asked").order_by("-id").first()
        if change is None:
            raise ValidationError(_("Nothing was asked for."))
        if change.asked_by_id is not None and change.asked_by_id == subject.id:
            raise ValidationError(_("Who asked for it does not decide it."))
        row.pending = ""
        change.state = "granted" if grant else "refused"
        change.answer, change.decided, change.decided_by_id = said, at, subject.id
        if grant:
            _running(row, at)
            if change.kind == "pause":
                row.paused_at = at
            elif change.until is not None:
                change.seconds = round((change.until - row.due).total_seconds())
                move(row, change.until - row.due, by_share=True)
        change.save()
        row.save(update_fields=["pending", "paused_at", "due", "turn", "added"])
    return change


def go_on(subject: Subject, clock: RunningClock, now: dt.datetime | None = None) -> None:
    """End a pause: what was left then is left now. Raises Denied, or ValidationError."""
    require(subject, "change", NOUN)
    at = now or timezone.now()
    with act("clock.go_on", clock):
        row = RunningClock.objects.select_for_update().get(pk=clock.pk)
        if row.paused_at is None:
            raise ValidationError(_("This clock is not paused."))
        move(row, at - row.paused_at)
        row.paused_at = None
        row.save(update_fields=["paused_at", "due", "turn", "added"])


def move(row: RunningClock, by: dt.timedelta, *, by_share: bool = False) -> None:
    """Give a clock, which the caller saves, so much more time, and its alarms too: all of it, or
    each its share."""
    row.due += by
    row.turn = row.due
    row.added += round(by.total_seconds())
    for alarm in row.alarms.filter(rung=None):
        alarm.due += by * alarm.percent / 100 if by_share else by
        alarm.save(update_fields=["due"])


def _running(clock: RunningClock, now: dt.datetime) -> RunningClock:
    row = RunningClock.objects.select_for_update().select_related("rule").get(pk=clock.pk)
    if row.state != "running" or row.sent_at is not None or row.paused_at is not None:
        raise ValidationError(_("This clock does not run."))
    if now >= row.due:
        raise ValidationError(_("Its time has passed: it is neither paused nor extended."))
    return row


def _pausable(row: RunningClock) -> None:
    if not row.rule.may_pause:
        raise ValidationError(_("The rule of this clock allows no pause."))


def _within(row: RunningClock, until: dt.datetime | None) -> None:
    if not row.rule.may_extend:
        raise ValidationError(_("The rule of this clock allows no more time."))
    if until is None or until <= row.due:
        raise ValidationError({"until": _("Say a time after the one at which it is due now.")})
    given = row.changes.filter(state="granted", kind="extend").aggregate(n=Sum("seconds"))["n"] or 0
    if until - row.due + dt.timedelta(seconds=given) > row.rule.may_extend * DAY:
        text = _("The rule allows %(n)s days more in all.") % {"n": row.rule.may_extend}
        raise ValidationError({"until": text})


def _reason(text: str, field: str = "reason") -> str:
    said = text.replace("\0", "").strip()
    if not 5 <= len(said) <= 300:
        raise ValidationError({field: _("Say why, in 5 to 300 characters.")})
    return said

"""Clocks that run: started from what is known, several at once, stopped by sending the report.

A clock is started once for a matter and a rule. Whatever happens later, its start stays and its
due time only comes nearer: a grade that falls, or a matter that is opened again, gives no time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.core.audit.recording import Detail
from guanlan.core.people.organisation import organisation
from guanlan.response.clocks.arithmetic import ALARMS, Clock
from guanlan.response.clocks.calendars import calendar_of
from guanlan.response.clocks.facts import Facts, Verdict, judge
from guanlan.response.clocks.rules import in_force, limit_of
from guanlan.response.clocks.terms import Matter
from guanlan.response.models import ClockAlarm, ClockRule, RunningClock

OPEN: Final = ("running", "missed")
AFTERWARDS: Final = dt.timedelta(days=73_050)  # two hundred years: behind all that is open
LATEST_START: Final = dt.timedelta(minutes=5)  # a start may be so far ahead of this machine

Stopped = Callable[[RunningClock], None]
_on_stopped: list[Stopped] = []
_on_started: list[Stopped] = []


class Times(NamedTuple):
    """When it happened, as far as that is known."""

    known: dt.datetime
    occurred: dt.datetime | None = None
    classified: dt.datetime | None = None

    def of(self, event: str) -> dt.datetime | None:
        """The time of an event that starts clocks."""
        found: dt.datetime | None = getattr(self, event, None)
        return found


class Proposal(NamedTuple):
    """A rule, whether it applies and why, and since when its clock would run (None: it starts
    with something that has not happened yet)."""

    rule: ClockRule
    verdict: Verdict
    start: dt.datetime | None
    due: dt.datetime | None


def on_started(hook: Stopped) -> None:
    """Call `hook` with each clock that is started, within its transaction."""
    _on_started.append(hook)


def on_stopped(hook: Stopped) -> None:
    """Call `hook` with each clock that is met, missed and sent, or cancelled; within its
    transaction."""
    _on_stopped.append(hook)


def clock_of(rule: ClockRule, start: dt.datetime) -> Clock:
    """The arithmetic of a rule from a start on."""
    calendar = calendar_of(rule.calendar) if rule.calendar is not None else None
    return Clock(start, limit_of(rule), str(organisation().zone), calendar)


def propose(facts: Facts, times: Times) -> list[Proposal]:
    """All rules in force when it became known, those that apply first, with the reasons."""
    found = []
    for rule in in_force(times.known.date()):
        if rule.after:
            continue  # follows another report, and is not asked for yet
        start = times.of(rule.start_event)
        due = clock_of(rule, start).due() if start is not None else None
        found.append(Proposal(rule, judge(rule.conditions, facts), start, due))
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    rank = {True: 0, None: 1, False: 2}
    return sorted(found, key=lambda one: (rank[one.verdict.applies], one.due or far, one.rule.code))


def start_clocks(
    subject: Subject,
    matter: Matter,
    rules: Sequence[ClockRule],
    facts: Facts,
    times: Times,
    now: dt.datetime | None = None,
) -> list[RunningClock]:
    """Start the clocks of these rules for a matter; those it has already are kept, with the
    earlier due time. Rules whose start has not happened are left out.

    Raises ValidationError where the matter has no name or a time lies ahead.
    """
    require(subject, "add", "response.runningclock")
    at = now or timezone.now()
    if not matter.label.strip():
        raise ValidationError({"label": _("Say what the clocks are for.")})
    for name, moment in times._asdict().items():
        if moment is not None and moment > at + LATEST_START:
            raise ValidationError({name: _("This time lies ahead.")})
    found = []
    with transaction.atomic():
        for rule in rules:
            start = times.of(rule.start_event)
            if start is not None:
                found.append(_start(rule, matter, facts, start, at, subject.id))
    return found


def happened(
    subject: Subject,
    matter: Matter,
    event: str,
    at: dt.datetime,
    now: dt.datetime | None = None,
) -> list[RunningClock]:
    """Something that starts clocks has happened to a matter that has some: it was `classified`
    or `handled`. Starts what waits for it."""
    require(subject, "add", "response.runningclock")
    present = list(_of(matter))
    duties = {one.obligation for one in present}
    facts = Facts(**present[0].facts) if present else Facts()
    waiting = [
        rule
        for rule in in_force(at.date())
        if rule.start_event == event and (rule.after or rule.obligation) in duties
    ]
    with transaction.atomic():
        return [
            _start(rule, matter, facts, at, now or timezone.now(), subject.id) for rule in waiting
        ]


def regrade(
    subject: Subject,
    matter: Matter,
    facts: Facts,
    times: Times,
    now: dt.datetime | None = None,
) -> list[RunningClock]:
    """What is known of a matter has changed: start what applies now. Clocks that run stay."""
    rules = [one.rule for one in propose(facts, times) if one.verdict.applies]
    return start_clocks(subject, matter, rules, facts, times, now)


def send(
    subject: Subject,
    clock: RunningClock,
    sent_at: dt.datetime,
    now: dt.datetime | None = None,
) -> list[RunningClock]:
    """The report was sent: stops this clock and the others of the same obligation, and starts
    those that follow it; the ones that were started."""
    require(subject, "change", "response.runningclock")
    at = now or timezone.now()
    if sent_at > at + LATEST_START:
        raise ValidationError({"sent_at": _("This time lies ahead.")})
    matter = Matter(clock.about_noun, clock.about_id, clock.about_label)
    with act("clock.send", clock):
        clock.refresh_from_db()
        if not is_open(clock):
            raise ValidationError(_("This clock does not run any more."))
        for one in _of(matter).filter(obligation=clock.obligation, state__in=OPEN, sent_at=None):
            one.sent_at, one.stopped_at = sent_at, at
            if one.paused_at is not None and sent_at > one.paused_at:
                one.due += sent_at - one.paused_at
            one.state = "met" if sent_at <= one.due else "missed"
            _stop(one)
        facts = Facts(**clock.facts)
        return [
            _start(rule, matter, facts, sent_at, at, subject.id)
            for rule in in_force(sent_at.date())
            if rule.start_event == "sent" and rule.after == clock.obligation
        ]


def cancel(subject: Subject, clock: RunningClock, why: str, now: dt.datetime | None = None) -> None:
    """Stop a clock that should not run, with a reason."""
    require(subject, "change", "response.runningclock")
    if not is_open(clock):
        raise ValidationError(_("This clock does not run any more."))
    if len(why.strip()) < 5:
        raise ValidationError({"why": _("Say why, in five characters at least.")})
    with act("clock.cancel", clock):
        clock.state, clock.why, clock.stopped_at = "cancelled", why.strip(), now or timezone.now()
        _stop(clock)


def is_open(clock: RunningClock) -> bool:
    """Whether there is something to be done: it runs, or is missed and not sent."""
    return clock.state in OPEN and clock.sent_at is None


def _of(matter: Matter) -> models.QuerySet[RunningClock]:
    return RunningClock.objects.filter(about_noun=matter.noun, about_id=matter.id)


def _stop(clock: RunningClock) -> None:
    clock.turn = clock.due + AFTERWARDS
    clock.paused_at, clock.pending = None, ""
    clock.changes.filter(state="asked").update(state="refused", decided=clock.stopped_at)
    clock.save(
        update_fields=[
            "state", "why", "sent_at", "stopped_at", "turn", "due", "paused_at", "pending",
        ]
    )  # fmt: skip
    for hook in _on_stopped:
        hook(clock)


def _start(
    rule: ClockRule,
    matter: Matter,
    facts: Facts,
    start: dt.datetime,
    now: dt.datetime,
    author: int | None,
) -> RunningClock:
    arithmetic = clock_of(rule, start)
    due = arithmetic.due()
    clock = _of(matter).filter(code=rule.code).select_for_update().first()
    detail: Detail = {"rule": rule.code, "version": rule.version}
    if clock is None:
        clock = RunningClock(
            about_noun=matter.noun,
            about_id=matter.id,
            about_label=matter.label,
            rule=rule,
            code=rule.code,
            obligation=rule.obligation,
            started_at=start,
            due=due,
            turn=due,
            facts=facts.stored(),
            author_id=author,
            created=now,
        )
        with act("clock.start", clock, detail=detail):
            clock.save()
            ClockAlarm.objects.bulk_create(
                ClockAlarm(clock=clock, percent=percent, due=arithmetic.at(percent))
                for percent in ALARMS
            )
            for hook in _on_started:
                hook(clock)
        return clock
    if clock.state == "cancelled":
        with act("clock.resume", clock, detail=detail):
            clock.state, clock.stopped_at, clock.turn = "running", None, clock.due
            clock.save(update_fields=["state", "stopped_at", "turn"])
    given = dt.timedelta(seconds=clock.added)  # what it was given besides stays
    due += given
    if is_open(clock) and due < clock.due:
        with act("clock.sooner", clock, detail=detail):
            clock.rule, clock.due, clock.turn, clock.facts = rule, due, due, facts.stored()
            clock.save(update_fields=["rule", "due", "turn", "facts"])
            for alarm in clock.alarms.filter(rung=None):
                share = given * alarm.percent / 100
                alarm.due = min(alarm.due, arithmetic.at(alarm.percent) + share)
                alarm.save(update_fields=["due"])
    return clock

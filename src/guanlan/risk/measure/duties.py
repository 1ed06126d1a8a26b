"""What is due for measures, and when: on a grid from the day a measure came into force.

Of each measure in force with a rhythm one row stands ahead: the next time it is due. Once that
time has come, or it is done early, the next one is written; times that passed while nobody looked
are written too, since they were due. What is late is told to its owner and deputy, and after two
days more to whoever is on call, through hooks of the apps above.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

from django.apps import apps
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core import outbox
from guanlan.core.access import Subject, may, require
from guanlan.core.audit import act
from guanlan.risk.measure.terms import DUTY, NOUN, said
from guanlan.risk.models import Measure, MeasureDuty

DAY: Final = dt.timedelta(days=1)
ESCALATED_AFTER: Final = 2 * DAY
MOST_MISSED: Final = 100  # times that are made up for at once
AT_ONCE: Final = 500
Hook = Callable[[Sequence[MeasureDuty], dt.datetime], None]
_late: Final[list[Hook]] = []
_done: Final[list[Hook]] = []

outbox.template(
    "measure.late",
    names={"title": 2, "due": 2},
    texts={
        "en": ("Late: {title}", "This was due on {due} and is not done."),
        "zh-hans": ("逾期：{title}", "这项控制措施应于 {due} 完成，至今尚未完成。"),
        "zh-hant": ("逾期：{title}", "這項控制措施應於 {due} 完成，至今尚未完成。"),
    },
)


def on_late(hook: Hook) -> Hook:
    """Call `hook(duties, now)` with those that are late for two days, once each. Raises
    RuntimeError once the start is done."""
    return _registered(_late, hook)


def on_done(hook: Hook) -> Hook:
    """Call `hook(duties, now)` with those that were escalated and are done or dropped now. Raises
    RuntimeError once the start is done."""
    return _registered(_done, hook)


def _registered(hooks: list[Hook], hook: Hook) -> Hook:
    if apps.ready:
        raise RuntimeError("hooks of duties are registered while the app starts")
    hooks.append(hook)
    return hook


def first_duty(measure: Measure, now: dt.datetime) -> None:
    """Write the first time a measure is due from now on; nothing for one without a rhythm."""
    if measure.every_days is None:
        measure.next_due = None
    else:
        measure.next_due = _end_of_day(now + measure.every_days * DAY)
        _write(measure, measure.next_due)
    measure.save(update_fields=["next_due"])


def _end_of_day(at: dt.datetime) -> dt.datetime:
    """The last minute of that day in the organisation's zone."""
    return timezone.localtime(at).replace(hour=23, minute=59, second=0, microsecond=0)


def _write(measure: Measure, due: dt.datetime) -> None:
    MeasureDuty.objects.get_or_create(
        measure=measure, due=due, defaults={"owner_id": measure.owner_id}
    )


def end_duties(measure: Measure, after: dt.datetime | None) -> None:
    """Drop what is not done and due after a time; None: all that is not done."""
    rows = measure.duties.filter(done=None)
    if after is not None:
        rows = rows.filter(due__gt=after)
    told = [one for one in rows.select_related("measure") if one.escalated is not None]
    rows.delete()
    if told:
        for hook in _done:
            hook(told, timezone.now())


def plan_ahead(now: dt.datetime) -> int:
    """Write the next time of each measure whose time has come; how many were written."""
    waiting = Measure.objects.filter(state=Measure.State.IN_FORCE, next_due__lte=now)
    written = 0
    for key in waiting.order_by("next_due", "id").values_list("pk", flat=True)[:AT_ONCE]:
        with act("measure.plan", (NOUN, str(key))):
            measure = Measure.objects.select_for_update().get(pk=key)
            written += _ahead(measure, now)
    return written


def _ahead(measure: Measure, until: dt.datetime) -> int:
    """Go on along the grid until it is past `until`."""
    if measure.state != Measure.State.IN_FORCE or measure.every_days is None:
        return 0
    step, written = measure.every_days * DAY, 0
    while measure.next_due is not None and measure.next_due <= until and written < MOST_MISSED:
        measure.next_due = _end_of_day(measure.next_due + step)
        _write(measure, measure.next_due)
        written += 1
    measure.save(update_fields=["next_due"])
    return written


def tell_late(now: dt.datetime) -> tuple[int, int]:
    """Tell owners and deputies of what is late, once each, and escalate what stays so; how many
    of each."""
    late = MeasureDuty.objects.filter(done=None, due__lt=now, told=None)
    told = 0
    for duty in late.select_related("measure__owner", "measure__deputy").order_by("due")[:AT_ONCE]:
        with act("measure.remind", (NOUN, str(duty.measure_id))):
            if not MeasureDuty.objects.filter(pk=duty.pk, told=None).update(told=now):
                continue
            people = {one for one in (duty.measure.owner, duty.measure.deputy) if one is not None}
            if people:
                outbox.send(
                    "measure.late", to=people, urgency="urgent", about=duty,
                    context={
                        "title": duty.measure.title,
                        "due": f"{timezone.localtime(duty.due):%Y-%m-%d}",
                    },
                    dedup=f"measure-late-{duty.pk}", now=now,
                )  # fmt: skip
        told += 1
    rows = MeasureDuty.objects.filter(done=None, due__lt=now - ESCALATED_AFTER, escalated=None)
    worse = list(rows.select_related("measure").order_by("due")[:AT_ONCE])
    if worse:
        with act(
            "measure.escalate", (NOUN, str(worse[0].measure_id)), detail={"duties": len(worse)}
        ):
            keys = [one.pk for one in worse]
            MeasureDuty.objects.filter(pk__in=keys, escalated=None).update(escalated=now)
            for hook in _late:
                hook(worse, now)
    return told, len(worse)


def may_do(subject: Subject, duty: MeasureDuty) -> bool:
    """Whether it is this subject's to do: the owner's, the deputy's, or of who may change it."""
    own = subject.id is not None and subject.id in (duty.measure.owner_id, duty.measure.deputy_id)
    return (own and may(subject, "see", DUTY)) or may(subject, "change", DUTY)


def do_duty(subject: Subject, duty: MeasureDuty, evidence: str, now: dt.datetime) -> MeasureDuty:
    """Say that it is done, with what shows it. Done ahead of its time, the next one is written.
    Raises Denied, or ValidationError by field."""
    if not may_do(subject, duty):
        require(subject, "change", DUTY)
    proof = said("evidence", evidence, 5, 1000)
    with act("measure.done", (NOUN, str(duty.measure_id)), detail={"late": now > duty.due}):
        measure = Measure.objects.select_for_update().get(pk=duty.measure_id)
        kept = MeasureDuty.objects.select_for_update().get(pk=duty.pk)
        if kept.done is not None:
            raise ValidationError(_("It is in another state by now: look again."))
        kept.done, kept.done_by_id, kept.evidence = now, subject.id, proof
        kept.save(update_fields=["done", "done_by", "evidence"])
        if measure.next_due is not None and kept.due == measure.next_due:
            _ahead(measure, measure.next_due)
        if kept.escalated is not None:
            kept.measure = measure
            for hook in _done:
                hook([kept], now)
    return kept


def is_late(duty: MeasureDuty, now: dt.datetime) -> bool:
    """Whether its time has passed and it is not done."""
    return duty.done is None and duty.due < now


def planned_times(
    measures: Sequence[Measure], begin: dt.datetime, end: dt.datetime
) -> list[tuple[dt.datetime, Measure]]:
    """When measures in force fall due within [begin, end), beyond what is written: the grid."""
    found = []
    for one in measures:
        if one.next_due is None or one.every_days is None:
            continue
        at = _end_of_day(one.next_due + one.every_days * DAY)
        while at < end:
            if at >= begin:
                found.append((at, one))
            at = _end_of_day(at + one.every_days * DAY)
    return sorted(found, key=lambda pair: (pair[0], pair[1].code))

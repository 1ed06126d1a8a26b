"""Arranging who is told: schedules, those who stand in, chains and routing rules."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.access.table import ROLES
from guanlan.core.audit import act
from guanlan.core.models import Channel, User
from guanlan.response.alerts.handling import reason_of
from guanlan.response.models import AlertRoute, EscalationChain, OnCallOverride, OnCallSchedule
from guanlan.response.terms import CATEGORIES

MOST_STEPS: Final = 20
LONGEST_WAIT: Final = 7 * 24 * 60  # minutes
_STEP: Final = re.compile(r"(\d{1,5})\s+(schedule|person|role|channel):\s*(.{1,80})")

Step = list[Any]  # [minutes, kind, target]


def names_of(people: Iterable[int]) -> list[str]:
    """User names of accounts by id, in their order; empty for one that is not there."""
    wanted = list(people)
    found = dict(User.objects.filter(pk__in=wanted).values_list("pk", "username"))
    return [found.get(one, "") for one in wanted]


def people_named(text: str) -> list[int]:
    """Ids of the accounts that a text names, with commas between them. Raises ValidationError."""
    names = [name.strip() for name in text.replace("，", ",").split(",") if name.strip()]
    found = dict(
        User.objects.filter(username__in=names, is_active=True).values_list("username", "pk")
    )
    for name in names:
        if name not in found:
            text = _("There is no account %(name)s that is in use.") % {"name": name}
            raise ValidationError({"people": text})
    return [found[name] for name in names]


def save_schedule(
    subject: Subject,
    row: OnCallSchedule | None,
    *,
    name: str,
    people: str,
    turn_days: int,
    handover: dt.time,
    start: dt.date,
    zone: str,
    commands: Sequence[str] = (),
) -> OnCallSchedule:
    """Make a schedule or change one. Raises Denied; ValidationError, by field."""
    require(subject, "change" if row else "add", "response.oncallschedule")
    made = row or OnCallSchedule()
    made.name = _free_name(OnCallSchedule, name, made.pk)
    made.people = people_named(people)
    made.turn_days, made.handover, made.start, made.zone = turn_days, handover, start, zone
    made.commands = _commands(commands, made.pk)
    with act("oncall.arrange", made, detail={"people": made.people}):
        made.save()
    return made


def _commands(names: Sequence[str], own: int | None) -> list[str]:
    """Categories whose incidents a schedule commands; each has one schedule at most."""
    wanted = [name for name in CATEGORIES if name in names]
    for other in OnCallSchedule.objects.exclude(pk=own or 0):
        for name in wanted:
            if name in other.commands:
                text = _("%(schedule)s is named for %(category)s already.")
                said = {"schedule": other.name, "category": CATEGORIES[name]}
                raise ValidationError({"commands": text % said})
    return wanted


def stand_in(
    subject: Subject,
    schedule: OnCallSchedule,
    person: str,
    begins: dt.datetime,
    ends: dt.datetime,
    reason: str,
) -> OnCallOverride:
    """Have somebody be on call instead, for a time. Raises Denied; ValidationError, by field."""
    require(subject, "add", "response.oncalloverride")
    if not begins < ends <= begins + dt.timedelta(days=60):
        raise ValidationError({"ends": _("It ends after it begins, and within 60 days.")})
    found = User.objects.filter(username=person.strip(), is_active=True).first()
    if found is None:
        text = _("There is no account %(name)s that is in use.") % {"name": person.strip()}
        raise ValidationError({"person": text})
    made = OnCallOverride(
        schedule=schedule, person=found, begins=begins, ends=ends, reason=reason_of(reason),
        made_by_id=subject.id,
    )  # fmt: skip
    with act("oncall.stand_in", made, detail={"schedule": schedule.pk, "person": found.pk}):
        made.save()
    return made


def end_stand_in(subject: Subject, row: OnCallOverride, now: dt.datetime | None = None) -> str:
    """End it now. Raises Denied."""
    require(subject, "delete", "response.oncalloverride")
    at = now or timezone.now()
    with act("oncall.stand_in_end", row):
        row.ends = max(at, row.begins)
        row.save(update_fields=["ends"])
    return _("The turn of the schedule holds again.")


def read_steps(text: str) -> list[Step]:
    """The steps of a chain as typed, one a line: `15 role:owner`. Raises ValidationError that
    names the line."""
    steps: list[Step] = []
    for number, line in enumerate((x for x in text.splitlines() if x.strip()), 1):
        found = _STEP.fullmatch(line.strip())
        if found is None:
            text = _("Line %(n)s is not of the form “15 role:owner”.") % {"n": number}
            raise ValidationError({"steps": text})
        minutes, kind, name = int(found[1]), found[2], found[3].strip()
        if minutes > LONGEST_WAIT or (steps and minutes < steps[-1][0]):
            text = _("Line %(n)s: the minutes rise from step to step, to a week at most.")
            raise ValidationError({"steps": text % {"n": number}})
        target = _target(kind, name)
        if target is None:
            text = _("Line %(n)s: there is no such %(kind)s.") % {"n": number, "kind": kind}
            raise ValidationError({"steps": text})
        steps.append([minutes, kind, target])
    if not 1 <= len(steps) <= MOST_STEPS:
        raise ValidationError({"steps": _("A chain has 1 to 20 steps.")})
    return steps


def _target(kind: str, name: str) -> int | str | None:
    if kind == "role":
        return name if name in ROLES else None
    if kind == "person":
        return (
            User.objects.filter(username=name, is_active=True).values_list("pk", flat=True).first()
        )
    if kind == "channel":
        return Channel.objects.filter(name=name).values_list("pk", flat=True).first()
    return OnCallSchedule.objects.filter(name=name).values_list("pk", flat=True).first()


def written_steps(steps: Sequence[Step]) -> list[str]:
    """Steps as they are typed; what is no longer there is shown by its number."""
    sources: dict[str, dict[int, str]] = {"person": {}, "channel": {}, "schedule": {}}
    wanted = {kind: [one[2] for one in steps if one[1] == kind] for kind in sources}
    if wanted["person"]:
        rows = User.objects.filter(pk__in=wanted["person"])
        sources["person"] = dict(rows.values_list("pk", "username"))
    if wanted["channel"]:
        sources["channel"] = dict(
            Channel.objects.filter(pk__in=wanted["channel"]).values_list("pk", "name")
        )
    if wanted["schedule"]:
        sources["schedule"] = dict(
            OnCallSchedule.objects.filter(pk__in=wanted["schedule"]).values_list("pk", "name")
        )
    return [
        f"{minutes} {kind}:{target if kind == 'role' else sources[kind].get(target, target)}"
        for minutes, kind, target in steps
    ]


def save_chain(
    subject: Subject, row: EscalationChain | None, *, name: str, steps: str
) -> EscalationChain:
    """Make a chain or change one. Raises Denied; ValidationError, by field."""
    require(subject, "change" if row else "add", "response.escalationchain")
    made = row or EscalationChain()
    made.name = _free_name(EscalationChain, name, made.pk)
    made.steps = read_steps(steps)
    with act("chain.arrange", made, detail={"steps": len(made.steps)}):
        made.save()
    return made


def save_route(subject: Subject, row: AlertRoute | None, **values: Any) -> AlertRoute:
    """Make a routing rule or change one; exactly one of chain, channel and role says where to.
    Raises Denied; ValidationError, by field."""
    require(subject, "change" if row else "add", "response.alertroute")
    if sum(bool(values[name]) for name in ("chain", "channel", "role")) != 1:
        raise ValidationError({"chain": _("Choose one of chain, channel and role.")})
    if (values["from_time"] is None) != (values["to_time"] is None):
        raise ValidationError({"to_time": _("Give both times or neither.")})
    made = row or AlertRoute()
    for name, value in values.items():
        setattr(made, name, value)
    with act("route.arrange", made, detail={"position": made.position}):
        made.save()
    return made


def _free_name(model: Any, name: str, own: int | None) -> str:
    name = name.strip()
    if model.objects.filter(name=name).exclude(pk=own).exists():
        raise ValidationError({"name": _("This name is taken.")})
    return name

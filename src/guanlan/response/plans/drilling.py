"""Drills: planned, begun on the same engine, fed with injects, scored, looked back upon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from guanlan.core import outbox
from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.response.models import (
    Drill,
    DrillParticipant,
    Inject,
    Observation,
    Plan,
    PlanRun,
    PlanVersion,
    StepRun,
)
from guanlan.response.plans.advancing import advance, put
from guanlan.response.plans.cacao import Manual, Text
from guanlan.response.plans.reading import known, playbook_of
from guanlan.response.plans.running import begin, read_value
from guanlan.response.plans.scoring import FORMULA, Score, Timed, score
from guanlan.response.plans.telling import Circle

State = Drill.State
REMIND: Final = dt.timedelta(hours=24)
MOST_AFTER: Final = 7 * 1440  # minutes

outbox.template(
    "drill.soon",
    title={
        "en": "DRILL · planned",
        "zh-hans": "【演练】已计划",
        "zh-hant": "【演練】已計劃",
    },
    names={"plan": 2, "when": 2, "role": 2},
    texts={
        "en": ("DRILL · {plan}", "A drill of “{plan}” is planned for {when}. You play: {role}."),
        "zh-hans": ("【演练】{plan}", "“{plan}”的演练计划于 {when} 进行。您的角色：{role}。"),
        "zh-hant": ("【演練】{plan}", "「{plan}」的演練計劃於 {when} 進行。您的角色：{role}。"),
    },
)


class Taking(NamedTuple):
    """A person and the role they play."""

    person: User
    role: str


class Thrown(NamedTuple):
    """An inject: after so many minutes, a text to those of a role (all, where there is none), a
    variable with its value, or both."""

    after: int
    role: str
    text: str
    variable: str = ""
    value: str = ""


def plan_drill(
    subject: Subject,
    plan: Plan,
    *,
    kind: str,
    scheduled: dt.datetime,
    leader: User,
    participants: Iterable[Taking],
    injects: Iterable[Thrown],
    objectives: str,
    now: dt.datetime,
) -> Drill:
    """Plan a drill of a plan's approved version. Raises Denied, ValidationError by field."""
    require(subject, "add", "response.drill")
    version = plan.current
    if version is None:
        raise ValidationError({"plan": _("The plan has no approved version.")})
    people, thrown = list(dict.fromkeys(participants)), list(injects)
    if not people:
        raise ValidationError({"participants": _("Name at least one person.")})
    for one in people:
        if one.role not in known().roles:
            said = _("%(role)s is no role.") % {"role": one.role[:40]}
            raise ValidationError({"participants": said})
    for inject in thrown:
        _checked(version, inject)
    drill = Drill(
        version=version, kind=kind, scheduled=scheduled, objectives=objectives.strip(),
        leader=leader, created=now, created_by_id=subject.id,
    )  # fmt: skip
    with act("drill.plan", plan, detail={"kind": kind, "people": len(people)}):
        drill.save()
        DrillParticipant.objects.bulk_create(
            DrillParticipant(drill=drill, person=one.person, role=one.role) for one in people
        )
        Inject.objects.bulk_create(
            Inject(drill=drill, after=i.after, role=i.role, text=i.text, variable=i.variable,
                   value=i.value)
            for i in thrown
        )  # fmt: skip
    return drill


def _checked(version: PlanVersion, inject: Thrown) -> None:
    wrong = ""
    variables = {one.name: one for one in playbook_of(version).variables}
    if not 0 <= inject.after <= MOST_AFTER:
        wrong = _("An inject comes 0 to %(n)s minutes after the start.") % {"n": MOST_AFTER}
    elif not inject.text.strip() and not inject.variable:
        wrong = _("An inject has a text or a variable.")
    elif len(inject.text) > 500:
        wrong = _("The text of an inject has at most 500 characters.")
    elif inject.role and inject.role not in known().roles:
        wrong = _("%(role)s is no role.") % {"role": inject.role[:40]}
    elif inject.variable and inject.variable not in variables:
        wrong = _("%(name)s is no variable of the plan.") % {"name": inject.variable[:40]}
    if wrong:
        raise ValidationError({"injects": wrong})
    if inject.variable:
        try:
            read_value(variables[inject.variable], inject.value)
        except ValidationError as error:
            raise ValidationError({"injects": error.messages}) from None


def start_drill(subject: Subject, drill: Drill, now: dt.datetime) -> PlanRun:
    """Begin: a run in drill mode on the same engine. Raises Denied, ValidationError."""
    require(subject, "change", "response.drill")
    with transaction.atomic():
        found = Drill.objects.select_for_update(of=("self",)).get(pk=drill.pk)
        if found.state != State.PLANNED:
            raise ValidationError(_("The drill has begun already, or was cancelled."))
        with act("drill.start", found):
            run = begin(
                subject, found.version, PlanRun.Mode.DRILL, now,
                origin=("response.drill", str(found.pk)),
            )  # fmt: skip
            found.run, found.state, found.started = run, State.RUNNING, now
            found.save(update_fields=["run", "state", "started"])
    advance(run.pk, now)
    throw_due(now, drill.pk)
    run.refresh_from_db()
    return run


def cancel_drill(subject: Subject, drill: Drill) -> None:
    """Take a planned drill off. Raises Denied, ValidationError."""
    require(subject, "change", "response.drill")
    with act("drill.cancel", drill):
        if not Drill.objects.filter(pk=drill.pk, state=State.PLANNED).update(state=State.CANCELLED):
            raise ValidationError(_("Only a drill that is planned can be cancelled."))


def throw_due(now: dt.datetime, drill: int | None = None) -> int:
    """Throw in what is due in the drills that run, each once; how many."""
    waiting = Inject.objects.filter(sent=None, drill__state=State.RUNNING)
    if drill is not None:
        waiting = waiting.filter(drill=drill)
    count = 0
    runs: set[int] = set()
    for pk in list(waiting.values_list("pk", flat=True)):
        with transaction.atomic():
            inject = waiting.select_for_update(of=("self",)).filter(pk=pk).first()
            if inject is None or inject.drill.started is None or inject.drill.run_id is None:
                continue
            if inject.drill.started + dt.timedelta(minutes=inject.after) > now:
                continue
            _throw(inject, now)
            runs.add(inject.drill.run_id)
        count += 1
    for run in sorted(runs):
        advance(run, now)
    return count


def _throw(inject: Inject, now: dt.datetime) -> None:
    assert inject.drill.run_id is not None
    run = PlanRun.objects.select_for_update(of=("self",)).get(pk=inject.drill.run_id)
    plan = playbook_of(run.version)
    circle = Circle(run, now)
    with act("drill.inject", inject.drill, detail={"inject": inject.pk}):
        Inject.objects.filter(pk=inject.pk).update(sent=now)
        if inject.text:
            everybody = list(User.objects.filter(pk__in=circle.inside, is_active=True))
            text = Text(en=inject.text)
            circle.send(
                "plan.note", circle.of_role(inject.role) if inject.role else everybody,
                plan.name, plan.name, dedup=f"drill-inject-{inject.pk}", what=text,
            )  # fmt: skip
        variable = next((v for v in plan.variables if v.name == inject.variable), None)
        if variable is not None:
            put(run, plan, {variable.name: read_value(variable, inject.value)})


def observe(subject: Subject, drill: Drill, text: str, now: dt.datetime) -> None:
    """Write down what one saw. Raises Denied, ValidationError."""
    require(subject, "see", "response.drill")
    require(subject, "change", "response.planrun")
    if not 3 <= len(text.strip()) <= 2000:
        raise ValidationError({"text": _("Write 3 to 2000 characters.")})
    with act("drill.observe", drill):
        Observation(drill=drill, by_id=subject.id, at=now, text=text.strip()).save()


def timed(drill: Drill) -> list[Timed]:
    """The steps that people had to do, as the score sees them."""
    limits = {
        step.id: step.limit for step in playbook_of(drill.version).steps if isinstance(step, Manual)
    }
    rows = StepRun.objects.filter(run=drill.run_id, step__in=limits).order_by("since", "pk")
    return [Timed(r.step, r.since, limits[r.step], r.ended, r.state) for r in rows]


def scored(drill: Drill) -> Score | None:
    """The score worked out anew; None before the start."""
    return None if drill.started is None else score(drill.started, timed(drill))


def end_drill(subject: Subject, drill: Drill, now: dt.datetime) -> Score:
    """End a drill and keep its score. What is still open counts as missed. Raises Denied,
    ValidationError."""
    require(subject, "change", "response.drill")
    with transaction.atomic():
        found = (
            Drill.objects.select_for_update(of=("self",)).select_related("version").get(pk=drill.pk)
        )
        if found.state != State.RUNNING or found.run_id is None:
            raise ValidationError(_("The drill does not run."))
        run = PlanRun.objects.select_for_update(of=("self",)).get(pk=found.run_id)
        with act("drill.end", found):
            if run.state in PlanRun.OPEN:
                StepRun.objects.filter(run=run, state__in=StepRun.OPEN).update(
                    state=StepRun.State.CANCELLED, ended=now
                )
                PlanRun.objects.filter(pk=run.pk).update(
                    state=PlanRun.State.ABORTED, ended=now, reason=_("The drill was ended.")
                )
            result = scored(found)
            assert result is not None
            found.state, found.ended = State.DONE, now
            found.score, found.formula, found.inputs = result.score, FORMULA, result.inputs
            found.save()
    return result


def remind_soon(now: dt.datetime) -> int:
    """Tell those who take part of drills within a day, once; how many drills."""
    soon = Drill.objects.filter(
        state=State.PLANNED, reminded=None, scheduled__gt=now, scheduled__lte=now + REMIND
    )
    count = 0
    for drill in soon.select_related("version__plan"):
        people: Sequence[DrillParticipant] = list(drill.participants.select_related("person"))
        with act("drill.remind", drill):
            Drill.objects.filter(pk=drill.pk).update(reminded=now)
            for one in people:
                outbox.send(
                    "drill.soon", to=one.person, about=drill, now=now,
                    context={"plan": drill.version.plan.name, "role": one.role,
                             "when": f"{drill.scheduled:%Y-%m-%d %H:%M} UTC"},
                    dedup=f"drill-soon-{drill.pk}-{one.role}",
                )  # fmt: skip
        count += 1
    return count

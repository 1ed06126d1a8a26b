"""What people do to runs: start, take a step, say how it went, record, abort."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final, Literal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from guanlan.core.access import Denied, Subject, may, require
from guanlan.core.access.revealing import checked_reason
from guanlan.core.audit import act
from guanlan.core.audit.recording import Detail
from guanlan.response.models import Plan, PlanRun, PlanVersion, StepRun
from guanlan.response.plans.advancing import advance, put
from guanlan.response.plans.cacao import If, Manual, Playbook, Step, Value, Variable
from guanlan.response.plans.conditions import judge
from guanlan.response.plans.reading import playbook_of

Outcome = Literal["done", "failed", "skipped"]
NOTE_TO: Final = 2000
STRING_TO: Final = 200
State = StepRun.State


def start_run(
    subject: Subject,
    plan: Plan,
    *,
    now: dt.datetime,
    origin: tuple[str, str] = ("", ""),
    variables: Mapping[str, Value] | None = None,
) -> PlanRun:
    """Carry out a plan for real, from its approved version. Raises Denied, ValidationError where
    no version is approved or a variable is not one of the plan's."""
    require(subject, "add", "response.planrun")
    version = plan.current
    if version is None or plan.retired is not None:
        raise ValidationError(_("The plan has no approved version: have one approved first."))
    run = begin(subject, version, PlanRun.Mode.LIVE, now, origin=origin, variables=variables)
    advance(run.pk, now)
    run.refresh_from_db()
    return run


def begin(
    subject: Subject,
    version: PlanVersion,
    mode: str,
    now: dt.datetime,
    *,
    origin: tuple[str, str] = ("", ""),
    variables: Mapping[str, Value] | None = None,
) -> PlanRun:
    """Make the run of a version, without a step begun; whoever calls this has asked the policy."""
    plan = playbook_of(version)
    values: dict[str, Value | None] = {one.name: one.value for one in plan.variables}
    for name, value in (variables or {}).items():
        values[name] = _fitting(plan, name, value)
    run = PlanRun(
        version=version,
        mode=mode,
        origin_noun=origin[0],
        origin_id=origin[1],
        variables=values,
        started=now,
        started_by_id=subject.id,
    )
    detail: Detail = {"version": version.pk, "mode": mode, "origin": "/".join(origin)}
    with act("plan.start", version.plan, detail=detail):
        run.save()
    return run


def _fitting(plan: Playbook, name: str, value: Value) -> Value:
    one = next((one for one in plan.variables if one.name == name), None)
    if one is None:
        raise ValidationError(_("%(name)s is no variable of the plan.") % {"name": name})
    if type(value) is not {"bool": bool, "integer": int, "string": str}[one.type]:
        raise ValidationError(_("The value of %(name)s does not fit its type.") % {"name": name})
    return value


def read_value(variable: Variable, text: str) -> Value:
    """What a person typed or chose, as the variable's type. Raises ValidationError by its name,
    without the value."""
    text = text.strip()
    if variable.type == "bool" and text in ("true", "false"):
        return text == "true"
    if variable.type == "integer" and text.removeprefix("-").isdecimal() and len(text) < 17:
        return int(text)
    if variable.type == "string" and 0 < len(text) <= STRING_TO and "\0" not in text:
        return text
    expected = {
        "bool": _("Choose yes or no."),
        "integer": _("Write a whole number."),
        "string": _("Write 1 to %(n)s characters.") % {"n": STRING_TO},
    }
    raise ValidationError({variable.name: expected[variable.type]})


def may_work_on(subject: Subject, row: StepRun) -> bool:
    """Whether the subject may say how a step went: who has its role (in a drill: plays it), who
    took it, and who leads."""
    if not may(subject, "change", "response.planrun"):
        return False
    if may(subject, "manage", "response.planrun") or row.assigned_id == subject.id is not None:
        return True
    if row.run.mode == PlanRun.Mode.DRILL:
        drill = getattr(row.run, "drill", None)
        return drill is not None and (
            drill.leader_id == subject.id
            or drill.participants.filter(person_id=subject.id, role=row.role).exists()
        )
    return bool(row.role) and row.role in subject.roles


def _locked(subject: Subject, row: StepRun, states: tuple[str, ...]) -> tuple[StepRun, Step]:
    """The row as it is now, its run locked. Raises Denied, ValidationError."""
    run = PlanRun.objects.select_for_update(of=("self",)).get(pk=row.run_id)
    found = StepRun.objects.get(pk=row.pk)
    found.run = run
    if not may_work_on(subject, found):
        raise Denied(f"{subject.name} may not change response.steprun", "change", row._meta.label)
    if run.state not in PlanRun.OPEN:
        raise ValidationError(_("The run is over."))
    if found.state not in states:
        text = _("This step is %(state)s now, by somebody else or by its time.")
        raise ValidationError(text % {"state": found.get_state_display()})
    return found, playbook_of(run.version).by_id()[found.step]


def take_step(subject: Subject, row: StepRun, now: dt.datetime) -> None:
    """Say that one is doing it. Raises Denied, ValidationError."""
    with transaction.atomic():
        found, _step = _locked(subject, row, StepRun.HUMAN)
        with act("plan.take", found.run, detail={"step": found.step}):
            found.assigned_id, found.started = subject.id, found.started or now
            found.save(update_fields=["assigned", "started"])


def finish_step(
    subject: Subject,
    row: StepRun,
    outcome: Outcome,
    *,
    now: dt.datetime,
    note: str = "",
    values: Mapping[str, str] | None = None,
) -> None:
    """Say how a step went. A step that failed or is skipped needs a note; one that is done needs
    the values it asks for. Raises Denied, ValidationError by field."""
    note = note.strip()
    if len(note) > NOTE_TO or "\0" in note:
        raise ValidationError({"note": _("At most %(n)s characters.") % {"n": NOTE_TO}})
    if outcome != "done" and len(note) < 3:
        raise ValidationError({"note": _("Say why.")})
    with transaction.atomic():
        found, step = _locked(subject, row, StepRun.HUMAN)
        if isinstance(step, If):
            raise ValidationError(_("A condition is decided by what is recorded."))
        recorded = _recorded(found, step, outcome, values or {})
        found.state = State(outcome)
        found.ended, found.by_id, found.note = now, subject.id, note
        found.started = found.started or now
        with act("plan.step", found.run, detail={"step": found.step, "state": outcome}):
            found.save()
            put(found.run, playbook_of(found.run.version), recorded)
    advance(row.run_id, now)


def _recorded(
    row: StepRun, step: Step, outcome: str, values: Mapping[str, str]
) -> dict[str, Value]:
    if not isinstance(step, Manual) or outcome == "skipped":
        return {}
    variables = {one.name: one for one in playbook_of(row.run.version).variables}
    asked = [variables[name] for name in step.asks]
    if outcome == "failed":
        asked = [one for one in asked if values.get(one.name, "").strip()]
    return {one.name: read_value(one, values.get(one.name, "")) for one in asked}


def record_values(
    subject: Subject, row: StepRun, values: Mapping[str, str], now: dt.datetime
) -> None:
    """Record what a condition waits for. Raises Denied, ValidationError by variable."""
    with transaction.atomic():
        found, step = _locked(subject, row, (State.WAITING,))
        if not isinstance(step, If):
            raise ValidationError(_("This step is no condition."))
        plan = playbook_of(found.run.version)
        missing = judge(step.condition, plan.variables, found.run.variables).missing
        variables = [one for one in plan.variables if one.name in missing]
        put(found.run, plan, {v.name: read_value(v, values.get(v.name, "")) for v in variables})
        found.by_id = subject.id
        with act("plan.decide", found.run, detail={"step": found.step}):
            found.save(update_fields=["by"])
    advance(row.run_id, now)


def try_again(subject: Subject, row: StepRun, now: dt.datetime) -> None:
    """Have a step that failed, or of which nobody knows, done once more, under the same key.
    Raises Denied, ValidationError."""
    with transaction.atomic():
        found, _step = _locked(subject, row, (State.FAILED, State.UNSURE))
        found.state, found.attempt = State.PENDING, found.attempt + 1
        found.ended, found.started = None, None
        with act("plan.again", found.run, detail={"step": found.step, "attempt": found.attempt}):
            found.save()
            PlanRun.objects.filter(pk=found.run_id).update(state=PlanRun.State.RUNNING)
    advance(row.run_id, now)


def skip_failed(subject: Subject, row: StepRun, note: str, now: dt.datetime) -> None:
    """Go on behind a step that failed. Raises Denied, ValidationError."""
    if len(note.strip()) < 3 or len(note) > NOTE_TO:
        raise ValidationError({"note": _("Say why.")})
    with transaction.atomic():
        found, _step = _locked(subject, row, (State.FAILED,))
        found.state, found.note, found.by_id = State.SKIPPED, note.strip(), subject.id
        with act("plan.step", found.run, detail={"step": found.step, "state": "skipped"}):
            found.save()
            PlanRun.objects.filter(pk=found.run_id).update(state=PlanRun.State.RUNNING)
    advance(row.run_id, now)


def abort_run(subject: Subject, run: PlanRun, reason: str, now: dt.datetime) -> None:
    """End a run before its end; what was open is cancelled. Raises Denied, ValidationError."""
    require(subject, "manage", "response.planrun")
    try:
        kept = checked_reason(reason)
    except ValidationError as error:
        raise ValidationError({"reason": error.messages}) from None
    with transaction.atomic():
        found = PlanRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
        if found.state not in PlanRun.OPEN:
            raise ValidationError(_("The run is over."))
        with act("plan.abort", found, reason=kept):
            still = StepRun.objects.filter(run=found, state__in=StepRun.OPEN)
            still.update(state=State.CANCELLED, ended=now)
            found.state, found.reason, found.ended = PlanRun.State.ABORTED, kept, now
            found.save(update_fields=["state", "reason", "ended"])

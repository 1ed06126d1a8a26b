"""Carrying out runs, step by step: the rows say what is done, so whoever looks goes on from there.

Each step is one transaction that begins with the lock of its run: what is not seen to be done is
begun, and what it does in our database is done in the transaction that records it. So a process
that is killed anywhere leaves either both or neither, and two that look at once do nothing twice.

What a `remote` step does stands elsewhere. It is claimed in one transaction, called, and recorded
in another; killed in between, it is not called again: after a while its state is *unsure*, and a
person decides.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.utils.translation import gettext_noop

from guanlan.core.audit import act
from guanlan.core.audit.recording import Detail
from guanlan.core.faults import without_values
from guanlan.core.jobs import nudge
from guanlan.response.models import PlanRun, StepRun
from guanlan.response.plans import guard
from guanlan.response.plans.cacao import (
    LANGUAGES,
    REFERENCE,
    Automatic,
    End,
    If,
    Manual,
    Parallel,
    Playbook,
    Start,
    Step,
    Text,
    Value,
)
from guanlan.response.plans.conditions import in_words, judge
from guanlan.response.plans.flow import Seen, ahead
from guanlan.response.plans.reading import playbook_of
from guanlan.response.plans.registry import (
    PlaybookStep,
    Result,
    StepContext,
    StepFailed,
    find_step,
    values_of,
)
from guanlan.response.plans.telling import Circle

logger = logging.getLogger("guanlan.plans")

JOB: Final = "plans.advance"
UNSURE_AFTER: Final = dt.timedelta(seconds=90)  # no remote call takes so long
State = StepRun.State


class Look(NamedTuple):
    """A run, locked, with its plan and what has become of its steps."""

    run: PlanRun
    plan: Playbook
    rows: dict[str, StepRun]
    circle: Circle
    now: dt.datetime


class _Call(NamedTuple):
    """A remote step that is claimed, to be called."""

    row: StepRun
    step: PlaybookStep
    context: StepContext
    values: dict[str, Value]


def advance(run: int, now: dt.datetime, *, remote: bool = False) -> None:
    """Do what can be done of a run now. Remote steps are called only by a worker (`remote`);
    others nudge it."""
    while True:
        try:
            with transaction.atomic():
                look = _look(run, now)
                begun = _begin_next(look, remote) if look is not None else False
        except _Failed as failed:
            _record_failure(run, failed, now)
            continue
        if isinstance(begun, _Call):
            _call(begun, now)
        elif not begun:
            return


class _Failed(Exception):
    """A step failed, and its transaction was undone; what was wrong is to be recorded."""

    def __init__(self, step: str, said: Result) -> None:
        super().__init__(said.text)
        self.step = step
        self.said = said


def _look(run: int, now: dt.datetime) -> Look | None:
    row = PlanRun.objects.select_for_update(of=("self",)).select_related("version").get(pk=run)
    if row.state not in PlanRun.OPEN:
        return None
    rows = {one.step: one for one in StepRun.objects.filter(run=row)}
    return Look(row, playbook_of(row.version), rows, Circle(row, now), now)


def _begin_next(look: Look, remote: bool) -> bool | _Call:
    """Begin one step; False where there is none to begin now."""
    seen = {
        one.step: Seen(one.state, one.outcome)
        for one in look.rows.values()
        if one.state != State.PENDING
    }
    now = ahead(look.plan, seen)
    if now.ended:
        _close(look)
        return False
    steps = look.plan.by_id()
    for identity in now.open:
        step = steps[identity]
        if isinstance(step, If) and _judge_again(look, step):
            return True
    for identity in now.next:
        step = steps[identity]
        if isinstance(step, Automatic) and not remote and _is_remote(look, step):
            transaction.on_commit(_wake, robust=True)
            continue
        return _begin(look, step)
    blocked = bool(now.blocked) and not now.open
    state = PlanRun.State.FAILED if blocked else PlanRun.State.WAITING
    if any(look.rows[one].state == State.RUNNING for one in now.open) or now.next:
        state = PlanRun.State.RUNNING
    if look.run.state != state:
        with act("plan.run", look.run, detail={"state": state}):
            PlanRun.objects.filter(pk=look.run.pk).update(state=state, looked=look.now)
    return False


def _wake() -> None:
    nudge(JOB)


def _is_remote(look: Look, step: Automatic) -> bool:
    found = find_step(step.command)
    return found is not None and found.remote and not (look.circle.drill and found.outside)


def _close(look: Look) -> None:
    with act("plan.run", look.run, detail={"state": "done"}):
        PlanRun.objects.filter(pk=look.run.pk).update(
            state=PlanRun.State.DONE, ended=look.now, looked=look.now
        )
        starter = look.run.started_by
        if starter is not None:
            look.circle.send(
                "plan.ended", [starter], look.plan.name, look.plan.name, urgency="normal",
                dedup=f"{look.run.seal_id}-ended",
            )  # fmt: skip


def _row(look: Look, step: Step, state: str, **more: Any) -> StepRun:
    """The row of a step that begins: made, or taken up again."""
    row = look.rows.get(step.id)
    if row is None:
        row = StepRun(
            run=look.run,
            step=step.id,
            kind=_kind(step),
            title=step.name.get(step.name.main),
            titles=dict(step.name.each()),
            key=f"{look.run.seal_id.hex}.{step.id[-12:]}.{len(look.rows)}",
            since=look.now,
        )
    row.state = state
    for name, value in more.items():
        setattr(row, name, value)
    return row


def _kind(step: Step) -> str:
    match step:
        case Start() | End() | Manual() | Automatic() | Parallel():
            return type(step).__name__.lower()
        case If():
            return "condition"


def _begin(look: Look, step: Step) -> bool | _Call:
    match step:
        case Manual():
            _ask_people(look, step)
        case If():
            _judge(look, step)
        case Automatic():
            return _automatic(look, step)
        case Start() | End() | Parallel():
            done = _row(look, step, State.DONE, started=look.now, ended=look.now)
            with act("plan.step", _named(done), detail=_detail(done)):
                done.save()
    return True


def _named(row: StepRun) -> tuple[str, str]:
    return ("response.planrun", str(row.run_id))


def _detail(row: StepRun) -> Detail:
    said: dict[str, str | int] = {"step": row.step, "state": row.state, "attempt": row.attempt}
    if row.outcome:
        said["outcome"] = row.outcome
    return said


def _ask_people(look: Look, step: Manual) -> None:
    due = look.now + dt.timedelta(seconds=step.limit)
    row = _row(look, step, State.WAITING, role=step.role, due=due, started=None, overdue=None)
    with act("plan.step", _named(row), detail=_detail(row)):
        row.save()
        people = look.circle.of_role(step.role)
        name, dedup = look.plan.name, f"{row.key}-{row.attempt}"
        if people:
            look.circle.send(
                "plan.step", people, name, step.name, dedup=dedup,
                what=step.instruction,
                minutes=max(1, step.limit // 60),
            )  # fmt: skip
        else:
            look.circle.send(
                "plan.nobody", look.circle.leaders(), name, step.name, dedup=dedup, role=step.role
            )


def _judge(look: Look, step: If) -> None:
    values = look.run.variables
    judged = judge(step.condition, look.plan.variables, values)
    why = {"why": _why(look.plan, step), "values": _seen_values(look.plan, step, values)}
    if judged.value is None:
        row = _row(look, step, State.WAITING, result={"missing": [*judged.missing]})
    else:
        row = _row(
            look, step, State.DONE, outcome=str(judged.value).lower(), result=why,
            started=look.now, ended=look.now,
        )  # fmt: skip
    with act("plan.step", _named(row), detail=_detail(row)):
        row.save()
        if judged.value is None:
            look.circle.send(
                "plan.stuck", look.circle.leaders(), look.plan.name, step.name,
                dedup=f"{row.key}-{row.attempt}",
            )  # fmt: skip


def _judge_again(look: Look, step: If) -> bool:
    """Whether a condition that nobody could judge is one that can be judged now."""
    judged = judge(step.condition, look.plan.variables, look.run.variables)
    if judged.value is None:
        return False
    _judge(look, step)
    return True


def _why(plan: Playbook, step: If) -> dict[str, str]:
    """The condition in words, in each language."""
    tags = {"en": "en", "zh-hans": "zh-Hans", "zh-hant": "zh-Hant"}
    return {lang: in_words(step.condition, plan.variables, tags[lang]) for lang in LANGUAGES}


def _seen_values(plan: Playbook, step: If, values: Mapping[str, Any]) -> dict[str, Any]:
    return {v.name: values.get(v.name) for v in plan.variables if v.name in step.condition}


def _context(look: Look, row: StepRun, step: Automatic) -> StepContext:
    def tell(text: str = "", role: str = "", person: str = "") -> int:
        to = look.circle.of_role(role) if role else look.circle.named(person)
        if role and not to:  # a plan does not stand still for it, but it is not passed over
            look.circle.send(
                "plan.nobody", look.circle.leaders(), look.plan.name, step.name,
                dedup=f"{row.key}-{row.attempt}-nobody", role=role,
            )  # fmt: skip
        return look.circle.send(
            "plan.note", to, look.plan.name, step.name, dedup=f"{row.key}-{row.attempt}",
            what=Text(en=text) if text else step.description,
        )  # fmt: skip

    return StepContext(
        run=look.run.pk,
        step=step.id,
        key=row.key,
        drill=look.circle.drill,
        now=look.now,
        origin=(look.run.origin_noun, look.run.origin_id),
        variables=dict(look.run.variables),
        tell=tell,
    )


def _automatic(look: Look, step: Automatic) -> bool | _Call:
    found = find_step(step.command)
    if found is None:
        text = gettext_noop("There is no automatic step %(name)s.")
        raise _Failed(step.id, Result(text, {"name": step.command}))
    row = _row(look, step, State.RUNNING, started=look.now)
    context = _context(look, row, step)
    try:
        values = values_of(step.parameters, look.run.variables, REFERENCE)
    except StepFailed as error:
        raise _Failed(step.id, Result(error.text, error.values)) from error
    if look.circle.drill and found.outside:
        return _done(look, row, found.rehearse(context, **values), outcome="rehearsed")
    if found.remote:
        with act("plan.call", _named(row), detail=_detail(row)):
            row.save()
        return _Call(row, found, context, values)
    try:
        with transaction.atomic():
            if look.circle.drill:
                with guard.drill(look.circle.inside):
                    result = found(context, **values)
            else:
                result = found(context, **values)
    except Exception as error:  # a step may fail in any way; its row says so
        raise _Failed(step.id, _said(error)) from error
    return _done(look, row, result)


def _said(error: Exception) -> Result:
    """What may be written down of a failure: the words of a step, else its kind alone."""
    if isinstance(error, StepFailed):
        return Result(error.text, error.values)
    if isinstance(error, guard.LeavesTheDrill):
        return Result(error.text)
    logger.error("a step of a plan: %s", without_values(error))
    return Result("%(kind)s", {"kind": type(error).__name__})


def _written(said: Result) -> dict[str, Any]:
    return {"text": said.text, "values": dict(said.values)}


def _done(look: Look, row: StepRun, result: Result, outcome: str = "") -> bool:
    row.state, row.outcome, row.ended = State.DONE, outcome, look.now
    row.result = _written(result)
    with act("plan.step", _named(row), detail=_detail(row)):
        row.save()
        put(look.run, look.plan, result.variables)
    return True


def put(run: PlanRun, plan: Playbook, values: Mapping[str, Value]) -> None:
    """Record variables of a run that is locked; others than the plan's are left out."""
    known = {one.name for one in plan.variables}
    chosen = {name: value for name, value in values.items() if name in known}
    if chosen:
        run.variables = {**run.variables, **chosen}
        with act("plan.record", run, detail={"variables": sorted(chosen)}):
            run.save(update_fields=["variables"])


def _record_failure(run: int, failed: _Failed, now: dt.datetime) -> None:
    with transaction.atomic():
        look = _look(run, now)
        if look is None:
            return
        step = look.plan.by_id()[failed.step]
        row = _row(look, step, State.FAILED, started=now, ended=now)
        row.result = _written(failed.said)
        with act("plan.step", _named(row), detail=_detail(row)):
            row.save()
            _tell_stuck(look, step, row)


def _tell_stuck(look: Look, step: Step, row: StepRun) -> None:
    look.circle.send(
        "plan.stuck", look.circle.leaders(), look.plan.name, step.name,
        dedup=f"{row.key}-{row.attempt}-{row.state}",
    )  # fmt: skip


def _call(call: _Call, now: dt.datetime) -> None:
    """Call a claimed step, and record what came of it."""
    state, result = State.DONE, Result()
    try:
        result = call.step(call.context, **call.values)
    except StepFailed as error:
        state, result = State.FAILED, _said(error)
    except Exception as error:  # noqa: BLE001 - it may fail in any way; was it done? Nobody knows
        state, result = State.UNSURE, _said(error)
    with transaction.atomic():
        look = _look(call.row.run_id, now)
        mine = StepRun.objects.filter(
            pk=call.row.pk, state=State.RUNNING, attempt=call.row.attempt
        ).first()
        if look is None or mine is None:
            return
        mine.state, mine.ended = state, None if state == State.UNSURE else now
        mine.result = _written(result)
        with act("plan.step", _named(mine), detail=_detail(mine)):
            mine.save()
            put(look.run, look.plan, result.variables)
            if state != State.DONE:
                _tell_stuck(look, look.plan.by_id()[mine.step], mine)


def find_lost(now: dt.datetime) -> int:
    """Mark remote calls whose process was killed before it recorded them; how many."""
    lost = StepRun.objects.filter(state=State.RUNNING, started__lt=now - UNSURE_AFTER)
    count = 0
    for run in sorted(set(lost.values_list("run_id", flat=True))):
        with transaction.atomic():
            look = _look(run, now)
            for row in lost.filter(run=run) if look is not None else ():
                with act("plan.step", _named(row), detail={"step": row.step, "state": "unsure"}):
                    StepRun.objects.filter(pk=row.pk).update(state=State.UNSURE)
                    row.state = State.UNSURE
                    assert look is not None
                    _tell_stuck(look, look.plan.by_id()[row.step], row)
                count += 1
    return count


def find_overdue(now: dt.datetime) -> int:
    """Mark steps whose time has passed and tell those who lead; how many."""
    late = StepRun.objects.filter(
        state=State.WAITING, due__lte=now, run__state__in=PlanRun.OPEN
    ).order_by("due")
    count = 0
    for pk, run in late.values_list("pk", "run_id")[:500]:
        with transaction.atomic():
            look = _look(run, now)
            row = late.filter(pk=pk).first()
            if look is None or row is None:
                continue
            with act("plan.step", _named(row), detail={"step": row.step, "state": "overdue"}):
                StepRun.objects.filter(pk=pk).update(state=State.OVERDUE, overdue=now)
                look.circle.send(
                    "plan.overdue", look.circle.leaders(), look.plan.name,
                    Text(**{k.replace("-", "_"): v for k, v in row.titles.items()}),
                    dedup=f"{row.key}-{row.attempt}-overdue", role=row.role,
                )  # fmt: skip
        count += 1
    return count


def advance_all(now: dt.datetime) -> int:
    """Look at every open run, remote steps included; how many there are."""
    find_lost(now)
    find_overdue(now)
    runs = PlanRun.objects.filter(state__in=("running", "waiting", "failed")).order_by("started")
    count = 0
    for pk in runs.values_list("pk", flat=True):
        advance(pk, now, remote=True)
        count += 1
    return count

"""Rows of plans, one after the other, for lists."""

from __future__ import annotations

import datetime as dt
import uuid

from guanlan.core.models import User
from guanlan.response.models import (
    Drill,
    DrillParticipant,
    Lesson,
    LessonAction,
    Plan,
    PlanRun,
    PlanVersion,
    StepRun,
)
from guanlan.response.plans.cacao_write import to_json
from tests.response.plans.plans import line_of

NOW = dt.datetime(2027, 3, 1, 9, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def make_plan(n: int) -> Plan:
    return Plan.objects.create(name=f"plan {n}", titles={"en": f"plan {n}"}, category="fraud")


def make_version(n: int) -> PlanVersion:
    return PlanVersion.objects.create(
        plan=make_plan(n), number=1, body=to_json(line_of(1)), digest="d", state="approved"
    )


def make_run(n: int, version: PlanVersion | None = None) -> PlanRun:
    return PlanRun.objects.create(
        version=version or make_version(n), variables={"why": "secret words"}
    )


def make_step(n: int, run: PlanRun | None = None) -> StepRun:
    return StepRun.objects.create(
        run=run or make_run(n), step=line_of(1).steps[1].id, kind="manual", state="waiting",
        titles={"en": f"Do {n}"}, key=uuid.uuid4().hex, note="secret words",
    )  # fmt: skip


def make_drill(n: int, version: PlanVersion | None = None) -> Drill:
    drill = Drill.objects.create(
        version=version or make_version(n), scheduled=NOW + n * MINUTE, started=NOW, state="running"
    )
    DrillParticipant.objects.create(
        drill=drill, person=User.objects.get_or_create(username="p")[0], role="operations"
    )
    return drill


def make_lesson(n: int) -> Lesson:
    return Lesson.objects.create(
        origin_noun="response.drill", origin_id="1", category="fraud", title=f"lesson {n}",
        detail="secret words",
    )  # fmt: skip


def make_action(n: int) -> LessonAction:
    return LessonAction.objects.create(
        lesson=make_lesson(n), title=f"action {n}", due=NOW + n * MINUTE, note="secret words"
    )

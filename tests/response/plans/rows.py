"""Rows of plans, one after the other, for lists."""

from __future__ import annotations

import uuid

from guanlan.response.models import Plan, PlanRun, PlanVersion, StepRun
from guanlan.response.plans.cacao_write import to_json
from tests.response.plans.plans import line_of


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

"""A plan in force, and a clock that the test sets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import translation

from guanlan.core.access import Subject, subject_of
from guanlan.core.models import User
from guanlan.response.models import Plan
from guanlan.response.plans import registry
from guanlan.response.plans.cacao import Playbook
from guanlan.response.plans.writing import approve, new_plan, submit
from tests.people import person

NOW = dt.datetime(2027, 3, 1, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def someone(role: str, name: str = "") -> Subject:
    """The subject of a person with this role, made where there is none."""
    found = User.objects.filter(username=name or role).first()
    return subject_of(found or person(role, name))


def in_force(plan: Playbook) -> Plan:
    """The plan, written by one person and approved by another."""
    version = new_plan(someone("operations", "writer"), plan, "operations", NOW)
    submit(someone("operations", "writer"), version, NOW)
    approve(someone("risk_owner", "approver"), version, NOW)
    return Plan.objects.get(pk=version.plan_id)


@pytest.fixture
def step(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Register an automatic step for the test; what it was called with is in the list."""
    monkeypatch.setattr(registry, "_steps", dict(registry._steps))

    def make(
        name: str,
        do: Callable[..., Any] | None = None,
        *,
        outside: bool = False,
        remote: bool = False,
    ) -> list[Any]:
        calls: list[Any] = []

        def call(context: registry.StepContext, **values: Any) -> registry.Result:
            calls.append((context, values))
            return (do(context, **values) if do else None) or registry.Result("called")

        registry.playbook_step(name, name, {}, outside=outside, remote=remote)(call)
        return calls

    return make

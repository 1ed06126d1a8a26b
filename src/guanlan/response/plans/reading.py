"""What stands in a version, as a plan; and what this installation knows of roles and steps."""

from __future__ import annotations

from functools import lru_cache

from guanlan.core.access.table import ROLES
from guanlan.response.models import PlanVersion
from guanlan.response.plans.cacao import Playbook
from guanlan.response.plans.cacao_check import Known
from guanlan.response.plans.cacao_read import read
from guanlan.response.plans.registry import wanted

_NOT_OWNERS = ("auditor",)  # who changes nothing owns no step


@lru_cache(maxsize=128)
def _plan(body: str) -> Playbook:
    found = read(body).plan
    if found is None:
        raise LookupError("the body of a version is no playbook")
    return found


def playbook_of(version: PlanVersion) -> Playbook:
    """The plan of a version, which was read without a problem when it was written."""
    return _plan(version.body)


def known() -> Known:
    """The roles that may own a step, and the automatic steps there are."""
    return Known([role for role in ROLES if role not in _NOT_OWNERS], wanted())

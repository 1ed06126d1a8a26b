"""Those who want to know that a case was closed, each called once for each closing.

    @on_case_closed("fraud.labels")
    def label(case: Case, now: datetime) -> None: ...

A hook is called in a transaction of its own, with the row that says so: what it writes to the
database is written once or not at all, even where the process is killed in the midst of it. What
leaves the database it writes through the outbox. A hook that fails is tried again each minute.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Final

from django.db import transaction

from guanlan.core.audit import act
from guanlan.core.faults import without_values
from guanlan.response.models import Case, CaseCall

logger = logging.getLogger("guanlan.cases")

CALLS: Final = "cases.calls"
AT_ONCE: Final = 200
Hook = Callable[[Case, dt.datetime], None]
_hooks: Final[dict[str, Hook]] = {}


def on_case_closed(name: str) -> Callable[[Hook], Hook]:
    """Registers the function; `name` is kept in the rows. Raises ValueError for one used twice."""

    def register(hook: Hook) -> Hook:
        if name in _hooks:
            raise ValueError(f"hook {name} of closed cases is registered twice")
        _hooks[name] = hook
        return hook

    return register


def call_all(now: dt.datetime) -> int:
    """Call whoever was not called yet; how many calls were made. Safe to be done by several."""
    done = 0
    waiting = Case.objects.filter(calls_due=True).order_by("pk")
    for number in list(waiting.values_list("pk", flat=True)[:AT_ONCE]):
        failed = False
        for name, hook in _hooks.items():
            try:
                done += _call(number, name, hook, now)
            except Exception as error:  # noqa: BLE001 - the others are called, it is tried again
                logger.error("hook %s of case %s: %s", name, number, without_values(error))
                failed = True
        if not failed:
            _settle(number)
    return done


def _call(number: int, name: str, hook: Hook, now: dt.datetime) -> int:
    with transaction.atomic():
        case = Case.objects.select_for_update().get(pk=number)
        if not case.calls_due:
            return 0
        made = CaseCall(case=case, closing=case.closings, name=name, at=now)
        if CaseCall.objects.filter(case=case, closing=case.closings, name=name).exists():
            return 0
        with act("case.call", case, detail={"name": name}):
            made.save()
            hook(case, now)
    return 1


def _settle(number: int) -> None:
    """Every hook was called for the last closing, unless it was closed again meanwhile."""
    with transaction.atomic():
        case = Case.objects.select_for_update().get(pk=number)
        called = CaseCall.objects.filter(case=case, closing=case.closings)
        if _hooks.keys() <= set(called.values_list("name", flat=True)):
            Case.objects.filter(pk=number).update(calls_due=False)

"""Closing a case with what it was, and opening it again.

A severe one is closed by two: who asks for it, and another who is neither that person nor the
owner. What it was is then what its open alerts were, and those who want to know of it are called.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from guanlan.core.access import Denied, Subject, require
from guanlan.core.audit import act
from guanlan.core.jobs import nudge
from guanlan.response.alerts.handling import DISPOSITIONS
from guanlan.response.cases.amounts import at_stake, found_in
from guanlan.response.cases.calling import CALLS
from guanlan.response.cases.finding import NOUN, locked, open_row, reason_of
from guanlan.response.cases.handling import AT_ONCE, answered, end_waiting
from guanlan.response.cases.letters import tell_to_confirm
from guanlan.response.cases.rules import rules
from guanlan.response.cases.timeline import enter
from guanlan.response.models import Alert, AlertHappening, Case
from guanlan.risk.loss.keeping import propose_loss

State = Case.State
# What a loss of a case is taken to be until a person says it.
LOSS_TYPES: Final = {
    "fraud": "external_fraud",
    "security": "external_fraud",
    "operations": "disruption",
    "privacy": "clients",
    "compliance": "clients",
    "reputation": "clients",
}


def needs_two(case: Case) -> bool:
    """Whether closing it needs a second person."""
    least = rules()[case.category].confirm_from
    return least is not None and case.severity >= least


def close(subject: Subject, case: Case, disposition: str, reason: str, *, now: dt.datetime) -> Case:
    """Close it, or where it is severe ask that another confirms it. Raises Denied, or
    ValidationError by field."""
    said = reason_of(reason)
    if disposition not in DISPOSITIONS:
        names = ", ".join(DISPOSITIONS)
        text = _("Say what it was: one of %(names)s.") % {"names": names}
        raise ValidationError({"disposition": text})
    two = needs_two(case)
    detail = {"disposition": disposition}
    asked = act("case.ask_to_close", case, detail=detail)
    with asked if two else act("case.close", case, detail=detail):
        row = open_row(subject, case)
        if row.closing_by_id is not None:
            raise ValidationError(_("Somebody wants to close it already: confirm or refuse that."))
        if needs_two(row) != two:
            raise ValidationError(_("Its severity has changed meanwhile: look at it again."))
        answered(row, subject, now)
        end_waiting(row, now)
        if two:
            row.closing_by_id, row.closing_at, row.closing_as = subject.id, now, disposition
            row.save()
            enter(row, "closing", now, subject, text=said, values=detail)
            tell_to_confirm(row, subject, now)
        else:
            _close(subject, row, disposition, said, now)
    return row


def confirm(subject: Subject, case: Case, *, now: dt.datetime) -> Case:
    """Agree that it is closed. Raises Denied to who asked for it and to its owner, and
    ValidationError where nobody asked."""
    require(subject, "approve", NOUN)
    with act("case.close", case):
        row = open_row(subject, case)
        _check_second(subject, row)
        row.closed_by_id = row.closing_by_id
        _close(subject, row, row.closing_as, "", now)
    return row


def refuse(subject: Subject, case: Case, reason: str, *, now: dt.datetime) -> Case:
    """Refuse that it is closed, or take back what one asked for. Raises Denied, or
    ValidationError by field."""
    said = reason_of(reason)
    with act("case.refuse_to_close", case):
        row = open_row(subject, case)
        if row.closing_by_id is None or row.closing_by_id != subject.id:
            require(subject, "approve", NOUN)
        if row.closing_at is None:
            raise ValidationError(_("Nobody wants to close it."))
        row.closing_by, row.closing_at, row.closing_as = None, None, ""
        row.save()
        enter(row, "closing_refused", now, subject, text=said)
    return row


def may_confirm(subject: Subject, case: Case) -> bool:
    """Whether this person is a second one."""
    return subject.id is not None and subject.id not in (case.closing_by_id, case.owner_id)


def _check_second(subject: Subject, row: Case) -> None:
    if row.closing_at is None:
        raise ValidationError(_("Nobody wants to close it."))
    if not may_confirm(subject, row):
        raise Denied(f"{subject.name} may not confirm what they closed or own", "approve", NOUN)


def _close(subject: Subject, row: Case, disposition: str, reason: str, now: dt.datetime) -> None:
    """Close it and its alerts; within the caller's act."""
    row.state, row.live, row.disposition = State.CLOSED, False, disposition
    row.closed, row.closed_by_id = now, row.closed_by_id or subject.id
    row.closing_by, row.closing_at, row.closing_as = None, None, ""
    row.closings += 1
    row.calls_due = True
    row.found = found_in([row.pk])[row.pk]  # with what has come since it was last looked at
    row.save()
    enter(row, "closed", now, subject, text=reason, values={"disposition": disposition})
    _close_alerts(subject, row, disposition, now)
    _propose_loss(row, disposition, now)
    transaction.on_commit(lambda: nudge(CALLS), robust=True)


def _propose_loss(row: Case, disposition: str, now: dt.datetime) -> None:
    """Propose what a confirmed case has cost as a loss: once, a person judges it."""
    stake = at_stake(row)
    if disposition != "confirmed" or stake is None or stake.amount <= 0:
        return
    propose_loss(
        (NOUN, str(row.pk)), title=_("Case %(n)s") % {"n": row.pk},
        type=LOSS_TYPES.get(row.category, "execution"), gross=stake.amount, money=stake.currency,
        occurred=row.opened, discovered=row.opened, now=now,
    )  # fmt: skip


def _close_alerts(subject: Subject, row: Case, disposition: str, now: dt.datetime) -> None:
    """Give the open alerts of a case what it was; those closed before keep what they were."""
    there = Alert.objects.select_for_update().filter(case=row, live=True).order_by("pk")
    keys = list(there.values_list("pk", flat=True))
    for start in range(0, len(keys), AT_ONCE):
        part = keys[start : start + AT_ONCE]
        new = Alert.objects.filter(pk__in=part, acknowledged=None)
        new.update(acknowledged=now, acknowledged_by_id=subject.id)
        Alert.objects.filter(pk__in=part).update(
            state="closed", live=False, current=False, disposition=disposition, closed=now,
            closed_by_id=subject.id, muted="", muted_until=None, due=None,
        )  # fmt: skip
        AlertHappening.objects.bulk_create(
            AlertHappening(
                alert_id=pk, at=now, kind="closed", by_id=subject.id,
                values={"disposition": disposition, "case": row.pk},
            )
            for pk in part
        )  # fmt: skip


def reopen(subject: Subject, case: Case, reason: str, *, now: dt.datetime) -> Case:
    """Open a closed one again, with the deadlines that it had; its alerts stay closed. Raises
    Denied, or ValidationError by field."""
    said = reason_of(reason)
    with act("case.reopen", case):
        row = locked(subject, case)
        if row.live:
            raise ValidationError(_("It is not closed."))
        if row.merged_into_id is not None:
            raise ValidationError(_("It was merged into another case: open that one."))
        row.state = State.CONTAINED if row.contained else State.ACKNOWLEDGED
        row.live, row.disposition = True, ""
        row.closed, row.closed_by = None, None
        row.reopened += 1
        row.save()
        enter(row, "reopened", now, subject, text=said)
    return row

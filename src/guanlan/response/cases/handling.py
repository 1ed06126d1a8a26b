"""What people do with a case while it is open.

Whatever is done first answers it: its owner is who did it where it had none, and alerts in it that
nobody had acknowledged are acknowledged with it.
"""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access import Subject
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.engine.scenario.vocabulary import CURRENCIES
from guanlan.response.cases.clocking import Calendars, pauses_of, set_dues, tighten
from guanlan.response.cases.finding import open_row, reason_of
from guanlan.response.cases.letters import tell_given
from guanlan.response.cases.priority import set_priority
from guanlan.response.cases.rules import deadlines
from guanlan.response.cases.sharing import Load
from guanlan.response.cases.timeline import enter
from guanlan.response.models import (
    Alert,
    AlertHappening,
    Case,
    CaseItem,
    CasePause,
    CaseQueue,
)
from guanlan.response.terms import Severity

State = Case.State
AT_ONCE = 500
MOST_AMOUNT = 10**14  # minor units
LONGEST_ITEM = 200
MOST_ITEMS = 100


def acknowledge(subject: Subject, case: Case, *, now: dt.datetime) -> Case:
    """Say that somebody looks at it. Raises Denied, or ValidationError where it is not new."""
    with act("case.acknowledge", case):
        row = open_row(subject, case)
        if row.state != State.NEW:
            raise ValidationError(_("Only a new case is acknowledged."))
        answered(row, subject, now)
        row.save()
    return row


def answered(row: Case, subject: Subject, now: dt.datetime) -> None:
    """Note that somebody has begun to work on it; the caller saves it."""
    if row.first_response is not None:
        return
    row.first_response = now
    if row.state == State.NEW:
        row.state = State.ACKNOWLEDGED
    if row.owner_id is None:
        row.owner_id = subject.id
    enter(row, "acknowledged", now, subject)
    new = list(Alert.objects.filter(case=row, state="new", live=True).values_list("pk", flat=True))
    for start in range(0, len(new), AT_ONCE):
        part = new[start : start + AT_ONCE]
        Alert.objects.filter(pk__in=part).update(
            state="acknowledged", acknowledged=now, acknowledged_by_id=subject.id
        )
        AlertHappening.objects.bulk_create(
            AlertHappening(
                alert_id=pk, at=now, kind="acknowledged", by_id=subject.id, values={"case": row.pk}
            )
            for pk in part
        )


def assign(
    subject: Subject, case: Case, person: User | None, *, now: dt.datetime, reason: str = ""
) -> Case:
    """Give it to a person, or to nobody; whoever takes it for themselves answers it. `reason` is
    what is handed over with it. Raises Denied, or ValidationError by field."""
    said = reason_of(reason) if reason.strip() else ""
    if person is not None and not person.is_active:
        raise ValidationError({"person": _("This account is disabled.")})
    with act("case.assign", case, detail={"person": person.pk if person else None}):
        row = open_row(subject, case)
        row.owner = person
        name = person.get_username() if person else ""
        enter(row, "assigned", now, subject, text=said, values={"name": name})
        if person is not None and person.pk == subject.id:
            answered(row, subject, now)
        row.save()
        tell_given([row], subject, now)
    return row


def take(subject: Subject, case: Case, *, now: dt.datetime) -> Case:
    """Make it one's own. Raises Denied, or ValidationError where it is closed."""
    if subject.id is None:
        raise ValidationError(_("Only a person takes a case."))
    return assign(subject, case, User.objects.get(pk=subject.id), now=now)


def share(subject: Subject, case: Case, *, now: dt.datetime) -> Case:
    """Give it to whoever of its queue has the least to do. Raises Denied, or ValidationError
    where it has no queue or nobody in it may work on cases."""
    queue = CaseQueue.objects.filter(cases=case.pk).first()
    if queue is None:
        raise ValidationError(_("The case is in no queue."))
    least = Load([queue]).least(queue.people)
    if least is None:
        raise ValidationError(_("Nobody in this queue works on cases."))
    return assign(subject, case, User.objects.get(pk=least), now=now)


def put_into(subject: Subject, case: Case, queue: CaseQueue | None, *, now: dt.datetime) -> Case:
    """Put it into another queue, or into none. Raises Denied, or ValidationError."""
    with act("case.queue", case, detail={"queue": queue.pk if queue else None}):
        row = open_row(subject, case)
        row.queue = queue
        row.save()
        enter(row, "queued", now, subject, values={"name": queue.name if queue else ""})
    return row


def contain(subject: Subject, case: Case, *, now: dt.datetime) -> Case:
    """Say that it does no more harm. Raises Denied, or ValidationError."""
    with act("case.contain", case):
        row = open_row(subject, case)
        if row.state == State.CONTAINED:
            raise ValidationError(_("It is contained already."))
        answered(row, subject, now)
        row.state, row.contained = State.CONTAINED, now
        row.save()
        enter(row, "contained", now, subject)
    return row


def wait(subject: Subject, case: Case, reason: str, *, now: dt.datetime) -> Case:
    """Have it wait for the customer: the clock of resolving stands still. Raises Denied, or
    ValidationError by field."""
    said = reason_of(reason)
    with act("case.wait", case):
        row = open_row(subject, case)
        if row.waiting is not None:
            raise ValidationError(_("It waits already."))
        answered(row, subject, now)
        row.waiting = now
        row.save()
        CasePause.objects.create(case=row, begins=now)
        enter(row, "waits", now, subject, text=said)
    return row


def resume(subject: Subject, case: Case, *, now: dt.datetime) -> Case:
    """Go on; the clock runs again, later by the time it stood. Raises Denied, or
    ValidationError where it does not wait."""
    with act("case.resume", case):
        row = open_row(subject, case)
        if row.waiting is None:
            raise ValidationError(_("It does not wait."))
        end_waiting(row, now)
        row.save()
        enter(row, "goes_on", now, subject)
    return row


def end_waiting(row: Case, now: dt.datetime) -> None:
    """End a pause, if there is one; the caller saves the case."""
    if row.waiting is not None:
        CasePause.objects.filter(case=row, ends=None).update(ends=max(now, row.waiting))
        row.waiting = None
        set_dues(row, Calendars(), now, pauses_of(row))
        set_priority(row, now)


def change_severity(
    subject: Subject, case: Case, severity: Severity, reason: str, *, now: dt.datetime
) -> Case:
    """Make it more or less severe; the earlier deadlines hold. Raises Denied, or ValidationError
    by field."""
    said = reason_of(reason)
    with act("case.severity", case, detail={"to": int(severity)}):
        row = open_row(subject, case)
        if row.severity == severity:
            raise ValidationError({"severity": _("It has this severity already.")})
        answered(row, subject, now)
        values = {"from": row.severity, "to": int(severity)}
        row.severity = int(severity)
        tighten(row, deadlines()[int(severity)], Calendars(), now, pauses_of(row))
        set_priority(row, now)
        row.save()
        enter(row, "severity", now, subject, text=said, values=values)
    return row


def set_amount(
    subject: Subject, case: Case, amount: int | None, currency: str, *, now: dt.datetime
) -> Case:
    """Say how much is at stake, in whole minor units; None: what its alerts found counts. Raises
    Denied, or ValidationError by field."""
    if amount is not None and not 0 <= amount <= MOST_AMOUNT:
        raise ValidationError({"amount": _("An amount from 0 to a trillion.")})
    if amount is not None and currency not in CURRENCIES:
        raise ValidationError({"currency": _("An amount needs a currency, such as CNY.")})
    with act("case.amount", case):
        row = open_row(subject, case)
        row.amount, row.currency = amount, currency if amount is not None else ""
        row.amount_by_id = subject.id if amount is not None else None
        set_priority(row, now)
        row.save()
        enter(row, "amount", now, subject, values={"amount": amount, "currency": row.currency})
    return row


def tick(subject: Subject, case: Case, place: int, *, now: dt.datetime, done: bool = True) -> Case:
    """Say that an item of the checklist is done, or is not after all. Raises Denied, or
    ValidationError by field where there is no such item."""
    with act("case.item", case, detail={"place": place}):
        row = open_row(subject, case)
        item = CaseItem.objects.filter(case=row, place=place).first()
        if item is None:
            raise ValidationError({"place": _("The checklist has no such item.")})
        answered(row, subject, now)
        item.done, item.done_by_id = (now, subject.id) if done else (None, None)
        item.save()
        row.save()
        enter(row, "item" if done else "item_open", now, subject, values={"item": item.text})
    return row


def add_item(subject: Subject, case: Case, text: str, *, now: dt.datetime) -> CaseItem:
    """Put something on the checklist. Raises Denied, or ValidationError by field."""
    said = " ".join(text.replace("\0", "").split())
    if not 1 <= len(said) <= LONGEST_ITEM:
        text = _("Write 1 to %(n)s characters.") % {"n": LONGEST_ITEM}
        raise ValidationError({"text": text})
    with act("case.item", case):
        row = open_row(subject, case)
        last = CaseItem.objects.filter(case=row).order_by("-place").first()
        if last is not None and last.place >= MOST_ITEMS:
            raise ValidationError({"text": _("The checklist is full.")})
        answered(row, subject, now)
        row.save()
        place = last.place + 1 if last is not None else 1
        return CaseItem.objects.create(case=row, place=place, text=said)


def retitle(subject: Subject, case: Case, title: str, summary: str, *, now: dt.datetime) -> Case:
    """Give it another title, or none of its own, and say what happened. Raises Denied, or
    ValidationError by field."""
    said, text = title.replace("\0", "").strip(), summary.replace("\0", "").strip()
    if len(said) > 120:
        raise ValidationError({"title": _("A title has at most 120 characters.")})
    if len(text) > 4000:
        raise ValidationError({"summary": _("The summary has at most 4000 characters.")})
    with act("case.title", case):
        row = open_row(subject, case)
        if not said and not row.text:
            raise ValidationError({"title": _("A case that was opened by hand needs a title.")})
        answered(row, subject, now)
        row.title, row.summary = said, text
        row.save()
    return row

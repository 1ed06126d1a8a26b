"""Actions on many objects: a few at once, more by a job that goes on where it stopped.

A job does them one by one, each in one transaction with the mark of how far it is, as the person
who asked for it and with the rights that person has at that moment. A worker that dies repeats
nothing: what it had written into the audit log of the row in hand, which was not committed, is
said there to be undone before the row is taken up again. Who cancels stops it before the next row.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction
from django.db.models import Q
from django.http import Http404
from django.utils import timezone, translation
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from guanlan.core.access import Denied, Subject, subject_of
from guanlan.core.audit import AuditUnavailable, act, acting
from guanlan.core.audit.copying import undo_lost
from guanlan.core.audit.recording import Detail
from guanlan.core.faults import without_values
from guanlan.core.jobs import Progress, Told, job, nudge
from guanlan.core.jobs.progress import Cancelled
from guanlan.core.models import User
from guanlan.core.sealing import update_sealed
from guanlan.web.models import BulkAct
from guanlan.web.resource.declared import Action, Resource, Saved
from guanlan.web.resource.fields import prepared
from guanlan.web.resource.outcome import Outcome, Said
from guanlan.web.resource.reading import visible
from guanlan.web.resource.registry import resource_of
from guanlan.web.resource.stamps import same, stamp

logger = logging.getLogger(__name__)

JOB: Final = "bulk.acts"
CHUNK: Final = 100  # rows after which the rights are read anew
EVERY: Final = 300  # seconds after which a job looks for what no nudge told it of
LONGEST: Final = 24 * 3600

State = BulkAct.State


def unfit(action: Action) -> str:
    """What is said of an object to which an action does not apply as it is now."""
    return _("“%(action)s” does not fit the present state.") % {"action": action.title}


def forbidden() -> str:
    """What is said of an object that is out of the person's reach."""
    return _("You may not do this to it.")


def asked_form(action: Action, subject: Subject, typed: Any) -> forms.Form:
    """What the action asks once for many objects, its relations scoped; `typed` is what was
    sent. Raises Http404 where it asks nothing."""
    if action.many is None:
        raise Http404
    made = action.many(subject)(typed)
    prepared(made, subject, frozenset())
    return made


def attempt(
    resource: Resource,
    action: Action,
    row: Any,
    subject: Subject,
    values: dict[str, Any] | None = None,
    seen: str = "",
) -> Said:
    """Do the action to one object, and what is to be said of it. What goes wrong with one object
    says nothing of the next. With `seen` it is left as it is where it is another one by now."""
    try:
        with transaction.atomic():
            if seen:
                row = _now(resource, subject, action, row.pk)
                if row is None:
                    return Said(False, forbidden())
                if not same(seen, stamp(row, resource.drifts)):
                    return Said(False, _("Somebody changed it meanwhile."))
            if not action.fits(row):
                return Said(False, unfit(action))
            if not action.suits(row, subject):
                return Said(False, forbidden())
            made = action.do(row, subject, *(() if values is None else (values,)))
    except ValidationError as error:
        return Said(False, " ".join(error.messages))
    except Denied:
        return Said(False, forbidden())
    if action.became is None or not isinstance(made, Saved):
        return Said(True)
    return Said(True, str(action.became(made.object)))


def _now(resource: Resource, subject: Subject, action: Action, key: Any) -> Any:
    """The object as it is now, which nobody else changes until the transaction ends; None where
    the subject may not do the action to it."""
    mine = resource.model._base_manager.filter(pk=key)
    if resource.within:
        relation = resource.model._meta.get_field(resource.within)
        whole = cast("type[models.Model]", relation.related_model)
        held = mine.values(relation.name)
        locked = whole._base_manager.select_for_update()
        locked.filter(pk__in=held).values_list("pk").first()
    mine = mine.select_for_update()
    if mine.values_list("pk", flat=True).first() is None:
        return None
    return visible(resource, subject, action.verb).filter(pk=key).first()


def start(
    subject: Subject,
    resource: Resource,
    action: Action,
    keys: Sequence[Any],
    typed: Mapping[str, Sequence[str]] | None = None,
    stamps: Sequence[str] = (),
) -> BulkAct:
    """Have the action done to the objects of these primary keys, soon. `typed` is what was sent
    to an action that asks, by field; `stamps` tell what each object was like."""
    made = BulkAct(
        owner_id=subject.id,
        noun=resource.noun,
        action=action.name,
        language=translation.get_language() or "en",
        keys=[str(key) for key in keys],
        stamps=list(stamps),
        typed="" if typed is None else json.dumps(typed),
        total=len(keys),
    )
    detail: Detail = {"noun": resource.noun, "action": action.name, "rows": len(keys)}
    with act("bulk.start", made, detail=detail):
        made.save()
        transaction.on_commit(lambda: nudge(JOB))
    return made


def cancel(row: BulkAct, subject: Subject) -> str:
    """Stop it before its next row. Raises ValidationError where it has ended."""
    with act("bulk.cancel", row):
        now = timezone.now()
        mine = BulkAct.objects.filter(pk=row.pk)
        waiting = mine.filter(state=State.WAITING)
        if waiting.update(state=State.CANCELLED, finished=now):
            update_sealed(mine, typed="")
            return _("It is cancelled; nothing was done.")
        if not mine.filter(state=State.RUNNING).update(cancelling=True):
            raise ValidationError(_("It has ended already."))
    return _("It ends before its next row. What is done stays done.")


@job(JOB, title=gettext_lazy("Actions on many objects"), every=EVERY, timeout=LONGEST)
def work(progress: Progress) -> Told:
    """Carry out what waits, and what a worker left."""
    open_ones = BulkAct.objects.filter(state__in=(State.WAITING, State.RUNNING)).order_by("pk")
    rows = 0
    while (found := open_ones.first()) is not None:
        try:
            rows += carry_out(found, progress)
        except Cancelled:
            _end(found, State.CANCELLED)
            raise
    return Told(gettext_noop("%(n)s rows dealt with"), {"n": rows})


def carry_out(bulk: BulkAct, progress: Progress) -> int:
    """Go on with one of them until it is at its end or is cancelled; how many rows that was."""
    if bulk.state == State.RUNNING:
        _undo_lost(bulk)
    try:
        resource = resource_of(bulk.noun)
        action = next(one for one in resource.actions if one.name == bulk.action)
    except (KeyError, StopIteration):
        _end(bulk, State.FAILED)
        return 0
    BulkAct.objects.filter(pk=bulk.pk, state=State.WAITING).update(state=State.RUNNING)
    progress.of(bulk.total - bulk.at)
    for begin in range(bulk.at, bulk.total, CHUNK):
        owner = User.objects.filter(bulk_acts=bulk.pk, is_active=True).first()
        if owner is None:
            _end(bulk, State.FAILED)
            return begin - bulk.at
        subject = subject_of(owner)
        with translation.override(bulk.language):
            try:
                values = _values(bulk, action, subject)
            except ValidationError:  # whom or what it names is gone, or out of the person's reach
                _give_up(bulk)
                return begin - bulk.at
            for at in range(begin, min(begin + CHUNK, bulk.total)):
                with acting(subject, request=_request(bulk, at)):
                    gone_on = _next(bulk, at, resource, action, subject, values)
                if not gone_on:
                    _end(bulk, State.CANCELLED)
                    return at - bulk.at
                progress.advance()
    _end(bulk, State.DONE)
    return bulk.total - bulk.at


def _request(bulk: BulkAct, at: int) -> str:
    """The row at `at`, as the audit log names the request of what is done to it."""
    return f"bulk {bulk.pk} {at}"


def _undo_lost(bulk: BulkAct) -> None:
    """Tell the audit log of what a worker that was killed had written there of the row in hand."""
    with transaction.atomic():
        # Whoever is still at this row has the lock: it commits and moves the mark, or gives up.
        mine = BulkAct.objects.select_for_update().filter(pk=bulk.pk, at=bulk.at)
        if mine.first() is not None:
            undo_lost(_request(bulk, bulk.at), (BulkAct._meta.label_lower, str(bulk.pk)))


def _values(bulk: BulkAct, action: Action, subject: Subject) -> dict[str, Any] | None:
    """What was typed, read anew as the person who typed it; None where the action asks nothing.
    Raises ValidationError where it does not hold any more."""
    if not bulk.typed:
        if action.form is not None:
            raise ValidationError("")
        return None
    data = MultiValueDict[str, Any](json.loads(bulk.typed))
    form = asked_form(action, subject, data)
    if not form.is_valid():
        raise ValidationError("")
    return form.cleaned_data


def _next(
    bulk: BulkAct,
    at: int,
    resource: Resource,
    action: Action,
    subject: Subject,
    values: dict[str, Any] | None,
) -> bool:
    """Deal with the row at `at` and move the mark past it, both or neither; False where it was
    cancelled."""
    mine = BulkAct.objects.filter(pk=bulk.pk, state=State.RUNNING, at=at)
    with transaction.atomic():
        locked = mine.select_for_update()
        now = locked.values_list("cancelling", "words", "done", "refused").first()
        if now is None or now[0]:
            return False
        try:
            row = visible(resource, subject, action.verb).filter(pk=bulk.keys[at]).first()
        except (ValueError, ValidationError):  # a key that is none must not stop all that wait
            row = None
        said = Said(False, forbidden())
        if row is not None:
            seen = bulk.stamps[at] if at < len(bulk.stamps) else ""
            try:
                said = attempt(resource, action, row, subject, values, seen)
            except (AuditUnavailable, DatabaseError):
                raise  # nothing of it holds; the row is tried again
            except Exception as error:  # noqa: BLE001 - one object must not stop the others
                logger.error("bulk %s %s: %s", bulk.noun, bulk.action, without_values(error))
                said = Said(False, type(error).__name__)
        outcome = Outcome(now[1])
        outcome.add(said, None if row is None else lambda: resource.name_of(row))
        mine.update(
            at=at + 1,
            done=now[2] + outcome.done,
            refused=now[3] + outcome.refused,
            words=outcome.words,
        )
    return True


def _give_up(bulk: BulkAct) -> None:
    """End it, and say of the rows that are left why nothing is done to them."""
    with transaction.atomic():
        now = BulkAct.objects.select_for_update().get(pk=bulk.pk)
        outcome = Outcome(now.words)
        text = _("What was asked for does not hold any more: look at it and do it anew.")
        outcome.add(Said(False, text), count=now.total - now.at)
        refused = now.refused + outcome.refused
        BulkAct.objects.filter(pk=bulk.pk).update(words=outcome.words, refused=refused)
    _end(bulk, State.FAILED)


def _end(bulk: BulkAct, state: str) -> None:
    still = Q(pk=bulk.pk, state__in=(State.WAITING, State.RUNNING))
    BulkAct.objects.filter(still).update(state=state, finished=timezone.now())
    if bulk.typed:  # it was kept for the rows
        update_sealed(BulkAct.objects.filter(pk=bulk.pk), typed="")

"""Tasks of an incident: done by one person, verified by another."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access import Subject
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.response.incidents.finding import locked, reason_of
from guanlan.response.incidents.timeline import enter
from guanlan.response.models import Incident, IncidentTask

State = IncidentTask.State
LONGEST_NOTE = 2000


def add_task(
    subject: Subject,
    incident: Incident,
    title: str,
    due: dt.datetime,
    *,
    now: dt.datetime,
    owner: User | None = None,
) -> IncidentTask:
    """Add something to do. Raises Denied, or ValidationError by field."""
    said = " ".join(title.replace("\0", "").split())
    if not 3 <= len(said) <= 120:
        raise ValidationError({"title": _("Write 3 to %(n)s characters.") % {"n": 120}})
    if due <= now:
        raise ValidationError({"due": _("This is in the past.")})
    with act("incident.task", incident):
        row = locked(subject, incident)
        if row.state == Incident.State.CLOSED:
            raise ValidationError(_("The incident is closed."))
        task = IncidentTask(
            incident=row, title=said, owner=owner, due=due, created=now, created_by_id=subject.id
        )
        task.save()
        name = owner.get_username() if owner else ""
        enter(row, "task", now, subject, values={"title": said, "person": name})
    return task


def finish_task(
    subject: Subject, task: IncidentTask, *, now: dt.datetime, note: str = ""
) -> IncidentTask:
    """Say that it is done. Raises Denied, or ValidationError."""
    said = note.replace("\0", "").strip()
    if len(said) > LONGEST_NOTE:
        raise ValidationError({"note": _("At most %(n)s characters.") % {"n": LONGEST_NOTE}})
    with act("incident.task_done", task):
        row, found = _locked(subject, task, State.OPEN)
        found.state, found.done, found.done_by_id, found.note = State.DONE, now, subject.id, said
        found.save()
        enter(row, "task_done", now, subject, text=said, values={"title": found.title})
    return found


def verify_task(
    subject: Subject, task: IncidentTask, *, now: dt.datetime, refused: str = ""
) -> IncidentTask:
    """Say that what was done is right, or open it again with what is missing. Raises Denied, or
    ValidationError for whoever did it."""
    said = reason_of(refused) if refused else ""
    with act("incident.task_verify", task, detail={"refused": bool(said)}):
        row, found = _locked(subject, task, State.DONE)
        if found.done_by_id == subject.id:
            raise ValidationError(_("Another person than the one who did it verifies a task."))
        if said:
            found.state, found.done, found.done_by = State.OPEN, None, None
        else:
            found.state, found.verified, found.verified_by_id = State.VERIFIED, now, subject.id
        found.save()
        kind = "task_refused" if said else "task_verified"
        enter(row, kind, now, subject, text=said, values={"title": found.title})
    return found


def drop_task(
    subject: Subject, task: IncidentTask, reason: str, *, now: dt.datetime
) -> IncidentTask:
    """Say that it will not be done, and why. Raises Denied, or ValidationError by field."""
    said = reason_of(reason)
    with act("incident.task_drop", task):
        row, found = _locked(subject, task, State.OPEN)
        found.state, found.note = State.DROPPED, said
        found.save()
        enter(row, "task_dropped", now, subject, text=said, values={"title": found.title})
    return found


def _locked(subject: Subject, task: IncidentTask, state: str) -> tuple[Incident, IncidentTask]:
    """Its incident and the task as they are now. Raises Denied, or ValidationError."""
    row = locked(subject, task.incident)
    found = IncidentTask.objects.get(pk=task.pk)
    if found.state != state:
        text = _("This task is %(state)s.") % {"state": found.get_state_display()}
        raise ValidationError(text)
    found.incident = row
    return row, found

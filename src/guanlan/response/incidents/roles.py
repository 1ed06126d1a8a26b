"""Who has which role in an incident, from when to when."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access import Subject
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.response.incidents.finding import locked
from guanlan.response.incidents.timeline import enter
from guanlan.response.models import Incident, RoleHeld


def assume(
    subject: Subject, incident: Incident, role: str, person: User, *, now: dt.datetime
) -> RoleHeld:
    """Give a person a role; whoever had it renounces it at the same time. The first commander
    acknowledges the incident. Raises Denied, or ValidationError by field."""
    if role not in RoleHeld.Role.values:
        text = _("The role is one of %(names)s.") % {"names": ", ".join(RoleHeld.Role.values)}
        raise ValidationError({"role": text})
    with act("incident.assume", incident, detail={"role": role, "person": person.pk}):
        row = locked(subject, incident)
        _going(row)
        held = put_in_role(row, role, person, subject, now)
        row.save()
    return held


def put_in_role(
    row: Incident, role: str, person: User, subject: Subject, now: dt.datetime
) -> RoleHeld:
    """The same for a row that is locked and saved by the caller, within its act."""
    before = row.roles.filter(role=role, renounced_at__isnull=True).first()
    if before is not None and before.person_id == person.pk:
        text = _("%(person)s has this role already.") % {"person": person.get_username()}
        raise ValidationError({"person": text})
    if before is not None:
        _end(before, row, subject, now)
    held = RoleHeld(incident=row, role=role, person=person, assumed_at=now, given_by_id=subject.id)
    held.save()
    if role == "commander":
        row.commander = person
        row.acknowledged = row.acknowledged or now
    values = {"role": role, "person": person.get_username()}
    enter(row, "assumed", now, subject, values=values)
    return held


def renounce(subject: Subject, incident: Incident, role: str, *, now: dt.datetime) -> RoleHeld:
    """End a role without another person taking it. Raises Denied, or ValidationError by field
    where nobody has it."""
    with act("incident.renounce", incident, detail={"role": role}):
        row = locked(subject, incident)
        held = row.roles.select_related("person").filter(role=role, renounced_at=None).first()
        if held is None:
            raise ValidationError({"role": _("Nobody has this role.")})
        _end(held, row, subject, now)
        if role == "commander":
            row.commander = None
        row.save()
    return held


def _end(held: RoleHeld, row: Incident, subject: Subject, now: dt.datetime) -> None:
    held.renounced_at = now
    held.save(update_fields=["renounced_at"])
    values = {"role": held.role, "person": held.person.get_username()}
    enter(row, "renounced", now, subject, values=values)


def _going(row: Incident) -> None:
    if row.state == Incident.State.CLOSED:
        raise ValidationError(_("The incident is closed."))

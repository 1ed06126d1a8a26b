"""What the buttons of an incident's page do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject
from guanlan.response.incidents import moving, roles, tasks, timeline
from guanlan.response.incidents.finding import colleague
from guanlan.response.incidents.showing import addresses
from guanlan.response.models import Incident, RoleHeld
from guanlan.response.terms import Severity
from guanlan.web.discussion import find_object

Values = Mapping[str, Any]


def note(row: Incident, subject: Subject, values: Values) -> str:
    """Write in the timeline."""
    timeline.note(subject, row, values["text"], at=values["at"], now=timezone.now())
    return _("It stands in the timeline.")


def stable(row: Incident, subject: Subject, values: Values) -> str:
    """Say that it does no more harm."""
    moving.stabilise(subject, row, at=values["at"], now=timezone.now())
    return _("Incident %(n)s is stable.") % {"n": row.pk}


def task(row: Incident, subject: Subject, values: Values) -> str:
    """Add a task."""
    owner = colleague(values["owner"], subject, "owner") if values["owner"].strip() else None
    tasks.add_task(subject, row, values["title"], values["due"], owner=owner, now=timezone.now())
    return _("The task is added.")


def assume(row: Incident, subject: Subject, values: Values) -> str:
    """Give a role."""
    person = colleague(values["person"], subject)
    held = roles.assume(subject, row, values["role"], person, now=timezone.now())
    said = {"person": person, "role": held.get_role_display()}
    return _("%(person)s is %(role)s now.") % said


def renounce(row: Incident, subject: Subject, values: Values) -> str:
    """End a role."""
    held = roles.renounce(subject, row, values["role"], now=timezone.now())
    return _("Nobody is %(role)s now.") % {"role": RoleHeld.Role(held.role).label}


def plan(row: Incident, subject: Subject, values: Values) -> str:
    """Start a plan."""
    moving.start_plan(subject, row, values["plan"], now=timezone.now())
    return _("The plan runs. Its people have been told.")


def link(row: Incident, subject: Subject, values: Values) -> str:
    """Tie something that the subject sees to it."""
    noun, key = values["noun"], values["key"]
    try:
        if noun not in addresses() or not key.isdecimal():
            raise Http404
        find_object(subject, noun, key)
    except Http404:
        text = _("There is nothing of this kind with this number.")
        raise ValidationError({"key": text}) from None
    moving.link(subject, row, noun, key, now=timezone.now())
    return _("It is tied to this incident.")


def severity(row: Incident, subject: Subject, values: Values) -> str:
    """Make it more or less severe."""
    chosen = Severity[values["severity"]]
    moving.change_severity(subject, row, chosen, values["reason"], now=timezone.now())
    return _("Incident %(n)s has another severity.") % {"n": row.pk}


def close(row: Incident, subject: Subject, values: Values) -> str:
    """Close it."""
    moving.close(subject, row, reason=values["reason"], now=timezone.now())
    return _("Incident %(n)s is closed.") % {"n": row.pk}


def reopen(row: Incident, subject: Subject, values: Values) -> str:
    """Open it again."""
    moving.reopen(subject, row, values["reason"], now=timezone.now())
    return _("Incident %(n)s is active again.") % {"n": row.pk}

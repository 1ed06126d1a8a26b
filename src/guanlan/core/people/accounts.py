"""What one person does to another's account: disables and enables it, ends its sessions."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Denied, Subject, may, require
from guanlan.core.access.assigning import in_force, keep_an_owner, may_give_all
from guanlan.core.access.nouns import OWNER
from guanlan.core.audit import act
from guanlan.core.models import RoleAssignment, User
from guanlan.core.people.sessions import revoke_sessions, switch_off
from guanlan.core.services import answered_for


def may_govern(subject: Subject, person: User) -> bool:
    """Whether `subject` may open and close this account: not their own, and only of somebody
    whose every role they could give. So an administrator has no power over an owner."""
    return (
        subject.id != person.pk
        and may(subject, "manage", "core.user")
        and may_give_all(subject, person)
    )


def require_governing(subject: Subject, person: User) -> None:
    """Raises Denied unless `subject` may open and close this account."""
    require(subject, "manage", "core.user")
    if not may_govern(subject, person):
        raise Denied(f"{subject.name} may not manage this account", "manage", "core.user")


def disable(subject: Subject, person: User) -> int:
    """Disable an account: nobody signs in with it, its sessions end, and the API keys that it
    answers for are refused; how many those are. Its roles stay with it and mean nothing.

    Raises Denied, and ValidationError for the last owner or an account that is disabled.
    """
    require_governing(subject, person)
    with transaction.atomic():
        now = User.objects.select_for_update().get(pk=person.pk)
        if not now.is_active:
            raise ValidationError(_("This account is disabled already."))
        held = RoleAssignment.objects.filter(in_force(timezone.now()), person=person)
        if held.filter(role=OWNER).exists():
            keep_an_owner(leaving=person.pk)
        keys = answered_for().filter(created_by=person).count()
        switch_off(now)
    return keys


def enable(subject: Subject, person: User) -> None:
    """Let an account sign in again, with the roles it has. Raises Denied, ValidationError."""
    require_governing(subject, person)
    with act("user.enable", person):
        if not User.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
            raise ValidationError(_("This account is enabled already."))


def end_sessions_of(subject: Subject, person: User) -> int:
    """End every session of a person; how many. Raises Denied, for oneself too."""
    require(subject, "manage", "core.user")
    if subject.id == person.pk:
        raise Denied(f"{subject.name} ends their own sessions on their own page")
    return revoke_sessions(person)

"""Giving and taking roles and clearances.

Nobody changes their own; nobody gives what they may not give; the last owner stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access.nouns import BREAK_GLASS_FROM, OWNER
from guanlan.core.access.policy import EVERYWHERE, Denied, Subject, require
from guanlan.core.access.table import ALONE, GIVEN_BY, GIVERS, PURPOSES, ROLES
from guanlan.core.audit import act
from guanlan.core.audit.recording import Detail
from guanlan.core.models import Clearance, RoleAssignment, User

OWNERS_CLEARANCE: Final = 4


def may_give(subject: Subject, role: str, scope: str = EVERYWHERE) -> bool:
    """Whether `subject` may give and take this role in this scope, to somebody else."""
    return gives(subject.roles_in(scope), role)


def gives(held: Iterable[str], role: str) -> bool:
    """Whether one of the roles held may give this role."""
    return not GIVEN_BY.get(role, GIVERS).isdisjoint(held)


def may_give_all(subject: Subject, person: User) -> bool:
    """Whether `subject` could give this person every role they have: who could not has no power
    over them, as an administrator has none over an owner."""
    held = RoleAssignment.objects.filter(in_force(timezone.now()), person=person)
    return all(may_give(subject, *one) for one in held.values_list("role", "scope"))


def in_force(now: datetime) -> Q:
    """The condition that an assignment holds at `now`."""
    return Q(since__lte=now) & (Q(until__isnull=True) | Q(until__gt=now))


def give_role(
    subject: Subject,
    person: User,
    role: str,
    *,
    scope: str = EVERYWHERE,
    until: datetime | None = None,
) -> RoleAssignment:
    """Give `person` a role in `scope`, until a time or until it is taken.

    Raises Denied when `subject` may not give it or is the person; ValidationError for a role
    that does not exist, is held already, or does not go with another.
    """
    _another(subject, person)
    require(subject, "add", "core.roleassignment", scope=scope)
    if role not in ROLES:
        raise ValidationError({"role": _("Choose one of the roles listed.")})
    if not may_give(subject, role, scope):
        raise Denied(f"{subject.name} may not give the role {role}", "add", "core.roleassignment")
    if not 1 <= len(scope) <= 64:
        raise ValidationError({"scope": _("Name a product or unit in 1 to 64 characters, or *.")})
    now = timezone.now()
    if until is not None and until <= now:
        raise ValidationError({"until": _("The end must lie in the future.")})
    detail: Detail = {"person": person.pk, "role": role, "scope": scope}
    with act("role.give", person, detail=detail):
        # The lock makes two givers wait for each other, so that both see what the other gave.
        User.objects.select_for_update().get(pk=person.pk)
        held = set(
            RoleAssignment.objects.filter(in_force(now), person=person).values_list("role", "scope")
        )
        if (role, scope) in held:
            raise ValidationError({"role": _("This person has this role there already.")})
        others = {name for name, _scope in held} - {role}
        if others and (role == ALONE or ALONE in others):
            raise ValidationError(
                {"role": _("An auditor has no other role: who changes things cannot audit them.")}
            )
        return RoleAssignment.objects.create(
            person=person, role=role, scope=scope, given_by_id=subject.id, since=now, until=until
        )


def take_role(subject: Subject, assignment: RoleAssignment) -> None:
    """End an assignment now. Raises Denied as `give_role` does, ValidationError for the
    last owner and for a role that has ended."""
    _another(subject, assignment.person)
    require(subject, "delete", "core.roleassignment", scope=assignment.scope)
    if not may_give(subject, assignment.role, assignment.scope):
        raise Denied(
            f"{subject.name} may not take the role {assignment.role}",
            "delete",
            "core.roleassignment",
        )
    now = timezone.now()
    detail: Detail = {
        "role": assignment.role,
        "scope": assignment.scope,
    }
    with act("role.take", assignment.person, detail=detail):
        if assignment.role == OWNER and assignment.scope == EVERYWHERE:
            keep_an_owner(leaving=assignment.person_id)
        # One that has not begun yet is taken as well.
        holding = Q(until__isnull=True) | Q(until__gt=now)
        if not RoleAssignment.objects.filter(holding, pk=assignment.pk).update(until=now):
            raise ValidationError(_("This role has ended already."))


def keep_an_owner(leaving: int) -> None:
    """Raises ValidationError when nobody but the person `leaving` is owner for good.

    Call it within the transaction that takes the role, the account or its activity.
    """
    owners = User.objects.select_for_update().filter(
        is_active=True,
        role_assignments__role=OWNER,
        role_assignments__scope=EVERYWHERE,
        role_assignments__until__isnull=True,
    )
    if not [owner for owner in owners if owner.pk != leaving]:
        raise ValidationError(_("The last owner stays: make somebody else owner first."))


def set_clearance(subject: Subject, person: User, level: int, purposes: Iterable[str]) -> None:
    """Set up to which level, and for which purposes, data may be revealed to `person`.

    Raises Denied when `subject` may not, is the person, has less itself, or could not give the
    person their roles; ValidationError for a level or purpose that does not exist.
    """
    _another(subject, person)
    require(subject, "change", "core.clearance")
    chosen = sorted(set(purposes))
    if not 1 <= level < BREAK_GLASS_FROM:
        raise ValidationError({"level": _("Choose a level from 1 to 4.")})
    if not set(chosen) <= set(PURPOSES):
        raise ValidationError({"purposes": _("Choose among the purposes listed.")})
    with transaction.atomic():
        # What they have is read once nobody else changes it.
        User.objects.select_for_update().get(pk=person.pk)
        before = Clearance.objects.filter(person=person).first()
        had = (before.level, set(before.purposes)) if before else (2, set())
        beyond = set(chosen) - subject.purposes - had[1]
        more = level > max(subject.clearance, had[0]) or bool(beyond)
        if OWNER not in subject.roles and (more or not may_give_all(subject, person)):
            raise Denied(
                f"{subject.name} may not give more clearance than their own",
                "change",
                "core.clearance",
            )
        detail: Detail = {
            "level": level,
            "purposes": chosen,
            "level_before": had[0],
        }
        with act("clearance.set", person, detail=detail):
            Clearance.objects.update_or_create(
                person=person,
                defaults={
                    "level": level,
                    "purposes": chosen,
                    "given_by_id": subject.id,
                    "changed": timezone.now(),
                },
            )


def found_owner(person: User) -> None:
    """Make the first owner of an installation. Raises Denied once there is one."""
    with act("role.found", person, detail={"person": person.pk, "role": OWNER}):
        if RoleAssignment.objects.filter(role=OWNER, scope=EVERYWHERE).exists():
            raise Denied("there is an owner already", "add", "core.roleassignment")
        _make_owner(person)


def owners_by_superuser(**_signal: Any) -> None:
    """After a migration: accounts that Django calls superuser, from before there were roles,
    become owners where nobody is owner yet. From then on the flag means nothing."""
    if RoleAssignment.objects.filter(role=OWNER).exists():
        return
    for person in User.objects.filter(is_superuser=True, is_active=True):
        with act("role.found", person, detail={"person": person.pk, "role": OWNER}):
            _make_owner(person)


def owner_by_creation(instance: User, created: bool, raw: bool = False, **_signal: Any) -> None:
    """The first account, made as superuser by the installation itself, becomes owner."""
    if created and not raw and instance.is_superuser:
        owners_by_superuser()


def _make_owner(person: User) -> None:
    RoleAssignment.objects.create(person=person, role=OWNER)
    Clearance.objects.update_or_create(
        person=person, defaults={"level": OWNERS_CLEARANCE, "purposes": sorted(PURPOSES)}
    )


def _another(subject: Subject, person: User) -> None:
    if subject.id is not None and subject.id == person.pk:
        raise Denied(
            f"{subject.name} may not change their own rights", "change", "core.roleassignment"
        )

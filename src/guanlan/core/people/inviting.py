"""Asking a person to join by e-mail, and joining: once, within three days."""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Denied, Subject, may, require, subject_of
from guanlan.core.access.assigning import gives, in_force, may_give
from guanlan.core.access.policy import EVERYWHERE
from guanlan.core.access.table import GIVEN_BY, GIVERS, ROLES
from guanlan.core.audit import act
from guanlan.core.models import Invitation, RoleAssignment, User
from guanlan.core.sealing import Unreadable

LIFE: Final = timedelta(hours=72)
State = Literal["waiting", "accepted", "expired", "withdrawn"]


class Invited(NamedTuple):
    """An invitation just made; its token exists only here and in the letter."""

    invitation: Invitation
    token: str


def invite(subject: Subject, email: str, role: str) -> Invited:
    """Make an invitation to `role`. Raises Denied for a role that `subject` may not give,
    ValidationError by field. An address that has an account already is answered alike."""
    require(subject, "add", "core.user")
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError:
        raise ValidationError({"email": _("Give an e-mail address.")}) from None
    if role not in ROLES:
        raise ValidationError({"role": _("Choose one of the roles listed.")})
    if not may_give(subject, role):
        raise Denied(f"{subject.name} may not give the role {role}", "add", "core.roleassignment")
    token = secrets.token_urlsafe(32)
    with act("invitation.make", detail={"role": role}) as on:
        made = Invitation.objects.create(
            email=email,
            role=role,
            sha256=_digest(token),
            invited_by_id=subject.id,
            expires=timezone.now() + LIFE,
        )
        on(made)
    return Invited(made, token)


def open_invitation(token: str, now: datetime | None = None) -> Invitation | None:
    """The invitation of a token that can still be accepted."""
    found = Invitation.objects.filter(
        sha256=_digest(token),
        accepted__isnull=True,
        revoked__isnull=True,
        expires__gt=now or timezone.now(),
    ).first()
    # An address that cannot be read makes no account.
    if found is None or isinstance(found.email, Unreadable) or not vouched_for(found):
        return None
    return found


def vouched_for(invitation: Invitation) -> bool:
    """Whether who invited could still do it: what a disabled person, or one whose rights were
    taken, has promised opens nothing. Another person may send the invitation once more."""
    inviter = invitation.invited_by
    if inviter is None:  # made by the installation itself
        return True
    subject = subject_of(inviter)
    return may(subject, "add", "core.user") and may_give(subject, invitation.role)


def accept(token: str, username: str, password: str) -> User:
    """Make the account of an invitation, with its role. Raises ValidationError, by field."""
    found = open_invitation(token)
    if found is None:
        raise ValidationError(_("This invitation has been used, has expired or never was."))
    user = User(username=username.strip(), email=found.email)
    faults: dict[str, list[str]] = {}
    try:
        user.clean_fields(exclude=["password"])
        user.validate_unique()
    except ValidationError as error:
        faults["username"] = list(error.messages)
    try:
        validate_password(password, user)
    except ValidationError as error:
        faults["password"] = list(error.messages)
    if faults:
        raise ValidationError(faults)
    user.set_password(password)
    try:
        return join(user, found)
    except IntegrityError:  # somebody took the name in this very moment
        unique = User._meta.get_field("username").error_messages["unique"]
        raise ValidationError({"username": [unique]}) from None


def join(user: User, found: Invitation) -> User:
    """Save the account of an invitation, with its role. Raises ValidationError when somebody
    else took the invitation."""
    with act("invitation.accept", found, detail={"role": found.role}), transaction.atomic():
        # Of two who accept at once, the second finds nothing to accept.
        taken = Invitation.objects.filter(
            pk=found.pk, accepted__isnull=True, revoked__isnull=True
        ).update(accepted=timezone.now())
        if taken != 1 or not vouched_for(found):
            raise ValidationError(_("This invitation has been used, has expired or never was."))
        user.save()
        Invitation.objects.filter(pk=found.pk).update(account=user)
        RoleAssignment.objects.create(person=user, role=found.role, given_by=found.invited_by)
    return user


def renew_invitation(subject: Subject, invitation: Invitation) -> Invited:
    """Give an invitation that was not accepted another token and three more days; the earlier
    token is void. Raises Denied as `invite` does, ValidationError where it is over for good."""
    require(subject, "add", "core.user")
    role = invitation.role
    if not may_give(subject, role):
        raise Denied(f"{subject.name} may not give the role {role}", "add", "core.roleassignment")
    token = secrets.token_urlsafe(32)
    with act("invitation.renew", invitation, detail={"role": role}):
        open_ones = Invitation.objects.filter(pk=invitation.pk, accepted=None, revoked=None)
        expires = timezone.now() + LIFE
        # Who sends it once more vouches for it from now on.
        if not open_ones.update(sha256=_digest(token), expires=expires, invited_by_id=subject.id):
            raise ValidationError(_("This invitation was accepted or taken back."))
        invitation.refresh_from_db()
    return Invited(invitation, token)


def state_of(invitation: Invitation, now: datetime | None = None) -> State:
    """Where an invitation is at `now`."""
    if invitation.accepted is not None:
        return "accepted"
    if invitation.revoked is not None:
        return "withdrawn"
    return "expired" if invitation.expires <= (now or timezone.now()) else "waiting"


def unvouched(invitations: Iterable[Invitation], now: datetime | None = None) -> set[int]:
    """The open ones among these whose inviter could no longer invite, read together. One who was
    disabled, or has no role any more that gives the role promised."""
    waiting = [
        one
        for one in invitations
        if state_of(one, now) == "waiting" and one.invited_by_id is not None
    ]
    held: defaultdict[int, set[str]] = defaultdict(set)
    assigned = RoleAssignment.objects.filter(
        in_force(now or timezone.now()),
        person__in={one.invited_by_id for one in waiting},
        person__is_active=True,
        scope=EVERYWHERE,
    )
    for person, role in assigned.values_list("person_id", "role"):
        held[person].add(role)
    return {
        one.pk
        for one in waiting
        if one.invited_by_id is not None and not gives(held[one.invited_by_id], one.role)
    }


def in_state(state: str, now: datetime | None = None) -> Q:
    """The condition that an invitation is in this state at `now`; `void` are the open ones that
    `unvouched` finds."""
    at, open_ones = now or timezone.now(), Q(accepted=None, revoked=None)
    waiting = open_ones & Q(expires__gt=at)
    return {
        "accepted": Q(accepted__isnull=False),
        "withdrawn": Q(accepted=None, revoked__isnull=False),
        "expired": open_ones & Q(expires__lte=at),
        "waiting": waiting & _vouched(at),
        "void": waiting & ~_vouched(at),
    }[state]


def _vouched(at: datetime) -> Q:
    """The condition that the inviter still has a role that gives the role promised."""
    held = RoleAssignment.objects.filter(in_force(at), person__is_active=True, scope=EVERYWHERE)
    found = Q(invited_by=None)
    for role, givers in GIVEN_BY.items():
        found |= Q(role=role, invited_by__in=held.filter(role__in=givers).values("person"))
    others = held.filter(role__in=GIVERS).values("person")
    return found | (~Q(role__in=GIVEN_BY) & Q(invited_by__in=others))


def revoke_invitation(subject: Subject, identity: int) -> bool:
    """Take an invitation back; False when there is no such open one. Raises Denied."""
    require(subject, "add", "core.user")
    with transaction.atomic():
        waiting = Invitation.objects.filter(pk=identity, accepted=None, revoked=None)
        if waiting.select_for_update().first() is None:
            return False
        with act("invitation.revoke", ("core.invitation", str(identity))):
            waiting.update(revoked=timezone.now())
    return True


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

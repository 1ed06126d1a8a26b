"""Whom single sign-on lets in: people who were invited or are here, and nobody else.

The first time a person is found by the e-mail address that the provider has verified, and is
linked to the provider's name for them. From then on that name alone counts: an address that
changes there changes nothing here, and an address that goes to somebody else opens nothing.
The provider says who somebody is; what they may do is said here.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Final, Literal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from guanlan.core.access import Subject, require
from guanlan.core.access.assigning import in_force
from guanlan.core.access.nouns import OWNER
from guanlan.core.access.policy import EVERYWHERE
from guanlan.core.audit import act
from guanlan.core.models import Invitation, LinkedIdentity, RoleAssignment, User
from guanlan.core.people.inviting import join, vouched_for
from guanlan.core.people.sessions import revoke_sessions
from guanlan.core.sign_on import Identity

Refusal = Literal["unknown", "unverified", "disabled", "linked", "ambiguous", "another"]
LONGEST_NAME: Final = 100

_ODD: Final = re.compile(r"[^a-z0-9._-]+")


class NotAdmitted(Exception):
    """The provider vouches for somebody who is not let in; `user` is whom it concerns here."""

    def __init__(self, why: Refusal, user: User | None = None) -> None:
        super().__init__(f"not admitted: {why}")
        self.why: Refusal = why
        self.user = user


def admit(identity: Identity) -> User:
    """The account of an identity; linked to it, the first time. Raises NotAdmitted.

    An open invitation to the verified address is accepted: the account is made with the role
    that the inviter gave, and without a password.
    """
    known = _link_of(identity)
    if known is None:
        try:
            with transaction.atomic():
                return _linked(identity)
        except IntegrityError:  # the same person came in by another tab in this very moment
            known = _link_of(identity)
            if known is None:
                raise NotAdmitted("linked") from None
    if not known.user.is_active:
        raise NotAdmitted("disabled", known.user)
    with act("sso.use", known.user):
        LinkedIdentity.objects.filter(pk=known.pk).update(used=timezone.now())
    return known.user


def recognised(identity: Identity, user: User) -> None:
    """Raises NotAdmitted unless the identity is the one linked to `user`."""
    known = _link_of(identity)
    if known is None or known.user_id != user.pk:
        raise NotAdmitted("another", user)


def linked_to(user: User) -> LinkedIdentity | None:
    """The person's account at the provider that is set now."""
    return LinkedIdentity.objects.filter(user=user, issuer=settings.OIDC_ISSUER).first()


def unlink(subject: Subject, user: User, *, keep: str | None = None) -> bool:
    """Forget which account at a provider is the person's, and end their sessions but the one
    with the key `keep`; False when there was none. Whoever signs in next with their verified
    address is linked anew. Raises Denied."""
    require(subject, "delete", "core.linkedidentity")
    with transaction.atomic():
        links = LinkedIdentity.objects.filter(user=user)
        if links.select_for_update().first() is None:
            return False
        with act("sso.unlink", user):
            links.delete()
            revoke_sessions(user, but=keep)
    return True


def may_sign_in_here(user: User, now: datetime | None = None) -> bool:
    """Whether a person may sign in by a password or a passkey kept here. Where single sign-on is
    required only owners may: for the day on which the provider is down."""
    if not settings.OIDC_REQUIRED:
        return True
    held = RoleAssignment.objects.filter(in_force(now or timezone.now()), person=user)
    return held.filter(role=OWNER, scope=EVERYWHERE).exists()


def _link_of(identity: Identity) -> LinkedIdentity | None:
    found = LinkedIdentity.objects.filter(sha256=_digest(identity)).select_related("user")
    return found.first()


def _linked(identity: Identity) -> User:
    if not identity.email or not identity.email_verified:
        raise NotAdmitted("unverified")
    people = [
        user
        for user in User.objects.select_for_update().filter(email__iexact=identity.email)
        if _same(user.email, identity.email)
    ]
    active = [user for user in people if user.is_active]
    if len(active) > 1:
        raise NotAdmitted("ambiguous")
    user = active[0] if active else _joined(identity.email, people[0] if people else None)
    if LinkedIdentity.objects.filter(user=user, issuer=identity.issuer).exists():
        raise NotAdmitted("linked", user)
    with act("sso.link", user):
        LinkedIdentity.objects.create(user=user, issuer=identity.issuer, sha256=_digest(identity))
    return user


def _joined(email: str, disabled: User | None) -> User:
    """The account of the newest open invitation to an address, made without a password.

    Whose account was `disabled` comes in again only by being invited again.
    """
    refused = NotAdmitted("unknown" if disabled is None else "disabled", disabled)
    waiting = Invitation.objects.filter(
        email_index=email, accepted=None, revoked=None, expires__gt=timezone.now()
    )
    found = next(
        (
            one
            for one in waiting.order_by("-created")
            if _same(one.email, email) and vouched_for(one)
        ),
        None,
    )
    if found is None:
        raise refused
    user = User(username=_free_name(found.email), email=found.email)
    user.set_unusable_password()
    try:
        return join(user, found)
    except ValidationError:  # somebody accepted it in this very moment
        raise refused from None


def _free_name(email: str) -> str:
    """A user name after the address's own part, numbered where it is taken."""
    name = _ODD.sub("-", email.partition("@")[0].lower()).strip(".-_")[:LONGEST_NAME] or "person"
    alike = User.objects.filter(username__istartswith=name)
    taken = {one.lower() for one in alike.values_list("username", flat=True)}
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def _same(one: str, other: str) -> bool:
    """Whether two addresses are one. Only ASCII letters are folded: databases also take letters
    for each other that a mail server does not (CVE-2019-19844)."""
    return one.encode().lower() == other.encode().lower()


def _digest(identity: Identity) -> bytes:
    # No issuer holds a line break, so that no two pairs give the same text.
    return hashlib.sha256(f"{identity.issuer}\n{identity.subject}".encode()).digest()

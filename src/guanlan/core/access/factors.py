"""Of whom a second factor is demanded at sign-in: everybody, some roles, or nobody.

The setting `mfa` says which. With `by_role` it is demanded of the roles that `mfa_roles` lists;
without a list, of every role that may change, approve or manage something, or reveal data of
level 3 or above. A right lent for a time counts like a role's. It is a function of the subject,
which every request has: a role given now is judged at the next request, without a query.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from guanlan.core.access.nouns import AUDITOR, MASKED_FROM, OWNER, TABLE, Verb
from guanlan.core.access.policy import Grant, Subject
from guanlan.core.access.table import ROLES

DEMANDING: Final[frozenset[Verb]] = frozenset({"change", "approve", "manage", "reveal"})


def factor_demanded(subject: Subject) -> bool:
    """Whether this person may go on only with a second factor."""
    if settings.MFA != "by_role":
        return bool(settings.MFA == "required")
    if not subject.roles.isdisjoint(demanding_roles()):
        return True
    return any(_demanding(grant) for grant in subject.grants)


def demanding_roles() -> frozenset[str]:
    """The roles of which `by_role` demands a second factor.

    Raises ImproperlyConfigured for a role in `mfa_roles` that does not exist.
    """
    return _listed(tuple(settings.MFA_ROLES)) if settings.MFA_ROLES else _derived()


@cache
def _listed(names: tuple[str, ...]) -> frozenset[str]:
    for name in names:
        if name not in ROLES:
            raise ImproperlyConfigured(
                f"GUANLAN_MFA_ROLES: {name} is no role; expected some of {', '.join(ROLES)}"
            )
    return frozenset(names)


@cache
def _derived() -> frozenset[str]:
    everybody = frozenset(ROLES) - {AUDITOR}
    powerful = [
        roles
        for (_noun, verb), roles in TABLE.low.items()
        # What every role may do concerns one's own things, such as views one keeps.
        if verb in DEMANDING and not roles >= everybody
    ]
    return (frozenset().union(*powerful) & everybody) | {OWNER}


def _demanding(grant: Grant) -> bool:
    return grant.verb in DEMANDING or grant.level >= MASKED_FROM

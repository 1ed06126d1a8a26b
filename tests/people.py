"""People for tests: each with one role, and the clearance that goes with the test."""

from __future__ import annotations

import time
from collections.abc import Iterable

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from guanlan.core.access.table import PURPOSES
from guanlan.core.models import Clearance, RoleAssignment, User


def person(
    role: str | None = "owner",
    username: str = "",
    *,
    scope: str = "*",
    clearance: int = 2,
    purposes: Iterable[str] = (),
    password: str | None = None,
) -> User:
    """A person with `role` (None: without any), named after it unless `username` says otherwise.

    An owner gets what the first owner of an installation gets: level 4 for every purpose.
    """
    name = username or role or "nobody"
    if password is None:
        user = User.objects.create(username=name)  # no password, no slow hashing
    else:
        user = User.objects.create_user(name, password=password)
    if role is not None:
        RoleAssignment.objects.create(person=user, role=role, scope=scope)
    level, named = (4, list(PURPOSES)) if role == "owner" else (clearance, list(purposes))
    if level != 2 or named:
        Clearance.objects.create(person=user, level=level, purposes=named)
    return user


def confirm(client: Client, ago: float = 0.0) -> None:
    """Have the client's person prove who they are, `ago` seconds ago."""
    session = client.session
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time() - ago, "reauthenticated": True}
    ]
    session.save()


def app_code(secret: str, step: int = 0) -> str:
    """What an authenticator app shows now, or `step` times thirty seconds later; not asked in
    the last moments of a code's life."""
    late = time.time() % 30 - 26
    if late > 0:
        time.sleep(4 - late)
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step)))

"""People for tests: each with one role, and the clearance that goes with the test."""

from __future__ import annotations

import time
from collections.abc import Iterable

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
